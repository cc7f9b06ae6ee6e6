"""Day counts give exact fractions of a year."""

from datetime import date
from fractions import Fraction

import pytest

from core.contract.terms import DayCount, Unit
from core.schedule.daycount import Period, holds_february_29, nominal_days, part_of, year_fraction


def fraction(day_count: DayCount, start: date, end: date, nominal: int = 30) -> Fraction:
    numerator, denominator = year_fraction(day_count, Period(start, end, nominal, False))
    return Fraction(numerator, denominator)


ACROSS_NEW_YEAR = (date(2023, 12, 20), date(2024, 1, 20))


@pytest.mark.parametrize(
    ("day_count", "expected"),
    [
        (DayCount.ACT_365, Fraction(31, 365)),
        (DayCount.ACT_360, Fraction(31, 360)),
        (DayCount.ACT_364, Fraction(31, 364)),
        (DayCount.ACT_ACT, Fraction(12, 365) + Fraction(19, 366)),
        (DayCount.ACT_ACT_DEC31, Fraction(11, 365) + Fraction(20, 366)),
        (DayCount.FEB_29, Fraction(31, 365)),
        (DayCount.THIRTY_E_360, Fraction(30, 360)),
        (DayCount.THIRTY_US_360, Fraction(30, 360)),
        (DayCount.PERIOD, Fraction(1, 12)),
        (DayCount.PERIOD_364, Fraction(30, 364)),
        (DayCount.PERIOD_365, Fraction(30, 365)),
        (DayCount.PERIOD_ACT, Fraction(11, 365) + Fraction(20, 366)),
    ],
)
def test_a_month_over_new_year(day_count: DayCount, expected: Fraction) -> None:
    assert fraction(day_count, *ACROSS_NEW_YEAR) == expected


def test_every_day_count_is_in_the_table() -> None:
    for day_count in DayCount:
        assert fraction(day_count, date(2025, 1, 1), date(2025, 2, 1)) > 0


def test_a_leap_year_is_366_days_all_through_for_actual_actual() -> None:
    march = (date(2024, 3, 1), date(2024, 4, 1))
    assert fraction(DayCount.ACT_ACT, *march) == Fraction(31, 366)
    assert fraction(DayCount.FEB_29, *march) == Fraction(31, 365)
    assert fraction(DayCount.FEB_29, date(2024, 2, 1), date(2024, 3, 1)) == Fraction(29, 366)
    assert fraction(DayCount.PERIOD_ACT, *march) == Fraction(30, 366)


def test_whole_years_count_one_each() -> None:
    assert fraction(DayCount.ACT_ACT, date(2023, 1, 1), date(2026, 1, 1)) == 3
    assert fraction(DayCount.ACT_ACT_DEC31, date(2022, 12, 31), date(2025, 12, 31)) == 3


def test_the_cut_at_31_december_gives_that_day_to_the_new_year() -> None:
    assert fraction(DayCount.ACT_ACT_DEC31, date(2023, 12, 31), date(2024, 1, 1)) == Fraction(1, 366)
    assert fraction(DayCount.ACT_ACT, date(2023, 12, 31), date(2024, 1, 1)) == Fraction(1, 365)
    assert fraction(DayCount.ACT_ACT_DEC31, date(2023, 12, 1), date(2023, 12, 31)) == Fraction(30, 365)


def test_a_29_february_counts_when_it_is_the_end_and_not_when_it_is_the_start() -> None:
    assert holds_february_29(date(2024, 1, 31), date(2024, 2, 29))
    assert not holds_february_29(date(2024, 2, 29), date(2024, 3, 31))
    assert holds_february_29(date(2023, 6, 1), date(2025, 6, 1))
    assert not holds_february_29(date(1900, 2, 1), date(1900, 3, 1))


@pytest.mark.parametrize(
    ("day_count", "expected"),
    [(DayCount.ACT_360, 28), (DayCount.ACT_ACT, 28), (DayCount.THIRTY_E_360, 28), (DayCount.PERIOD, 30)],
)
def test_days_for_a_rate_per_day(day_count: DayCount, expected: int) -> None:
    period = Period(date(2026, 1, 31), date(2026, 2, 28), 30, False)
    assert Fraction(*part_of(day_count, True, period, period.start, period.end)) == expected


def test_a_nominal_month_has_thirty_days_and_a_year_twelve_months() -> None:
    assert [nominal_days(2, unit) for unit in Unit] == [2, 14, 60, 180, 720]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 30),
        (date(2026, 2, 28), date(2026, 3, 31), 30),
        (date(2026, 1, 29), date(2026, 3, 31), 61),
        (date(2024, 2, 29), date(2025, 2, 28), 360),
    ],
)
def test_isda_takes_the_end_of_february_for_a_thirtieth(start: date, end: date, expected: int) -> None:
    assert fraction(DayCount.THIRTY_E_ISDA_360, start, end) == Fraction(expected, 360)


def test_isda_takes_the_maturity_as_it_is() -> None:
    matures = Period(date(2024, 2, 29), date(2025, 2, 28), 360, True)
    assert year_fraction(DayCount.THIRTY_E_ISDA_360, matures) == (358, 360)
