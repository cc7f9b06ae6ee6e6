"""The outlet: committed events go out in the order of commit, at least once, and no commit ever waits for it."""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple, Protocol

from actors.protocols import Clock, JournalUnavailable

PAGE_MAX: Final = 4096
"""Events read, published and marked as done together: the most that a crash makes go out twice."""
IDLE_SECONDS: Final = 0.2
REST: Final = 9
"""Rests for each working time while a backlog is there."""
BACK_OFF_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses while source or sink are down; the last one repeats."""

_log = logging.getLogger(__name__)


class Cursor(NamedTuple):
    """The last event that is known to have gone out; cursors compare in the order of commit."""

    txid: int
    account_id: int
    seq: int


START: Final = Cursor(0, 0, 0)
"""Before the first event."""


class Committed(NamedTuple):
    """A committed event as stored."""

    txid: int
    account_id: int
    seq: int
    posted_on: date
    body: bytes
    recorded_at: datetime | None = None
    """None before the journal kept times."""


class EventSource(Protocol):
    """Where committed events come from; raises JournalUnavailable."""

    async def cursor(self) -> Cursor:
        """Return how far the events have gone out."""

    async def page(self, after: Cursor, limit: int) -> Sequence[Committed]:
        """Return the next events in the order of commit; none that an earlier one may still precede."""

    async def move(self, cursor: Cursor) -> None:
        """Remember durably how far the events have gone out."""


class SinkUnavailable(Exception):
    """The sink did not take all of the events: publish them again."""


class Sink(Protocol):
    """Where events go; it may see one twice, never an account's events in another order."""

    async def publish(self, events: Sequence[Committed]) -> None:
        """Publish the events in this order, or raise SinkUnavailable."""


async def run(source: EventSource, sink: Sink, clock: Clock) -> None:
    """Publish for ever. It can be cancelled anywhere: whatever the cursor has not passed goes out again."""
    failures = 0
    while True:
        began = clock.monotonic()
        try:
            published = await publish_page(source, sink)
        except (JournalUnavailable, SinkUnavailable) as error:
            if not failures:
                _log.warning("the outlet waits: %s", error)
            await clock.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])
            failures += 1
            continue
        if failures:
            _log.warning("the outlet goes on after %d failed attempts", failures)
            failures = 0
        if published == PAGE_MAX:
            # There is a backlog, so there is a peak: leave the processors to it for most of the time.
            await clock.sleep(REST * (clock.monotonic() - began))
        elif not published:
            await clock.sleep(IDLE_SECONDS)


async def publish_page(source: EventSource, sink: Sink) -> int:
    """Publish the next page, then move the cursor past it; returns the number of events."""
    events = await source.page(await source.cursor(), PAGE_MAX)
    if events:
        await sink.publish(events)
        await source.move(Cursor(*events[-1][:3]))
    return len(events)
