"""The way to the shards: what travels together, what waits, what is refused at once, and who hears what."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

import pytest
from msgspec import Raw

from actors import router as router_module
from actors.messages import Done, Envelope, Refused, Reply, encoder, envelopes_decoder, reply_decoder
from actors.protocols import ShardUnavailable
from actors.router import BACKOFF_SECONDS, DEADLINE_SECONDS, WINDOW, Router
from core.commands import TakeDeposit
from core.rejections import Code
from tests.simulation.loop import VirtualClock, run


class TestedTransport:
    """Answers each command with its account, when it is open."""

    __test__ = False

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.calls: list[tuple[int, list[Envelope]]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.failures = 0
        self.reads = 0

    async def execute(self, shard: int, blob: bytes) -> bytes:
        envelopes = envelopes_decoder.decode(blob)
        self.calls.append((shard, envelopes))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await self.open.wait()
        self.in_flight -= 1
        self._fail()
        return encoder.encode([encoder.encode(Done(envelope.account, 1)) for envelope in envelopes])

    async def read(self, shard: int, blob: bytes) -> bytes:
        self.reads += 1
        self._fail()
        return b"\x01%d" % shard

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ShardUnavailable


def with_router(test: Callable[[Router, TestedTransport], Awaitable[None]], shards: int = 1) -> None:
    """Run a test with a router of its own."""

    async def main() -> None:
        transport = TestedTransport()
        await test(Router(transport, shards, VirtualClock()), transport)

    run(main())


def envelope(account: int) -> Envelope:
    command = encoder.encode(TakeDeposit(account=account, amount=1))
    return Envelope(blake2b(command, digest_size=16).digest(), account, Raw(command))


async def submit(router: Router, *accounts: int) -> list[Reply]:
    replies = await router.submit([envelope(account) for account in accounts])
    return [reply_decoder.decode(reply) for reply in replies]


def start(router: Router, *accounts: int) -> "asyncio.Task[list[Reply]]":
    return asyncio.create_task(submit(router, *accounts))


def codes(replies: list[Reply]) -> list[Code]:
    return [reply.code for reply in replies if isinstance(reply, Refused)]


def test_replies_come_in_the_order_of_the_commands_whatever_shard_they_are_from() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        accounts = list(range(1, 40))
        assert await submit(router, *accounts) == [Done(account, 1) for account in accounts]
        assert {shard for shard, _ in transport.calls} == {0, 1, 2}
        for shard, envelopes in transport.calls:
            assert all(router.shard_of(each.account) == shard for each in envelopes)

    with_router(test, shards=3)


def test_what_waits_for_a_shard_leaves_together_when_a_call_returns() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.open.clear()
        asked = [start(router, account) for account in range(1, 11)]
        await asyncio.sleep(1)
        assert [len(envelopes) for _, envelopes in transport.calls] == [1] * WINDOW
        transport.open.set()
        assert await asyncio.gather(*asked) == [[Done(account, 1)] for account in range(1, 11)]
        assert [len(envelopes) for _, envelopes in transport.calls] == [1] * WINDOW + [10 - WINDOW]
        assert transport.most_in_flight == WINDOW

    with_router(test)


@pytest.mark.parametrize(("bound", "value"), [("BLOB_COMMANDS", 4), ("BLOB_BYTES", 400)])
def test_a_call_is_bounded_and_a_callers_batch_is_never_cut(
    bound: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.open.clear()
        asked = [start(router, *range(1, count + 1)) for count in (1, 1, 1, 2, 2, 2, 9)]
        await asyncio.sleep(1)
        transport.open.set()
        await asyncio.gather(*asked)
        assert [len(envelopes) for _, envelopes in transport.calls] == [1, 1, 1, 4, 2, 9]

    monkeypatch.setattr(router_module, bound, value)
    with_router(test)


def test_too_many_commands_are_refused_at_once_and_the_rest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.open.clear()
        waits = start(router, 1, 2, 3)
        await asyncio.sleep(0)
        assert codes(await submit(router, 4, 5)) == [Code.OVERLOADED] * 2
        transport.open.set()
        assert await waits == [Done(1, 1), Done(2, 1), Done(3, 1)]
        assert await submit(router, 4, 5) == [Done(4, 1), Done(5, 1)]

    monkeypatch.setattr(router_module, "WAITING_MAX", 4)
    with_router(test)


def test_the_same_commands_are_sent_again_when_a_shard_gives_no_answer() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.failures = 2
        assert await submit(router, 1) == [Done(1, 1)]
        assert transport.calls == [transport.calls[0]] * 3

    with_router(test)


def test_after_the_deadline_the_outcome_is_unknown() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.failures = 10_000
        began = VirtualClock().monotonic()
        assert codes(await submit(router, 1, 2)) == [Code.OUTCOME_UNKNOWN] * 2
        assert DEADLINE_SECONDS <= VirtualClock().monotonic() - began < DEADLINE_SECONDS + max(BACKOFF_SECONDS)
        transport.failures = 0
        assert await submit(router, 1) == [Done(1, 1)]

    with_router(test)


def test_a_caller_who_left_takes_nobody_along() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.open.clear()
        asked = [start(router, account) for account in range(1, 7)]
        await asyncio.sleep(1)
        asked[4].cancel()
        transport.open.set()
        replies = await asyncio.gather(*asked, return_exceptions=True)
        assert [reply for reply in replies if isinstance(reply, list)] == [[Done(each, 1)] for each in (1, 2, 3, 4, 6)]

    with_router(test)


def test_reads_are_tried_again_and_then_given_up() -> None:
    async def test(router: Router, transport: TestedTransport) -> None:
        transport.failures = 2
        assert await router.read(1, b"") == b"\x010"
        assert transport.reads == 3
        transport.failures = 10_000
        with pytest.raises(ShardUnavailable):
            await router.read(1, b"")
        assert transport.reads == 3 + len(BACKOFF_SECONDS) + 1

    with_router(test)
