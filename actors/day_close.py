"""Close the day: cut, let every shard walk what is due, book the day's accrual. Resumes wherever it was killed."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import chain, repeat
from typing import Final, Protocol

from msgspec import Struct

from actors.protocols import Clock, ShardUnavailable
from core.rejections import Code, Rejection

DAYS_MAX: Final = 400
"""Missed days that one request catches up at most."""
POLL_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05)
"""Pauses between looks at the walks: a day on which nothing is due closes at once."""


class Accrued(Struct, frozen=True):
    """The summary entry of one currency and product."""

    currency: str
    product: str
    interest: int
    """Interest income booked by the entry, before what is suspended."""
    penalty: int
    loans: int
    suspended: int = 0
    """Interest and penalty of non-accrual loans that the entry takes out of income; below zero where it was paid."""


class Progress(Struct, frozen=True, array_like=True):
    """Where a shard's walk stands."""

    on: date
    done: bool
    accounts: int
    events: int


class DayCloseReport(Struct, frozen=True):
    """What closing one or more days did."""

    business_date: date
    """The last day closed."""
    opened: date
    """The business date now."""
    days: int
    accounts: int
    """Accounts that had something due."""
    events: int
    seconds: float
    accrued: list[Accrued]


class Book(Protocol):
    """The book's calendar and its summary entries."""

    async def business_date(self) -> date:
        """Return the open business date."""

    async def unfinished(self) -> date | None:
        """Return the oldest day that was cut and whose close is not finished."""

    async def cut(self, day: date) -> None:
        """Open the next day if `day` is the open one."""

    async def finish(self, day: date, accounts: int, events: int) -> Sequence[Accrued]:
        """Book the accrual up to the end of `day`, once, and mark its close finished."""


class Shards(Protocol):
    """The shards as the day close sees them."""

    count: int

    async def turn(self, shard: int, on: date) -> Progress:
        """Move a shard to a business date and return where its walk stands."""


class DayClose:
    """Closes days on behalf of an operator. Any number may run: each step is done once."""

    def __init__(self, book: Book, shards: Shards, clock: Clock) -> None:
        self._book = book
        self._shards = shards
        self._clock = clock

    async def close(
        self, through: date | None, progress: Callable[[date, int, int], None] = lambda *_: None
    ) -> DayCloseReport | Rejection:
        """Close every open day up to and including `through` (without it: the open day, or a close left half done)."""
        started = self._clock.monotonic()
        unfinished = await self._book.unfinished()
        current = await self._book.business_date()
        first = unfinished or current
        last = through or first
        if last < first:
            return Rejection(Code.DAY_CLOSED, f"{last} is closed; the open business date is {current}")
        if (last - first).days >= DAYS_MAX:
            return Rejection(
                Code.DAY_CLOSED, f"at most {DAYS_MAX} days are closed at a time; the open one is {current}"
            )
        accounts = events = 0
        accrued: list[Accrued] = []
        day = first
        while day <= last:
            walked = await self._close_one(day, progress)
            accounts, events = accounts + walked[0], events + walked[1]
            accrued += walked[2]
            day += timedelta(days=1)
        seconds = round(self._clock.monotonic() - started, 3)
        return DayCloseReport(last, day, (last - first).days + 1, accounts, events, seconds, _by_product(accrued))

    async def _close_one(
        self, day: date, progress: Callable[[date, int, int], None]
    ) -> tuple[int, int, Sequence[Accrued]]:
        await self._book.cut(day)
        following = day + timedelta(days=1)
        for pause in chain(POLL_SECONDS, repeat(POLL_SECONDS[-1])):
            walks = [await self._turn(shard, following) for shard in range(self._shards.count)]
            accounts, events = sum(walk.accounts for walk in walks), sum(walk.events for walk in walks)
            progress(day, accounts, events)
            if all(walk.done and walk.on >= following for walk in walks):
                return accounts, events, await self._book.finish(day, accounts, events)
            await self._clock.sleep(pause)
        raise AssertionError("repeat never ends")

    async def _turn(self, shard: int, on: date) -> Progress:
        try:
            return await self._shards.turn(shard, on)
        except ShardUnavailable:
            # It restarts by itself, reads the open date and walks; ask again.
            return Progress(date.min, False, 0, 0)


def _by_product(entries: list[Accrued]) -> list[Accrued]:
    """Sum several days' entries; `loans` is the last day's."""
    sums: dict[tuple[str, str], Accrued] = {}
    for entry in entries:
        key = entry.currency, entry.product
        former = sums.get(key, Accrued(*key, 0, 0, 0))
        sums[key] = Accrued(
            *key,
            former.interest + entry.interest,
            former.penalty + entry.penalty,
            entry.loans,
            former.suspended + entry.suspended,
        )
    return [sums[key] for key in sorted(sums)]
