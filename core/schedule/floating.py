"""Which rate holds when: agreed steps, resets to an index, and days without interest."""

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from core.contract.terms import PPB, BusinessDays, Floating, Pause, Rate, Terms
from core.money import Rounding, divide
from core.schedule.calendars import shifted
from core.schedule.cycles import cycle_dates

Piece = tuple[date, date, Rate | None]
"""Days from one date to another (not counted) at one rate; None bears no interest."""


def has_changes(terms: Terms) -> bool:
    """Return whether the rate changes, or may."""
    return bool(terms.rate_steps) or terms.floating is not None


def is_constant(terms: Terms) -> bool:
    """Return whether one rate holds for good, on all days."""
    return not has_changes(terms) and not terms.pauses


class Rates(Struct, frozen=True):
    """Every known rate and when it starts to hold, ascending, and the days without interest."""

    first: Rate
    starts: list[date]
    later: list[Rate]
    pauses: tuple[Pause, ...]


def rates_of(terms: Terms, until: date) -> Rates:
    """Return the rates of a loan up to a day; what was agreed for a day stands before a reset on it."""
    if terms.floating is None:
        steps = {step.start: step.rate for step in terms.rate_steps}
    else:
        rule = terms.business_days if terms.count_to_shifted else BusinessDays.NONE
        steps = dict(_resets(terms.floating, until, rule, terms.calendar, terms.month_end))
        steps |= {step.start: step.rate for step in terms.rate_steps}
    starts = sorted(steps)
    return Rates(terms.rate, starts, [steps[start] for start in starts], terms.pauses)


def rate_on(rates: Rates, day: date) -> Rate:
    """Return the rate that holds on a day, a pause or not."""
    known = bisect_right(rates.starts, day)
    return rates.later[known - 1] if known else rates.first


def pieces(rates: Rates, start: date, end: date) -> list[Piece]:
    """Return the days from start to end cut where the rate changes or a pause begins or ends."""
    cuts = rates.starts[bisect_right(rates.starts, start) : bisect_left(rates.starts, end)]
    if not rates.pauses:
        if not cuts:
            return [(start, end, rate_on(rates, start))]
        return [(a, b, rate_on(rates, a)) for a, b in pairwise([start, *cuts, end])]
    breaks = {day for pause in rates.pauses for day in (pause.start, pause.end) if start < day < end}
    days = [start, *sorted(breaks.union(cuts)), end]
    return [(a, b, None if _is_paused(rates, a) else rate_on(rates, a)) for a, b in pairwise(days)]


def _is_paused(rates: Rates, day: date) -> bool:
    return any(pause.start <= day < pause.end for pause in rates.pauses)


@lru_cache(maxsize=256)
def _resets(
    floating: Floating, until: date, rule: BusinessDays, calendar: str, month_end: bool
) -> tuple[tuple[date, Rate], ...]:
    """Return the resets before a day, also those that leave the rate: the installment is solved anew at each."""
    fixed = [fixing.on for fixing in floating.fixings]
    steps: list[tuple[date, Rate]] = []
    current = floating.next_rate
    for k, reset in enumerate(
        cycle_dates(replace(floating.resets, long_last=False), floating.resets.first, until, month_end)
    ):
        known = bisect_right(fixed, reset) - 1
        if (k > 0 or current is None) and known >= 0:
            current = _reset_rate(floating, floating.fixings[known].ppb)
        if current is not None:
            steps.append((shifted(rule, calendar, reset), current))
    return tuple(steps)


def _reset_rate(floating: Floating, index_ppb: int) -> Rate:
    """Return multiplier times index plus spread, to the nearest part per billion, within floor and cap."""
    ppb = divide(floating.multiplier_ppb * index_ppb, PPB, Rounding.HALF_EVEN) + floating.spread_ppb
    return Rate(min(max(ppb, floating.floor_ppb), floating.cap_ppb))
