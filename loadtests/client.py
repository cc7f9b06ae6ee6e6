"""A channel's client that costs little: it shares the cores with the system that it loads.

One connection each, keep-alive, msgpack. Whatever is unanswered, `overloaded` or unknown is sent again under the same
request id, which is always safe.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from core.commands import Command, Repay

AS_JSON: Final = "Content-Type: application/json\r\n"
AS_MSGPACK: Final = "Content-Type: application/msgpack\r\n"
ANSWER_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 120.0
"""How long one request is sent again before the client gives up."""
PAUSE_SECONDS: Final = 0.05
PAUSE_SECONDS_MAX: Final = 1.0
TRY_AGAIN: Final = frozenset({429, 503, 504})
TRY_AGAIN_CODES: Final = frozenset({"overloaded", "unavailable", "outcome_unknown"})


class CallFailed(Exception):
    """The server refused the whole call, or gave no answer for too long."""


class Order(Struct, frozen=True, gc=False):
    """A command under the request id that names it for good."""

    request_id: str
    command: Command


class Answer(Struct, frozen=True, gc=False):
    """What a client needs of a reply."""

    status: str
    code: str = ""
    detail: str = ""
    state: str = ""
    """Of an application that was decided."""
    reasons: tuple[str, ...] = ()
    digest: str = ""
    """Of a contract that was offered."""
    loan: int | None = None

    def try_again(self) -> bool:
        """Return whether the same request has to be sent again."""
        return self.code in TRY_AGAIN_CODES


class Sent(Struct, frozen=True):
    """A batch with its answers; times in seconds."""

    orders: Sequence[Order]
    answers: Sequence[Answer]
    began: float
    ended: float


class Batch(Struct, frozen=True):
    """Orders, encoded ahead so that encoding is no part of what is measured."""

    orders: Sequence[Order]
    body: bytes


class _Orders(Struct, frozen=True):
    commands: Sequence[Order]


class _Answers(Struct, frozen=True):
    replies: list[Answer]


_encode: Final = msgspec.msgpack.Encoder().encode
_answers: Final = msgspec.msgpack.Decoder(_Answers)


def batch(orders: Sequence[Order]) -> Batch:
    """Return the orders as one body."""
    return Batch(orders, _encode(_Orders(orders)))


def answers(body: bytes) -> list[Answer]:
    """Return the answers to a batch, in its order."""
    return _answers.decode(body).replies


class Client:
    """One connection, with patience."""

    def __init__(self, base_url: str, channel: str, headers: str = "") -> None:
        """Call as a channel; `headers` go with every call, each ended by CRLF."""
        address = urlsplit(base_url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._channel = channel
        self._headers = headers
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.resent = 0
        """Orders that were sent again."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()

    async def call(
        self, method: str, path: str, body: bytes = b"", headers: str = AS_JSON, answer_seconds: float = ANSWER_SECONDS
    ) -> bytes:
        """Return the body of a 2xx answer; raises CallFailed on a refusal or when patience ends."""
        deadline = time.monotonic() + max(PATIENCE_SECONDS, answer_seconds)
        pause = PAUSE_SECONDS
        while True:
            try:
                async with asyncio.timeout(answer_seconds):
                    status, answer = await self._exchange(method, path, body, headers)
                if status // 100 == 2:
                    return answer
                if status not in TRY_AGAIN:
                    raise CallFailed(f"{method} {path}: {status} {answer[:300]!r}")
            except (OSError, EOFError, TimeoutError) as error:
                self.hang_up()
                status, answer = 0, repr(error).encode()
            if time.monotonic() > deadline:
                raise CallFailed(f"{method} {path}: still {status} {answer[:300]!r}")
            self.resent += 1
            pause = await _wait(pause)

    async def send(self, wanted: Batch) -> Sent:
        """Return one answer for each order; those to be sent again are, until they have a final answer."""
        began, deadline = time.perf_counter(), time.monotonic() + PATIENCE_SECONDS
        final = await self._post(wanted.body)
        pause = PAUSE_SECONDS
        while again := [place for place, answer in enumerate(final) if answer.try_again()]:
            if time.monotonic() > deadline:
                raise CallFailed(f"{len(again)} commands: still {final[again[0]].code}")
            self.resent += len(again)
            pause = await _wait(pause)
            later = await self._post(batch([wanted.orders[place] for place in again]).body)
            for place, answer in zip(again, later, strict=True):
                final[place] = answer
        return Sent(wanted.orders, final, began, time.perf_counter())

    async def repay(self, request_id: str, repayment: Repay) -> None:
        """Send one repayment on its own; raises CallFailed if it is refused."""
        headers = f"{AS_MSGPACK}Idempotency-Key: {request_id}\r\n"
        await self.call("POST", "/v1/repay", _encode(repayment), headers)

    async def _post(self, body: bytes) -> list[Answer]:
        return answers(await self.call("POST", "/v1/batch", body, AS_MSGPACK))

    async def _exchange(self, method: str, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nTenor-Channel: {self._channel}\r\n"
            f"{self._headers}{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        answer = await reader.readexactly(length)
        if b"connection: close" in lines:
            self.hang_up()
        return int(lines[0].split()[1]), answer

    def hang_up(self) -> None:
        """Close the connection; the next call opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def send_all(
    base_url: str, channel: str, batches: Iterable[Batch], connections: int, headers: str = ""
) -> tuple[list[Sent], int]:
    """Send batches over some connections, each taking the next when it is free; return answers and orders resent."""
    waiting = iter(batches)
    sent: list[Sent] = []

    async def work(client: Client) -> int:
        async with client:
            sent.extend([await client.send(each) for each in waiting])
        return client.resent

    async with asyncio.TaskGroup() as group:
        works = [group.create_task(work(Client(base_url, channel, headers))) for _ in range(connections)]
    return sent, sum(each.result() for each in works)


async def _wait(pause: float) -> float:
    """Wait around this long; return how long to wait the next time."""
    await asyncio.sleep(pause * random.uniform(0.5, 1.5))
    return min(2 * pause, PAUSE_SECONDS_MAX)
