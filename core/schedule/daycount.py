"""Day counts: how a period becomes an exact fraction of a year, or a number of days for a rate per day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from core.contract.terms import DayCount, Unit
from core.schedule.dates import days_by_bond_basis, days_by_isda, days_by_month_ends, is_leap

NOMINAL_DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 90, Unit.YEAR: 360}
BOTH_YEARS: Final = 365 * 366
"""Common denominator of ordinary and leap years, so that a fraction over both stays whole."""


class Period(Struct, frozen=True, gc=False):
    """From `start` (counted) to `end` (not counted), agreed as `nominal` days."""

    start: date
    end: date
    nominal: int
    matures: bool
    """Whether the loan ends with it."""


def nominal_days(every: int, unit: Unit) -> int:
    """Return the days that `every` units count where real days do not matter: 30 a month, 360 a year."""
    return every * NOMINAL_DAYS[unit]


def year_fraction(day_count: DayCount, period: Period) -> tuple[int, int]:
    """Return the period's fraction of a year as (numerator, denominator); the denominator depends on nothing else."""
    denominator, numerator = YEAR_FRACTIONS[day_count]
    return numerator(period), denominator


def part_of(day_count: DayCount, per_day: bool, period: Period, start: date, end: date) -> tuple[int, int]:
    """Return what the days from start to end add to a period, as (numerator, denominator) of a year or of a day.

    The denominator is the same for all parts of a period, so that parts add up to the whole.
    """
    whole = 1 if per_day else YEAR_FRACTIONS[day_count][0]
    count = DAYS.get(day_count, actual_days) if per_day else YEAR_FRACTIONS[day_count][1]
    if day_count in BY_WHOLE_PERIOD and not (per_day and count is actual_days):
        # Business days may leave a nominal period without a day: it is whole all the same.
        real = actual_days(period)
        elapsed = end.toordinal() - start.toordinal() if real else 1
        return count(period) * elapsed, whole * (real or 1)
    return _counted_to(count, period, end) - _counted_to(count, period, start), whole


def _counted_to(count: Callable[[Period], int], period: Period, day: date) -> int:
    if day == period.start:
        return 0
    return count(period if day == period.end else Period(period.start, day, period.nominal, False))


def actual_days(period: Period) -> int:
    """Return the real days of a period."""
    return period.end.toordinal() - period.start.toordinal()


def _nominal(period: Period) -> int:
    return period.nominal


def _thirty_e(period: Period) -> int:
    return days_by_month_ends(period.start, period.end)


def _thirty_us(period: Period) -> int:
    return days_by_bond_basis(period.start, period.end)


def _thirty_e_isda(period: Period) -> int:
    return days_by_isda(period.start, period.end, period.matures)


def _per_day(year: int) -> int:
    """Return one day of the calendar year in units of 1/BOTH_YEARS."""
    return 365 if is_leap(year) else 366


def _split_at_new_year(start: date, end: date) -> int:
    """Return each calendar year's days over its length, in units of 1/BOTH_YEARS; the cut is 1 January."""
    if start.year == end.year:
        return (end.toordinal() - start.toordinal()) * _per_day(start.year)
    return (end.year - start.year) * BOTH_YEARS + _of_its_year(end) - _of_its_year(start)


def _of_its_year(day: date) -> int:
    return (day.toordinal() - date(day.year, 1, 1).toordinal()) * _per_day(day.year)


def _act_act(period: Period) -> int:
    return _split_at_new_year(period.start, period.end)


def _act_act_dec31(period: Period) -> int:
    # Cutting at 31 December is cutting at 1 January with both ends one day later.
    return _split_at_new_year(period.start + timedelta(days=1), period.end + timedelta(days=1))


def _act_feb29(period: Period) -> int:
    return actual_days(period) * (365 if holds_february_29(period.start, period.end) else 366)


def _nominal_act(period: Period) -> int:
    if period.end.year > period.start.year:
        return _act_act_dec31(period)
    return period.nominal * _per_day(period.start.year)


def _nominal_act_jan1(period: Period) -> int:
    if period.end.year > period.start.year:
        return _act_act(period)
    return period.nominal * _per_day(period.start.year)


def _nominal_feb29(period: Period) -> int:
    return period.nominal * (365 if holds_february_29(period.start, period.end) else 366)


def holds_february_29(start: date, end: date) -> bool:
    """Return whether a 29 February lies after start and not after end."""
    leap_days = (date(year, 2, 29) for year in range(start.year, end.year + 1) if is_leap(year))
    return any(start < leap_day <= end for leap_day in leap_days)


YEAR_FRACTIONS: Final[dict[DayCount, tuple[int, Callable[[Period], int]]]] = {
    DayCount.ACT_365: (365, actual_days),
    DayCount.ACT_360: (360, actual_days),
    DayCount.ACT_364: (364, actual_days),
    DayCount.ACT_ACT: (BOTH_YEARS, _act_act),
    DayCount.ACT_ACT_DEC31: (BOTH_YEARS, _act_act_dec31),
    DayCount.FEB_29: (BOTH_YEARS, _act_feb29),
    DayCount.THIRTY_E_360: (360, _thirty_e),
    DayCount.THIRTY_US_360: (360, _thirty_us),
    DayCount.THIRTY_E_ISDA_360: (360, _thirty_e_isda),
    DayCount.PERIOD: (360, _nominal),
    DayCount.PERIOD_364: (364, _nominal),
    DayCount.PERIOD_365: (365, _nominal),
    DayCount.PERIOD_ACT: (BOTH_YEARS, _nominal_act),
    DayCount.PERIOD_ACT_JAN1: (BOTH_YEARS, _nominal_act_jan1),
    DayCount.PERIOD_FEB_29: (BOTH_YEARS, _nominal_feb29),
}

DAYS: Final[dict[DayCount, Callable[[Period], int]]] = {
    DayCount.THIRTY_E_360: _thirty_e,
    DayCount.THIRTY_US_360: _thirty_us,
    DayCount.THIRTY_E_ISDA_360: _thirty_e_isda,
    DayCount.PERIOD: _nominal,
    DayCount.PERIOD_364: _nominal,
    DayCount.PERIOD_365: _nominal,
    DayCount.PERIOD_ACT: _nominal,
    DayCount.PERIOD_ACT_JAN1: _nominal,
    DayCount.PERIOD_FEB_29: _nominal,
}
"""Day counts whose days are not the real ones."""

BY_WHOLE_PERIOD: Final = frozenset(
    {
        DayCount.FEB_29,
        DayCount.PERIOD,
        DayCount.PERIOD_364,
        DayCount.PERIOD_365,
        DayCount.PERIOD_ACT,
        DayCount.PERIOD_ACT_JAN1,
        DayCount.PERIOD_FEB_29,
    }
)
"""Day counts that look at the period as a whole: a part of it is its share of the real days."""
