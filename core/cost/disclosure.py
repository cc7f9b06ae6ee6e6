"""What a loan costs: internal rates of return of cash flows, and the yearly rates to disclose, fees included."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from msgspec import Struct

from core.contract.terms import PPB, Amount, Installment, Rate, RatePer, Terms, Unit
from core.schedule.cycles import anchor_day
from core.schedule.dates import UNIT_DAYS, UNIT_MONTHS, add_months, ends_month

YEAR_DAYS: Final = 365
"""Days in a year of a rate disclosed by days."""
MONTH_PARTS: Final = 30
"""Days that an incomplete month is a fraction of."""
PER_YEAR: Final = {Unit.DAY: YEAR_DAYS, Unit.WEEK: 52}
"""How many make a year; everything else is counted in months."""

_BITS: Final = 64
_ONE: Final = 1 << _BITS
"""Growth factors are binary fractions: an error of 1/_ONE a step stays far below a part per billion a year."""
_MOST: Final = 100 * _ONE
"""Rates are sought up to 9,900 % per unit of time, and down to one of these."""
_LEAST: Final = _ONE // 100
_LEAST_BY_DAY: Final = _ONE - (_ONE >> 6)
"""A day at a time this is far below -99 % a year, and small enough for dates centuries apart."""
_NOTHING: Final = _ONE - (_ONE >> 20)
"""Just below 0 %: a loan that is repaid in full has no negative rate."""


class Flow(NamedTuple):
    """Money on a day as the lender sees it: out is negative, in is positive."""

    on: date
    amount: int


class Fee(Struct, frozen=True, forbid_unknown_fields=True):
    """A cost that the borrower bears beside interest; dated at disbursement it is withheld from the proceeds."""

    on: date
    amount: Amount


class Disclosure(Struct, frozen=True):
    """What a loan costs, in ppb."""

    per_period: int
    """Internal rate of return of one repayment period."""
    simple: int
    """The same times the periods of a year (nominal)."""
    compound: int
    """The same compounded over a year (effective)."""
    by_days: int
    """Internal rate of return a year by actual days over 365, compounded."""


class _Timed(NamedTuple):
    """A flow at whole units of time and a part of one more."""

    at: int
    part: int
    amount: int


def internal_rate(amounts: Sequence[int]) -> int | None:
    """Return the rate per period, in ppb, at which equally spaced flows are worth nothing; None if there is none."""
    growth = _growth([_Timed(at, 0, amount) for at, amount in enumerate(amounts)], 1, _LEAST)
    return None if growth is None else _ppb(growth)


def dated_internal_rate(flows: Iterable[Flow]) -> int | None:
    """Return the compound rate a year, in ppb, by actual days over 365; None if there is none."""
    ordered = sorted(flows)
    growth = _growth([_Timed((flow.on - ordered[0].on).days, 0, flow.amount) for flow in ordered], 1, _LEAST_BY_DAY)
    return None if growth is None else _ppb(_power(growth, YEAR_DAYS))


def loan_flows(
    terms: Terms, disbursed_on: date, schedule: tuple[Installment, ...], fees: Sequence[Fee] = ()
) -> list[Flow]:
    """Return the cash flows of a loan that is repaid as scheduled."""
    later = sum(tranche.amount for tranche in terms.tranches)
    return [
        Flow(disbursed_on, later - terms.principal),
        *(Flow(tranche.on, -tranche.amount) for tranche in terms.tranches),
        *(Flow(fee.on, fee.amount) for fee in fees),
        *(Flow(row.due_date, row.principal + row.interest) for row in schedule),
    ]


def disclose(
    terms: Terms, disbursed_on: date, schedule: tuple[Installment, ...], fees: Sequence[Fee] = ()
) -> Disclosure | None:
    """Return what a loan costs; None where no rate makes its flows worth nothing (fees take all the proceeds)."""
    flows = loan_flows(terms, disbursed_on, schedule, fees)
    unit = Unit.MONTH if terms.unit in UNIT_MONTHS else terms.unit
    units, year = terms.every * UNIT_MONTHS.get(terms.unit, 1), PER_YEAR.get(unit, 12)
    day = _day_of_months(terms, disbursed_on)
    growth = _growth(sorted(_timed(flow, disbursed_on, unit, day) for flow in flows), _parts(unit), _NOTHING)
    by_days = dated_internal_rate(flows)
    if growth is None or by_days is None:
        return None
    period = _power(growth, units)
    simple = _rounded((period - _ONE) * PPB * year, units * _ONE)
    return Disclosure(_ppb(period), simple, _ppb(_power(growth, year)), by_days)


def yearly(rate: Rate, year: int) -> int:
    """Return a rate as ppb of a year with so many days, simple: 0.05 % a day is 18.00 % on 360, 18.25 % on 365."""
    return rate.ppb * {RatePer.DAY: year, RatePer.MONTH: 12, RatePer.YEAR: 1}[rate.per]


def _day_of_months(terms: Terms, start: date) -> int:
    """Return the day on which whole months from the start end: a month's last day may stand for a later one."""
    if terms.due_day is not None and terms.due_day > start.day and ends_month(start):
        return terms.due_day
    return anchor_day(start, terms.month_end)


