"""The gateway on a real socket, with a real shard behind it whose journal is in memory."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import httpx
import msgspec
import pytest

from actors.clock import MonotonicClock
from actors.messages import Envelope
from actors.router import Router
from actors.shard import Shard
from adapters.http import server
from adapters.http.problems import BODY_MAX
from adapters.http.server import listen, serve
from adapters.memory_journal import Disk, MemoryJournal
from tests.unit.http_backend import CannedBackend

DAY = date(2026, 1, 31)
TERMS = {"principal": 500_000, "rate": {"ppb": 500_000, "per": "day"}, "installments": 6}


class LocalTransport:
    """Carries batches to the shard in this process; a test may hold them up."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.opened = asyncio.Event()
        self.opened.set()
        self.held_up = asyncio.Event()

    async def execute(self, shard: int, blob: bytes) -> bytes:
        if not self.opened.is_set():
            self.held_up.set()
        await self.opened.wait()
        return await self.shard.execute(blob)

    async def read(self, shard: int, blob: bytes) -> bytes:
        return await self.shard.read(blob)


class OneShard(CannedBackend):
    """A backend of one shard; what surrounds applications is canned."""

    def __init__(self) -> None:
        super().__init__()
        disk = Disk(DAY)
        disk.assign(1)
        self.shard = Shard(0, MemoryJournal(disk), MonotonicClock())
        self.transport = LocalTransport(self.shard)
        self.router = Router(self.transport, 1, MonotonicClock())

    async def submit(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        return await self.router.submit(envelopes)

    async def read(self, account: int, query: bytes) -> bytes:
        return await self.router.read(account, query)

    async def ready(self) -> bool:
        return True

    async def business_date(self) -> date:
        return self.shard.on


class Running:
    """A gateway that serves, and a client connected to it."""

    def __init__(self, backend: OneShard, client: httpx.AsyncClient, port: int, stop: asyncio.Event) -> None:
        self.backend, self.client, self.port, self.stop = backend, client, port, stop
        self._requests = 0

    async def send(self, command: str, request_id: str = "", **body: Any) -> httpx.Response:
        """Send a command, under a request id of its own if none is given."""
        self._requests += 1
        headers = {"Idempotency-Key": request_id or f"own-{self._requests}"}
        return await self.client.post(f"/v1/{command}", json={"account": 5} | body, headers=headers)

    async def lend(self) -> int:
        """Open account 5 and disburse a loan; return its id."""
        assert (await self.send("open-account", currency="USD", credit_limit=1_000_000)).status_code == 200
        loan: int = (await self.send("book-loan", terms=TERMS)).json()["loan"]
        assert (await self.send("disburse", loan=loan)).status_code == 200
        return loan


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Running]:
    """Run a shard and a gateway before it; stop both afterwards."""
    backend, stop = OneShard(), asyncio.Event()
    await backend.shard.start()
    writing = asyncio.create_task(backend.shard.run())
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    serving = asyncio.create_task(serve(backend, listener, stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await until_it_answers(client)
        yield Running(backend, client, port, stop)
    stop.set()
    await serving
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing


async def until_it_answers(client: httpx.AsyncClient) -> None:
    """Wait for the server to listen."""
    for _ in range(100):
        try:
            assert (await client.get("/health/live")).status_code == 200
        except httpx.ConnectError:
            await asyncio.sleep(0.02)
        else:
            return
    raise AssertionError("the gateway does not answer")


async def until_it_listens_no_more(port: int) -> None:
    """Wait until new connections are refused."""
    for _ in range(100):
        with socket.socket() as late:
            if late.connect_ex(("127.0.0.1", port)) != 0:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("the gateway still listens")


def played(scenario: Callable[[Running], Awaitable[None]]) -> None:
    """Play a scenario on a fresh gateway and shard."""

    async def play() -> None:
        async with running() as system:
            await scenario(system)

    asyncio.run(play())


def test_a_loan_from_opening_to_payoff() -> None:
    async def scenario(system: Running) -> None:
        loan = await system.lend()
        view = (await system.client.get(f"/v1/loans/{loan}")).json()
        assert (view["status"], view["principal"]) == ("active", 500_000)
        schedule = (await system.client.get(f"/v1/loans/{loan}/schedule")).json()
        assert [row["total"] for row in schedule["rows"]] == [87_763] * 5 + [87_761]
        quote = (await system.client.get(f"/v1/loans/{loan}/quote")).json()
        paid = (await system.send("pay-off", loan=loan, amount=quote["to_pay"])).json()
        assert (paid["status"], paid["principal"]) == ("received", 500_000)
        account = (await system.client.get("/v1/accounts/5")).json()
        assert (account["available"], account["unapplied"]) == (1_000_000, 0)
        page = (await system.client.get("/v1/accounts/5/transactions?limit=2")).json()
        assert [row["type"] for row in page["transactions"]] == ["AccountOpened", "LoanBooked"]
        assert page["next"] == 2

    played(scenario)


def test_the_same_request_again_gets_the_same_reply_and_changes_nothing() -> None:
    async def scenario(system: Running) -> None:
        await system.lend()
        first = await system.send("repay", request_id="peak-1", amount=1_000)
        again = await system.send("repay", request_id='"peak-1"', amount=1_000)
        assert first.status_code == 200
        assert again.content == first.content
        assert (await system.client.get("/v1/accounts/5")).json()["unapplied"] == 1_000
        reused = await system.send("repay", request_id="peak-1", amount=2_000)
        assert (reused.status_code, reused.json()["code"]) == (422, "request_id_reused")

    played(scenario)


def test_refusals_reach_the_client_with_their_status() -> None:
    async def scenario(system: Running) -> None:
        unknown = await system.send("repay", amount=1)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "account_unknown")
        assert (await system.client.get("/v1/accounts/5")).status_code == 404
        await system.lend()
        exists = await system.send("open-account", currency="USD", credit_limit=0)
        assert (exists.status_code, exists.json()["code"]) == (409, "account_exists")
        too_much = await system.send("book-loan", terms=TERMS | {"principal": 500_001})
        assert (too_much.status_code, too_much.json()["code"]) == (422, "limit_exceeded")
        assert (await system.client.get("/v1/loans/50002")).status_code == 404

    played(scenario)


def test_a_batch_mixes_done_refused_malformed_and_repeated() -> None:
    async def scenario(system: Running) -> None:
        await system.lend()
        good = {"request_id": "b-1", "command": {"type": "repay", "account": 5, "amount": 1_000}}
        bad = {"request_id": "b-2", "command": {"type": "repay", "account": 5, "amount": 10.5}}
        refused = {"request_id": "b-3", "command": {"type": "repay", "account": 6, "amount": 1_000}}
        body = msgspec.msgpack.encode({"commands": [good, bad, refused, good]})
        headers = {"Content-Type": "application/msgpack"}
        response = await system.client.post("/v1/batch", content=body, headers=headers)
        replies = msgspec.msgpack.decode(response.content)["replies"]
        assert [reply.get("code") for reply in replies] == [None, "malformed", "account_unknown", None]
        assert replies[0] == replies[3]
        assert (await system.client.get("/v1/accounts/5")).json()["unapplied"] == 1_000

    played(scenario)


def test_too_many_bytes_are_refused_announced_or_not() -> None:
    async def scenario(system: Running) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(BODY_MAX // 65_536 + 1):
                yield b" " * 65_536

        json = {"Content-Type": "application/json"}
        announced = await system.client.post("/v1/batch", content=b" " * (BODY_MAX + 1), headers=json)
        streamed = await system.client.post("/v1/batch", content=chunks(), headers=json)
        for response in (announced, streamed):
            assert (response.status_code, response.json()["code"]) == (413, "batch_too_large")
        assert (await system.client.get("/health/live")).status_code == 200

    played(scenario)


def test_bytes_that_are_no_http_do_not_hurt() -> None:
    async def scenario(system: Running) -> None:
        for junk in (b"\x00\xff\x16\x03\x01junk\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", system.port)
            writer.write(junk)
            assert b"400" in await reader.readline()
            writer.close()
        # A client that hangs up in the middle of its body.
        with socket.create_connection(("127.0.0.1", system.port)) as cut:
            cut.sendall(
                b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            )
        assert (await system.client.get("/health/live")).status_code == 200

    played(scenario)


def test_gateways_share_one_port() -> None:
    async def scenario(system: Running) -> None:
        await system.lend()
        stop = asyncio.Event()
        other = asyncio.create_task(serve(system.backend, listen("127.0.0.1", system.port), stop))
        await asyncio.sleep(0.1)
        for number in range(20):
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{system.port}") as client:
                headers = {"Idempotency-Key": f"shared-{number}"}
                body = {"account": 5, "amount": 1}
                assert (await client.post("/v1/repay", json=body, headers=headers)).status_code == 200
        assert (await system.client.get("/v1/accounts/5")).json()["unapplied"] == 20
        stop.set()
        await other

    played(scenario)


def test_a_gateway_that_stops_finishes_what_it_began() -> None:
    async def scenario(system: Running) -> None:
        await system.lend()
        system.backend.transport.opened.clear()
        waiting = asyncio.create_task(system.send("repay", amount=1_000))
        await system.backend.transport.held_up.wait()
        system.stop.set()
        await until_it_listens_no_more(system.port)
        assert not waiting.done()
        system.backend.transport.opened.set()
        assert (await waiting).json()["status"] == "received"

    played(scenario)


def test_a_gateway_that_stops_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SHUTDOWN_S", 1)

    async def scenario(system: Running) -> None:
        await system.lend()
        system.backend.transport.opened.clear()
        waiting = asyncio.create_task(system.send("repay", amount=1_000))
        await system.backend.transport.held_up.wait()
        system.stop.set()
        # A client that lost patience is an error: it is the gateway that has to end this.
        with contextlib.suppress(httpx.NetworkError, httpx.RemoteProtocolError):
            assert (await waiting).status_code >= 500

    played(scenario)
