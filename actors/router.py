"""Carry commands to their shards in batches: what waits for a shard leaves together when a call returns. No timer."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec.msgpack import Encoder

from actors.messages import Envelope, Refused, replies_decoder
from actors.protocols import Clock, ShardUnavailable, Transport
from core.identity import slot_of
from core.rejections import Code

WINDOW: Final = 3
"""Calls in flight to one shard."""
BLOB_COMMANDS: Final = 500
"""Commands up to which the batches of several callers share a call."""
BLOB_BYTES: Final = 90_000
"""The same in bytes: below Ray's 100 KB limit for values that travel inline."""
WAITING_MAX: Final = 10_000
"""Commands that may wait for one shard in this gateway; past it they are refused at once."""
DEADLINE_SECONDS: Final = 20.0
BACKOFF_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8)

_encoder = Encoder()
_OVERLOADED: Final = _encoder.encode(Refused(Code.OVERLOADED, "too many commands wait; send the same request later"))
_UNKNOWN: Final = _encoder.encode(
    Refused(Code.OUTCOME_UNKNOWN, "no answer in time, it may have been done; send the same request again")
)


class Parcel:
    """Envelopes of one caller for one shard, with the caller's future."""

    __slots__ = ("bytes", "done", "envelopes")

    def __init__(self, envelopes: list[Envelope], done: asyncio.Future[list[bytes]]) -> None:
        self.envelopes = envelopes
        self.bytes = sum(len(bytes(envelope.command)) for envelope in envelopes) + 40 * len(envelopes)
        self.done = done


class Lane:
    """The way to one shard: a bounded queue and a bounded window of calls."""

    def __init__(self, shard: int, transport: Transport, clock: Clock) -> None:
        self._shard = shard
        self._transport = transport
        self._clock = clock
        self._queue: deque[Parcel] = deque()
        self._waiting = 0
        self._calls: set[asyncio.Task[None]] = set()

    def send(self, envelopes: list[Envelope]) -> "asyncio.Future[list[bytes]]":
        """Queue commands; the future gives their encoded replies. Refused at once when too many wait."""
        done: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
        if self._waiting + len(envelopes) > WAITING_MAX:
            done.set_result([_OVERLOADED] * len(envelopes))
            return done
        self._waiting += len(envelopes)
        self._queue.append(Parcel(envelopes, done))
        self._pump()
        return done

    def _pump(self) -> None:
        while self._queue and len(self._calls) < WINDOW:
            call = asyncio.create_task(self._call(self._coalesce()))
            self._calls.add(call)
            call.add_done_callback(self._called)

    def _called(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._pump()

    def _coalesce(self) -> list[Parcel]:
        parcels = [self._queue.popleft()]
        commands, size = len(parcels[0].envelopes), parcels[0].bytes
        while self._queue:
            following = self._queue[0]
            commands += len(following.envelopes)
            size += following.bytes
            if commands > BLOB_COMMANDS or size > BLOB_BYTES:
                break
            parcels.append(self._queue.popleft())
        return parcels

    async def _call(self, parcels: list[Parcel]) -> None:
        envelopes = [envelope for parcel in parcels for envelope in parcel.envelopes]
        try:
            replies = await self._deliver(envelopes)
        finally:
            self._waiting -= len(envelopes)
        start = 0
        for parcel in parcels:
            end = start + len(parcel.envelopes)
            if not parcel.done.done():
                parcel.done.set_result(replies[start:end])
            start = end

    async def _deliver(self, envelopes: list[Envelope]) -> list[bytes]:
        blob = _encoder.encode(envelopes)
        deadline = self._clock.monotonic() + DEADLINE_SECONDS
        attempt = 0
        while self._clock.monotonic() < deadline:
            try:
                return replies_decoder.decode(await self._transport.execute(self._shard, blob))
            except ShardUnavailable:
                # The same requests again: those that were done are answered from the record.
                await self._clock.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
                attempt += 1
        return [_UNKNOWN] * len(envelopes)


class Router:
    """Knows which shard owns an account and keeps a lane to each."""

    def __init__(self, transport: Transport, shards: int, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._shards = shards
        self._clock = clock
        self._lanes = [Lane(shard, transport, clock) for shard in range(shards)]

    def shard_of(self, account: int) -> int:
        """Return the shard that owns an account."""
        return slot_of(account) % self._shards

    async def submit(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        """Return the encoded replies in order. Overload and missing answers are refusals too; nothing is raised."""
        groups: list[list[Envelope]] = [[] for _ in self._lanes]
        places: list[list[int]] = [[] for _ in self._lanes]
        for place, envelope in enumerate(envelopes):
            shard = slot_of(envelope.account) % self._shards
            groups[shard].append(envelope)
            places[shard].append(place)
        # What one caller sends to one shard is never cut in two: an account's commands keep their order.
        sent = [(lane.send(group), at) for lane, group, at in zip(self._lanes, groups, places, strict=True) if group]
        replies = [b""] * len(envelopes)
        for future, where in sent:
            for place, reply in zip(where, await future, strict=True):
                replies[place] = reply
        return replies

    async def read(self, account: int, query: bytes) -> bytes:
        """Return the owner's answer to a query about an account; raise ShardUnavailable after a few tries."""
        for pause in BACKOFF_SECONDS:
            try:
                return await self._transport.read(self.shard_of(account), query)
            except ShardUnavailable:
                await self._clock.sleep(pause)
        return await self._transport.read(self.shard_of(account), query)