def _timed(flow: Flow, start: date, unit: Unit, day: int) -> _Timed:
    """Measure from disbursement in whole units (months end on this day) and the days that are left."""
    if unit is not Unit.MONTH:
        return _Timed(*divmod((flow.on - start).days, _parts(unit)), flow.amount)
    months = (flow.on.year - start.year) * 12 + flow.on.month - start.month
    reached = add_months(start, months, day)
    if reached is None or reached > flow.on:
        months -= 1
        reached = add_months(start, months, day)
    assert reached is not None
    return _Timed(months, (flow.on - reached).days, flow.amount)


def _parts(unit: Unit) -> int:
    return UNIT_DAYS.get(unit, MONTH_PARTS)


def _growth(flows: Sequence[_Timed], parts: int, least: int) -> int | None:
    """Return the growth per unit of time, times _ONE, at which flows (by time, oldest first) are worth nothing."""
    if not flows:
        return None
    low, high = (least, _worth(least, flows, parts)), (_MOST, _worth(_MOST, flows, parts))
    rising = high[1] > 0
    if (low[1] > 0) is rising:
        return None
    # Most rates are small: look for them in steps that grow from nothing.
    step = _ONE >> 12
    while low[0] < _ONE + step < high[0]:
        found = _ONE + step, _worth(_ONE + step, flows, parts)
        if (found[1] > 0) is rising:
            high = found
        else:
            low, step = found, step << 2
    return _crossing(low, high, flows, parts)


def _crossing(low: tuple[int, int], high: tuple[int, int], flows: Sequence[_Timed], parts: int) -> int:
    """Return the first growth from low to high at which the worth has the sign that it has at high.

    False position; what an end weighs is halved when it stays twice (Illinois). Every third step halves the range, so
    that no flows take long.
    """
    (start, below), (end, above) = low, high
    rising, moved, turn = above > 0, 0, 0
    while end - start > 1:
        turn += 1
        weights = (1, 1) if turn % 3 == 0 else (abs(below), abs(above) or 1)
        middle = start + (end - start) * weights[0] // sum(weights)
        middle = min(max(middle, start + 1), end - 1)
        worth = _worth(middle, flows, parts)
        if (worth > 0) is rising:
            below = below // 2 if moved > 0 else below
            end, above, moved = middle, worth, 1
        else:
            above = above // 2 if moved < 0 else above
            start, below, moved = middle, worth, -1
    return end


def _worth(growth: int, flows: Sequence[_Timed], parts: int) -> int:
    """Return the value of all flows at the first one's time, times _ONE."""
    discount = _ONE * _ONE // growth
    powers: dict[int, int] = {}
    worth, later = 0, flows[-1].at
    for at, part, amount in reversed(flows):
        gap = later - at
        if gap:
            if gap not in powers:
                powers[gap] = _power(discount, gap)
            worth = worth * powers[gap] >> _BITS
            later = at
        # An incomplete unit bears simple interest: (1 + R)^s * (1 + R * f).
        worth += amount * _ONE * _ONE * parts // (_ONE * parts + (growth - _ONE) * part) if part else amount * _ONE
    return worth


def _power(base: int, exponent: int) -> int:
    """Return base ** exponent, both times _ONE."""
    power = _ONE
    while exponent:
        if exponent & 1:
            power = power * base >> _BITS
        base = base * base >> _BITS
        exponent >>= 1
    return power


def _ppb(growth: int) -> int:
    return _rounded((growth - _ONE) * PPB, _ONE)


def _rounded(numerator: int, denominator: int) -> int:
    """Return the nearest whole number, ties up; also of what is negative."""
    return (2 * numerator + denominator) // (2 * denominator)
