"""Dates that recur: date k is counted from the anchor and clamped to its month's end, never chained."""

from datetime import date
from functools import lru_cache
from typing import Final

from core.contract.terms import Cycle, Unit
from core.schedule.dates import LAST_DUE, UNIT_DAYS, UNIT_MONTHS, add_months, ends_month

DATES_MAX: Final = 40_000
"""More dates than any loan's days can hold are never listed."""


def grid_date(anchor: date, k: int, every: int, unit: Unit, day: int) -> date | None:
    """Return the date k periods from the anchor (k may be negative), months clamped from `day`; None past LAST_DUE."""
    if unit in UNIT_MONTHS:
        return add_months(anchor, k * every * UNIT_MONTHS[unit], day)
    ordinal = anchor.toordinal() + k * every * UNIT_DAYS[unit]
    return date.fromordinal(ordinal) if 1 <= ordinal <= LAST_DUE.toordinal() else None


def anchor_day(anchor: date, month_end: bool) -> int:
    """Return the day of the month that a grid keeps: 31 for one that stays on the last days."""
    return 31 if month_end and ends_month(anchor) else anchor.day


def cycle_date(cycle: Cycle, k: int, month_end: bool) -> date | None:
    """Return date k of a cycle, the first being 0; None past LAST_DUE."""
    return grid_date(cycle.first, k, cycle.every, cycle.unit, anchor_day(cycle.first, month_end))


@lru_cache(maxsize=256)
def cycle_dates(cycle: Cycle, start: date, end: date, month_end: bool = False) -> tuple[date, ...]:
    """Return a cycle's dates from start to before end; the last is left out if `long_last` and the end is off the grid.

    Past DATES_MAX the list stops.
    """
    k = _first_from(cycle, start)
    dates: list[date] = []
    while (due := cycle_date(cycle, k, month_end)) is not None and due < end and len(dates) < DATES_MAX:
        if due >= start:
            dates.append(due)
        k += 1
    if cycle.long_last and due != end and dates:
        dates.pop()
    return tuple(dates)


def dates_between(cycle: Cycle, start: date, end: date) -> int:
    """Return how many dates a cycle has between two days, to within one, without a look at them."""
    return _first_from(cycle, end) - _first_from(cycle, start)


def _first_from(cycle: Cycle, start: date) -> int:
    """Return a number near that of a cycle's first date on or after start, and not after it."""
    if cycle.unit in UNIT_MONTHS:
        months = 12 * (start.year - cycle.first.year) + start.month - cycle.first.month
        return max(0, months // (cycle.every * UNIT_MONTHS[cycle.unit]))
    return max(0, (start - cycle.first).days // (cycle.every * UNIT_DAYS[cycle.unit]))
