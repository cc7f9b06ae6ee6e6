"""Events into Redis Streams: sixteen of them, an account's events always in the same one."""

from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from actors.outlet import Committed, SinkUnavailable
from adapters.cloud_events import cloud_event
from core.identity import slot_of

STREAMS: Final = tuple(f"tenor:events:{n}" for n in range(16))
FIELD: Final = "event"
"""The one field of each entry: the CloudEvent as JSON."""
STREAM_LENGTH_MAX: Final = 20_000
"""About this many entries stay in each stream; the journal keeps all of them."""
CHUNK_MAX: Final = 256
"""Entries added at one go, during which Redis serves nobody else: about a millisecond."""
TIMEOUT_SECONDS: Final = 5


class RedisSink:
    """Implements actors.outlet.Sink."""

    def __init__(self, url: str) -> None:
        """Prepare to connect."""
        self._redis: Redis = Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)

    async def publish(self, events: Sequence[Committed]) -> None:
        """Publish the events in this order, or raise SinkUnavailable."""
        try:
            for first in range(0, len(events), CHUNK_MAX):
                await self._add(events[first : first + CHUNK_MAX])
        except (OSError, RedisError) as error:
            raise SinkUnavailable(str(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _add(self, events: Sequence[Committed]) -> None:
        # All of a chunk or none of it: were one entry refused (memory full) and the next taken, order would be lost.
        async with self._redis.pipeline(transaction=True) as chunk:
            for event in events:
                chunk.xadd(stream_of(event.account_id), {FIELD: cloud_event(event)}, maxlen=STREAM_LENGTH_MAX)
            await chunk.execute()


def stream_of(account: int) -> str:
    """Return the stream of an account: by its slot, whichever shard owns it."""
    return STREAMS[slot_of(account) >> 6]
