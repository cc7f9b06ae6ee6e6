"""The interest of one period, slow and plain: day by day where days count, else by the rule as the trade states it."""

from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from core.contract.terms import DayCount, RatePer, Terms, Unit

NOMINAL: Final = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 90, Unit.YEAR: 360}
Year = Callable[[date, date, int], Fraction]
"""The part of a year from one day to another, of a period that was agreed as so many days."""


def _year(day: date) -> int:
    return 366 if isleap(day.year) else 365


def _days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=k) for k in range((end - start).days)]


def _act_act(start: date, end: date, nominal: int) -> Fraction:
    return sum((Fraction(1, _year(day)) for day in _days(start, end)), Fraction(0))


def _act_act_dec31(start: date, end: date, nominal: int) -> Fraction:
    return sum((Fraction(1, _year(day + timedelta(days=1))) for day in _days(start, end)), Fraction(0))


def _february_29(start: date, end: date) -> int:
    return 366 if any((day.month, day.day) == (2, 28) and isleap(day.year) for day in _days(start, end)) else 365


def _thirty(start: date, end: date, nominal: int) -> Fraction:
    months = 12 * (end.year - start.year) + end.month - start.month
    return Fraction(30 * months + min(end.day, 30) - min(start.day, 30), 360)


def _nominal_act(over_new_year: Year) -> Year:
    def part(start: date, end: date, nominal: int) -> Fraction:
        return over_new_year(start, end, nominal) if end.year > start.year else Fraction(nominal, _year(start))

    return part


YEARS: Final[dict[DayCount, Year]] = {
    DayCount.ACT_365: lambda start, end, nominal: Fraction((end - start).days, 365),
    DayCount.ACT_360: lambda start, end, nominal: Fraction((end - start).days, 360),
    DayCount.ACT_364: lambda start, end, nominal: Fraction((end - start).days, 364),
    DayCount.ACT_ACT: _act_act,
    DayCount.ACT_ACT_DEC31: _act_act_dec31,
    DayCount.FEB_29: lambda start, end, nominal: Fraction((end - start).days, _february_29(start, end)),
    DayCount.THIRTY_E_360: _thirty,
    DayCount.PERIOD: lambda start, end, nominal: Fraction(nominal, 360),
    DayCount.PERIOD_364: lambda start, end, nominal: Fraction(nominal, 364),
    DayCount.PERIOD_365: lambda start, end, nominal: Fraction(nominal, 365),
    DayCount.PERIOD_ACT: _nominal_act(_act_act_dec31),
    DayCount.PERIOD_ACT_JAN1: _nominal_act(_act_act),
    DayCount.PERIOD_FEB_29: lambda start, end, nominal: Fraction(nominal, _february_29(start, end)),
}
BY_DAYS: Final = (DayCount.ACT_365, DayCount.ACT_360, DayCount.ACT_364, DayCount.ACT_ACT, DayCount.ACT_ACT_DEC31)
"""Day counts of which a day is the same part of a year in whatever period it lies."""


def interest(terms: Terms, start: date, end: date, balance: int) -> Fraction:
    """Return the exact interest of a yearly or monthly rate, its steps and pauses, for one whole period."""
    year = YEARS[terms.day_count]
    if not terms.rate_steps and not terms.pauses:
        return balance * _yearly(terms, start) * year(start, end, terms.every * NOMINAL[terms.unit])
    assert terms.day_count in BY_DAYS
    return balance * sum(
        (_yearly(terms, day) * year(day, day + timedelta(days=1), 1) for day in _days(start, end)), Fraction(0)
    )


def _yearly(terms: Terms, day: date) -> Fraction:
    if any(pause.start <= day < pause.end for pause in terms.pauses):
        return Fraction(0)
    rate = next((step.rate for step in reversed(terms.rate_steps) if step.start <= day), terms.rate)
    return Fraction(rate.ppb * (12 if rate.per is RatePer.MONTH else 1), 10**9)
