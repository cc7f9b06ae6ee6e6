"""Which rate holds when: agreed steps, resets to an index, and days without interest."""

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from core.contract.terms import PPB, BusinessDays, Floating, Pause, Rate, Terms
from core.money import Rounding, divide
from core.schedule.calendars import shifted
from core.schedule.cycles import cycle_dates
from core.schedule.dates import LAST_DUE

Piece = tuple[date, date, Rate | None]
"""Days from one date to another (not counted) at one rate; None bears no interest."""


def has_changes(terms: Terms) -> bool:
    """Return whether the rate changes, or may."""
    return bool(terms.rate_steps) or terms.floating is not None


def is_constant(terms: Terms) -> bool:
    """Return whether one rate holds for good, on all days."""
    return not has_changes(terms) and not terms.pauses


class Rates(Struct, frozen=True):
    """Every known rate and when it starts to hold, ascending; and the same with the days without interest."""

    first: Rate
    starts: list[date]
    later: list[Rate]
    turns: list[date]
    """When a rate starts to hold, or a pause begins or ends."""
    bears: list[Rate | None]
    """What the days from each of `turns` on bear; None in a pause."""


def rates_of(terms: Terms, until: date) -> Rates:
    """Return the rates of a loan up to a day; what was agreed for a day stands before a reset on it."""
    if is_constant(terms):
        return Rates(terms.rate, [], [], [], [])
    if terms.floating is None:
        steps = {step.start: step.rate for step in terms.rate_steps}
    else:
        rule = terms.business_days if terms.count_to_shifted else BusinessDays.NONE
        steps = dict(_resets(terms.floating, until, rule, terms.calendar, terms.month_end))
        steps |= {step.start: step.rate for step in terms.rate_steps}
    return with_pauses(terms.rate, steps, terms.pauses)


def with_pauses(first: Rate, steps: dict[date, Rate], pauses: tuple[Pause, ...]) -> Rates:
    """Return a first rate and those that later days start, apart from days without interest."""
    starts = sorted(steps)
    later = [steps[start] for start in starts]
    rates = Rates(first, starts, later, starts, [*later])
    if not pauses:
        return rates
    begun = dict.fromkeys(starts, 0)
    for pause in pauses:
        begun[pause.start] = begun.get(pause.start, 0) + 1
        begun[pause.end] = begun.get(pause.end, 0) - 1
    turns = sorted(begun)
    paused = accumulate(begun[day] for day in turns)
    bears = [None if count else rate_on(rates, day) for day, count in zip(turns, paused, strict=True)]
    return Rates(first, starts, later, turns, bears)


def at_rate(rates: Rates, rate: Rate) -> Rates:
    """Return constant rates at another rate."""
    return Rates(rate, [], [], rates.turns, [each and rate for each in rates.bears])


def rate_on(rates: Rates, day: date) -> Rate:
    """Return the rate that holds on a day, a pause or not."""
    known = bisect_right(rates.starts, day)
    return rates.later[known - 1] if known else rates.first


def pieces(rates: Rates, start: date, end: date) -> list[Piece]:
    """Return the days from start to end cut where the rate changes or a pause begins or ends."""
    first = bisect_right(rates.turns, start)
    cuts = rates.turns[first : bisect_left(rates.turns, end)]
    bears = rates.bears[first - 1] if first else rates.first
    if not cuts:
        return [(start, end, bears)]
    return list(zip([start, *cuts], [*cuts, end], [bears, *rates.bears[first : first + len(cuts)]], strict=True))


def _resets(
    floating: Floating, until: date, rule: BusinessDays, calendar: str, month_end: bool
) -> tuple[tuple[date, Rate], ...]:
    """Return the resets before a day, also those that leave the rate: the installment is solved anew at each."""
    years = until.year - floating.resets.first.year
    if years < 0:
        return ()
    # The rows of a loan ask for ever more of them: what is listed for one serves the others.
    horizon = min(floating.resets.first.year + (1 << years.bit_length()), LAST_DUE.year)
    days, steps = _listed(floating, max(until, date(horizon, 1, 1)), rule, calendar, month_end)
    return steps[: bisect_left(days, until)]


@lru_cache(maxsize=256)
def _listed(
    floating: Floating, until: date, rule: BusinessDays, calendar: str, month_end: bool
) -> tuple[list[date], tuple[tuple[date, Rate], ...]]:
    """Return the agreed days of the resets before a day that leave a known rate, and when each rate starts to hold."""
    fixed = [fixing.on for fixing in floating.fixings]
    days: list[date] = []
    steps: list[tuple[date, Rate]] = []
    current = floating.next_rate
    cycle = replace(floating.resets, long_last=False)
    for k, reset in enumerate(cycle_dates(cycle, cycle.first, until, month_end)):
        known = bisect_right(fixed, reset) - 1
        if (k > 0 or current is None) and known >= 0:
            current = _reset_rate(floating, floating.fixings[known].ppb)
        if current is not None:
            days.append(reset)
            steps.append((shifted(rule, calendar, reset), current))
    return days, tuple(steps)


def _reset_rate(floating: Floating, index_ppb: int) -> Rate:
    """Return multiplier times index plus spread, to the nearest part per billion, within floor and cap."""
    ppb = divide(floating.multiplier_ppb * index_ppb, PPB, Rounding.HALF_EVEN) + floating.spread_ppb
    return Rate(min(max(ppb, floating.floor_ppb), floating.cap_ppb))
