"""The load tests' client and figures: nothing acknowledged is forgotten, whatever is unclear is sent again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

import msgspec
import pytest

from loadtests import client as client_module
from loadtests import demo, peak
from loadtests.book import Unexpected, carry_out
from loadtests.client import CallFailed, Client, batch, send_all
from loadtests.lendingclub import COMPARED_ON

Reply = Callable[[int, list[str]], tuple[int, list[dict[str, str]]] | None]
"""From the number of the call and its request ids: status and replies, or None to hang up."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAUSE_SECONDS", 0.001)


@asynccontextmanager
async def serving(reply: Reply) -> AsyncIterator[str]:
    """Serve batches on a free port; lends the base URL."""
    calls = 0
    channels: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        channels.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = msgspec.msgpack.decode(await reader.readexactly(length))
                calls += 1
                answered = reply(calls, [each["request_id"] for each in body["commands"]])
                if answered is None:
                    break
                encoded = msgspec.msgpack.encode({"replies": answered[1]})
                writer.write(f"HTTP/1.1 {answered[0]} X\r\nContent-Length: {len(encoded)}\r\n\r\n".encode() + encoded)
        except asyncio.IncompleteReadError:
            pass
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*(channel for channel in channels if channel))


def against(reply: Reply, use: Callable[[str], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(reply) as url:
            await use(url)

    asyncio.run(run())


def test_only_what_is_unclear_is_sent_again_and_under_the_same_request_id() -> None:
    seen: list[list[str]] = []

    def reply(call: int, ids: list[str]) -> tuple[int, list[dict[str, str]]]:
        seen.append(ids)
        if call > 1:
            return 200, [{"status": "received"}] * len(ids)
        unclear = ["overloaded", "outcome_unknown", "unavailable"]
        return 200, [{"status": "received"}, *({"status": "refused", "code": code} for code in unclear)]

    async def use(url: str) -> None:
        sent, resent = await send_all(url, "c", [batch(peak.repayments([(n, 5) for n in (1, 2, 3, 4)]))], 1)
        assert resent == 3
        assert [answer.status for answer in sent[0].answers] == ["received"] * 4
        assert seen == [["repay-0", "repay-1", "repay-2", "repay-3"], ["repay-1", "repay-2", "repay-3"]]

    against(reply, use)


def test_lost_connections_and_busy_statuses_are_tried_again() -> None:
    def reply(call: int, ids: list[str]) -> tuple[int, list[dict[str, str]]] | None:
        if call == 1:
            return None
        return (503, []) if call == 2 else (200, [{"status": "received"}] * len(ids))

    async def use(url: str) -> None:
        outcome = await peak.run(url, peak.repayments([(1, 70), (2, 30)]), 2, connections=1)
        assert [(each.account, each.amount) for each in outcome.acknowledged] == [(1, 70), (2, 30)]
        assert (outcome.peak.sent, outcome.peak.acknowledged, outcome.peak.refused) == (2, 2, 0)
        drawn = sum(point.per_s for point in outcome.peak.throughput) * outcome.peak.seconds / peak.INTERVALS
        assert drawn == pytest.approx(2, rel=0.05)

    against(reply, use)


def test_a_refused_call_is_an_error() -> None:
    async def use(url: str) -> None:
        async with Client(url, "c") as client:
            with pytest.raises(CallFailed, match="413"):
                await client.send(batch(peak.repayments([(1, 1)])))

    against(lambda *_: (413, []), use)


def test_onboarding_stops_at_a_refusal() -> None:
    async def use(url: str) -> None:
        with pytest.raises(Unexpected, match="repay-0: account_unknown"):
            await carry_out(url, [peak.repayments([(1, 1)])], 1, lambda *_: None, "test")

    against(lambda *_: (200, [{"status": "refused", "code": "account_unknown"}]), use)


def test_latency_percentiles_are_in_milliseconds() -> None:
    found = peak.latency([n / 1000 for n in range(1, 101)])
    assert (found.p50, found.p99, found.highest) == (51, 100, 100)
    assert peak.latency([]).p99 == 0


def test_demo_repayments_are_as_many_as_asked_and_leave_a_few_loans_unpaid() -> None:
    owing = [(account, 1_001, COMPARED_ON) for account in range(1, 99_801)]
    late = [(99_900, 500, date(2018, 6, 1))]
    amounts = demo._amounts(owing + late)
    paid: dict[int, int] = {}
    for account, amount in amounts:
        paid[account] = paid.get(account, 0) + amount
    assert len(amounts) == demo.REPAYMENTS
    assert 99_900 not in paid
    settled = sum(1 for amount in paid.values() if amount == 1_001)
    assert 0.965 < settled / len(owing) < 0.975
    assert max(paid.values()) == 1_001
