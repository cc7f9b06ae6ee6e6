"""Due dates that are not regular: stubs, month ends, interest on dates of its own, due on the day of disbursement."""

from datetime import date
from typing import Any

import pytest

from core.contract.terms import Cycle, DayCount, Installment, Method, Rate, Terms, Unit
from core.money import Minor
from core.schedule.cycles import cycle_dates
from core.schedule.plan import Refusal, check_terms, plan, schedule

FIRST_OF_JANUARY = date(2026, 1, 1)


def loan(**changes: Any) -> Terms:
    given: dict[str, Any] = {
        "principal": 1_000_000,
        "rate": Rate(120_000_000),
        "installments": 3,
        "day_count": DayCount.ACT_365,
    }
    return Terms(**(given | changes))


def dues(terms: Terms, disbursed_on: date = FIRST_OF_JANUARY) -> list[str]:
    return [row.due_date.strftime("%d %b") for row in schedule(terms, disbursed_on)]


def test_the_last_period_is_short_or_long_where_the_maturity_is_off_the_grid() -> None:
    assert dues(loan(last_due=date(2026, 3, 20))) == ["01 Feb", "01 Mar", "20 Mar"]
    assert dues(loan(last_due=date(2026, 4, 20))) == ["01 Feb", "01 Mar", "20 Apr"]


def test_a_single_installment_may_be_due_on_any_day_after_disbursement() -> None:
    assert dues(loan(installments=1, last_due=date(2026, 3, 20))) == ["20 Mar"]
    assert check_terms(loan(installments=1, last_due=FIRST_OF_JANUARY), FIRST_OF_JANUARY) == Refusal.DATES_OUT_OF_ORDER


def test_a_short_last_period_bears_interest_for_its_days() -> None:
    short, full = (schedule(loan(last_due=day), FIRST_OF_JANUARY)[-1] for day in (date(2026, 3, 20), date(2026, 4, 1)))
    assert (short.due_date - short.start).days == 19
    assert short.interest < full.interest


def test_a_nominal_last_period_off_the_grid_counts_thirty_days_a_month() -> None:
    rows = schedule(
        loan(method=Method.INTEREST_ONLY, day_count=DayCount.PERIOD, last_due=date(2026, 3, 16)), FIRST_OF_JANUARY
    )
    assert [row.interest for row in rows] == [10_000, 10_000, 5_000]


def test_nominal_days_to_a_maturity_off_the_grid_count_once() -> None:
    at_maturity = {"method": Method.AT_MATURITY, "day_count": DayCount.PERIOD}
    cuts: list[tuple[dict[str, object], int]] = [
        ({"last_due": date(2026, 4, 1)}, 30_000),
        ({"last_due": date(2026, 4, 16)}, 35_000),
        ({"last_due": date(2026, 1, 31), "unit": Unit.WEEK}, 10_000),
        ({"interest_cycle": Cycle(date(2026, 2, 1))}, 30_000),
        ({"capitalize_until": date(2026, 3, 1)}, 20_000 + 10_200),
    ]
    for cut, interest in cuts:
        rows = schedule(loan(**at_maturity, **cut), FIRST_OF_JANUARY)
        assert sum(row.interest + row.capitalized for row in rows) == interest, cut


def test_a_long_last_period_leaves_out_the_last_date_before_an_end_off_the_grid() -> None:
    first, off, on = date(2026, 2, 1), date(2026, 5, 20), date(2026, 5, 1)
    listed = cycle_dates(Cycle(first), first, off)
    assert listed == (first, date(2026, 3, 1), date(2026, 4, 1), on)
    assert cycle_dates(Cycle(first, long_last=True), first, off) == listed[:-1]
    assert cycle_dates(Cycle(first, long_last=True), first, on) == listed[:-1], "the end itself is on the grid"


def test_a_last_due_date_before_the_others_is_refused() -> None:
    for day in (date(2026, 3, 1), date(2025, 1, 1)):
        assert check_terms(loan(last_due=day), FIRST_OF_JANUARY) == Refusal.DATES_OUT_OF_ORDER


def test_an_anchor_at_a_months_end_stays_there_if_it_is_agreed() -> None:
    april_30 = date(2026, 4, 30)
    assert dues(loan(month_end=True), april_30) == ["31 May", "30 Jun", "31 Jul"]
    assert dues(loan(), april_30) == ["30 May", "30 Jun", "30 Jul"]
    assert dues(loan(month_end=True), date(2026, 4, 29)) == ["29 May", "29 Jun", "29 Jul"]
    assert dues(loan(month_end=True, first_due=date(2026, 2, 28))) == ["28 Feb", "31 Mar", "30 Apr"]


def test_a_quarter_is_three_months() -> None:
    assert dues(loan(unit=Unit.QUARTER), date(2025, 11, 30)) == ["28 Feb", "30 May", "30 Aug"]
    quarterly = schedule(loan(unit=Unit.QUARTER, day_count=DayCount.PERIOD), FIRST_OF_JANUARY)
    assert quarterly[0].interest == 30_000


def test_six_hundred_weeks_are_planned() -> None:
    rows = schedule(loan(installments=600, unit=Unit.WEEK), FIRST_OF_JANUARY)
    assert (len(rows), sum(row.principal for row in rows)) == (600, 1_000_000)


def test_interest_falls_due_on_dates_of_its_own() -> None:
    terms = loan(
        method=Method.EQUAL_PRINCIPAL,
        first_due=date(2026, 7, 1),
        installments=4,
        interest_cycle=Cycle(date(2026, 3, 1), 2),
    )
    assert [(row.due_date.month, row.principal, row.interest) for row in schedule(terms, FIRST_OF_JANUARY)] == [
        (3, 0, 19_397),
        (5, 0, 20_055),
        (7, 250_000, 20_055),
        # No interest date: August's interest comes with September's.
        (8, 250_000, 0),
        (9, 250_000, 12_740),
        (10, 250_000, 2_466),
    ]


def test_principal_due_on_the_day_of_disbursement_bears_no_interest() -> None:
    # Source: ACTUS actus-tests, lam05.
    terms = Terms(
        principal=500_000,
        rate=Rate(80_000_000),
        installments=10,
        method=Method.EQUAL_PRINCIPAL,
        day_count=DayCount.ACT_365,
        first_due=date(2013, 1, 21),
    )
    rows = schedule(terms, date(2013, 1, 21))
    assert rows[0] == Installment(date(2013, 1, 21), date(2013, 1, 21), Minor(50_000), Minor(0))
    assert [rows[1].interest, rows[9].interest, rows[9].due_date] == [3_058, 329, date(2013, 10, 21)]


@pytest.mark.parametrize("every", [1, 13])
def test_a_cycle_far_in_the_past_is_still_on_its_grid(every: int) -> None:
    cycle = Cycle(date(1990, 1, 1), every, Unit.DAY)
    days = cycle_dates(cycle, date(2026, 1, 1), date(2026, 3, 1))
    assert days
    assert all((day - cycle.first).days % every == 0 for day in days)


def test_too_many_interest_dates_are_refused() -> None:
    terms = loan(installments=60, interest_cycle=Cycle(FIRST_OF_JANUARY, 1, Unit.DAY))
    assert plan(terms, FIRST_OF_JANUARY) is Refusal.SCHEDULE_TOO_LONG
