"""Due dates count from the anchor and are clamped, never chained."""

from datetime import date

import msgspec
import pytest

from core.contract.terms import Rate, Terms, Unit
from core.schedule.dates import add_months, days_by_bond_basis, days_by_month_ends, due_dates


def terms(**changes: object) -> Terms:
    """Return a plain loan of three months with some terms changed."""
    return msgspec.structs.replace(Terms(principal=100_000, rate=Rate(0), installments=3), **changes)


def dues(disbursed_on: str, **changes: object) -> list[str]:
    dates = due_dates(terms(**changes), date.fromisoformat(disbursed_on))
    assert dates is not None
    return [due.isoformat() for due in dates]


def test_a_month_end_is_clamped_from_the_anchor_and_not_chained() -> None:
    assert dues("2025-01-31") == ["2025-02-28", "2025-03-31", "2025-04-30"]
    assert dues("2024-01-30") == ["2024-02-29", "2024-03-30", "2024-04-30"]


def test_a_month_end_that_is_not_the_31st_keeps_its_day_number() -> None:
    assert dues("2025-04-30") == ["2025-05-30", "2025-06-30", "2025-07-30"]
    assert dues("2024-02-29", every=12) == ["2025-02-28", "2026-02-28", "2027-02-28"]


def test_the_31st_as_due_day_is_every_month_end() -> None:
    assert dues("2025-03-30", due_day=31) == ["2025-04-30", "2025-05-31", "2025-06-30"]


@pytest.mark.parametrize(
    ("due_day", "first"),
    [(14, "2025-03-14"), (15, "2025-02-15"), (16, "2025-02-16")],
)
def test_the_first_due_day_is_at_least_one_period_after_disbursement(due_day: int, first: str) -> None:
    assert dues("2025-01-15", due_day=due_day)[0] == first


def test_a_given_first_due_date_anchors_the_rest() -> None:
    assert dues("2025-01-10", first_due=date(2025, 1, 31)) == ["2025-01-31", "2025-02-28", "2025-03-31"]
    assert dues("2025-01-10", first_due=date(2025, 2, 28), due_day=31) == ["2025-02-28", "2025-03-31", "2025-04-30"]


def test_days_weeks_and_years_are_counted_by_their_own_unit() -> None:
    assert dues("2024-02-20", unit=Unit.DAY, every=15) == ["2024-03-06", "2024-03-21", "2024-04-05"]
    assert dues("2024-02-20", unit=Unit.WEEK, every=2) == ["2024-03-05", "2024-03-19", "2024-04-02"]
    assert dues("2024-02-29", unit=Unit.YEAR) == ["2025-02-28", "2026-02-28", "2027-02-28"]
    assert dues("2024-02-29", unit=Unit.YEAR, installments=4)[-1] == "2028-02-29"


@pytest.mark.parametrize("unit", list(Unit))
def test_dates_past_the_calendar_are_none(unit: Unit) -> None:
    assert due_dates(terms(unit=unit, every=366, installments=600), date(9900, 1, 31)) is None
    assert due_dates(terms(unit=unit, first_due=date(9999, 1, 31)), date(9000, 1, 1)) is None
    assert add_months(date(9998, 12, 31), 1, 31) is None


@pytest.mark.parametrize(
    ("start", "end", "thirty_e", "bond"),
    [
        ("2026-01-31", "2026-02-28", 28, 28),
        ("2026-02-28", "2026-03-31", 32, 30),
        ("2026-01-29", "2026-03-31", 61, 62),
        ("2024-02-29", "2025-02-28", 359, 360),
    ],
)
def test_thirty_day_months_differ_at_the_end_of_february(start: str, end: str, thirty_e: int, bond: int) -> None:
    assert days_by_month_ends(date.fromisoformat(start), date.fromisoformat(end)) == thirty_e
    assert days_by_bond_basis(date.fromisoformat(start), date.fromisoformat(end)) == bond
