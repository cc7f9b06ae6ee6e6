"""Business days: where a due date on a holiday goes, and to which day its interest runs."""

from datetime import date

import pytest

from core.contract.terms import BusinessDays, DayCount, Method, Rate, Terms
from core.schedule.calendars import is_business_day, knows, shifted
from core.schedule.plan import Refusal, check_terms, schedule

SATURDAY_28_FEBRUARY = date(2026, 2, 28)


def test_a_worked_weekend_is_business_and_a_holiday_is_none() -> None:
    # 4 February 2024 is a Sunday that China works for the Spring Festival, 12 February a Monday off.
    assert is_business_day("CN", date(2024, 2, 4))
    assert not is_business_day("weekends", date(2024, 2, 4))
    assert not is_business_day("CN", date(2024, 2, 12))
    assert is_business_day("weekends", date(2024, 2, 12))


@pytest.mark.parametrize("name", ["weekends", "CN", "US-NY", "GB-ENG", "ECB"])
def test_calendars_are_countries_and_their_parts_and_markets(name: str) -> None:
    assert knows(name)


@pytest.mark.parametrize(
    "name", ["Atlantis", "US-ATLANTIS", "cn", "-", "weekends-x", "registry", "utils", "country_holidays", "__class__"]
)
def test_nothing_else_is_a_calendar(name: str) -> None:
    assert not knows(name)


def test_years_without_known_feasts_have_weekends_and_fixed_holidays() -> None:
    # Of India the feasts by the moon are known up to 2035, 26 January is Republic Day for good; past 2100 nothing is.
    assert not is_business_day("IN", date(2037, 1, 26))
    assert is_business_day("IN", date(2037, 1, 28))
    assert [is_business_day("IN", date(2110, 1, day)) for day in (25, 27)] == [False, True]


@pytest.mark.parametrize(
    ("rule", "counts", "paid", "interest"),
    [
        (BusinessDays.FOLLOWING, False, date(2026, 3, 2), 6137),
        (BusinessDays.FOLLOWING, True, date(2026, 3, 2), 6575),
        (BusinessDays.MODIFIED_FOLLOWING, False, date(2026, 2, 27), 6137),
        (BusinessDays.MODIFIED_FOLLOWING, True, date(2026, 2, 27), 5918),
        (BusinessDays.PRECEDING, True, date(2026, 2, 27), 5918),
        (BusinessDays.NONE, True, SATURDAY_28_FEBRUARY, 6137),
    ],
)
def test_a_due_date_on_a_saturday(rule: BusinessDays, counts: bool, paid: date, interest: int) -> None:
    # Figures: loan of 10,000 at 8 %, actual/365, from 31 January 2026 (worked by hand).
    loan = Terms(
        principal=1_000_000,
        rate=Rate(80_000_000),
        installments=1,
        method=Method.AT_MATURITY,
        day_count=DayCount.ACT_365,
        business_days=rule,
        count_to_shifted=counts,
    )
    (row,) = schedule(loan, date(2026, 1, 31))
    assert (row.due_date, row.interest) == (paid, interest)


def test_a_preceding_day_of_another_month_gives_way_to_the_next_day_of_this() -> None:
    sunday_1_march = date(2026, 3, 1)
    assert shifted(BusinessDays.PRECEDING, "weekends", sunday_1_march) == date(2026, 2, 27)
    assert shifted(BusinessDays.MODIFIED_PRECEDING, "weekends", sunday_1_march) == date(2026, 3, 2)


def test_dates_are_counted_from_the_agreed_day_and_not_from_the_shifted_one() -> None:
    loan = Terms(
        principal=300_000, rate=Rate(0), installments=4, business_days=BusinessDays.FOLLOWING, calendar="weekends"
    )
    rows = schedule(loan, date(2026, 1, 31))
    assert [row.due_date for row in rows] == [
        date(2026, 3, 2),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 6, 1),
    ]


def test_an_unknown_calendar_is_refused() -> None:
    loan = Terms(principal=100, rate=Rate(0), installments=1, business_days=BusinessDays.FOLLOWING, calendar="Atlantis")
    assert check_terms(loan, date(2026, 1, 31)) == Refusal.CALENDAR_UNKNOWN
