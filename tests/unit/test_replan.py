"""The rest of a running loan planned anew: prepayment, new rate, new term, payment holiday."""

from datetime import date
from fractions import Fraction

import pytest
from msgspec.structs import replace

from core.contract.terms import BusinessDays, DayCount, Installment, Method, Pause, Rate, RateStep, Terms, Tranche
from core.schedule.dates import due_dates
from core.schedule.interest import interest_between
from core.schedule.plan import Refusal, replan, schedule, summary

NEW_YEAR = date(2026, 1, 1)
LOAN = Terms(principal=1_000_000, rate=Rate(60_000_000), installments=12)
"""10,000 at 6 % over 12 months: 860.66 a month."""
DATES = (NEW_YEAR, *(due_dates(LOAN, NEW_YEAR) or ()))
AFTER_SIX = 507_483
"""Outstanding after six installments."""


def totals(rows: tuple[Installment, ...] | Refusal) -> list[int]:
    assert not isinstance(rows, Refusal)
    return [row.principal + row.interest for row in rows]


def interest(rows: tuple[Installment, ...] | Refusal) -> int:
    assert not isinstance(rows, Refusal)
    return summary(rows).interest


def test_what_is_outstanding_after_six_installments_plans_as_it_did() -> None:
    planned = schedule(LOAN, NEW_YEAR)
    assert 1_000_000 - sum(row.principal for row in planned[:6]) == AFTER_SIX
    kept = replace(LOAN, agreed_installment=86_066)
    assert replan(kept, AFTER_SIX, DATES[6:], number=7) == planned[6:]


def test_a_prepayment_reduces_the_payment() -> None:
    rest = replan(LOAN, AFTER_SIX - 200_000, DATES[6:], number=7)
    assert (totals(rest), interest(rest)) == ([*[52_148] * 5, 52_145], 5_402)


def test_a_prepayment_shortens_the_term() -> None:
    rest = replan(replace(LOAN, agreed_installment=86_066), AFTER_SIX - 200_000, DATES[6:], number=7)
    assert (totals(rest), interest(rest)) == ([*[86_066] * 3, 52_890], 3_605)


def test_a_prepayment_of_equal_principal_keeps_the_principal_part() -> None:
    terms = Terms(
        principal=100_000_000,
        rate=Rate(31_000_000),
        installments=360,
        method=Method.EQUAL_PRINCIPAL,
        agreed_installment=277_778,
    )
    dates = (NEW_YEAR, *(due_dates(terms, NEW_YEAR) or ()))
    rest = replan(terms, 93_333_333, dates)
    assert not isinstance(rest, Refusal)
    assert (len(rest), round(summary(rest).interest, -2)) == (336, 40_627_200)


def test_a_prepayment_within_a_period_leaves_the_interest_earned_before_it() -> None:
    terms = replace(LOAN, day_count=DayCount.ACT_365)
    paid_on = date(2026, 7, 11)
    earned = interest_between(terms, DATES[6], DATES[7], DATES[6], paid_on, AFTER_SIX)
    rest = replan(terms, AFTER_SIX - 200_000, DATES[6:], since=paid_on, earned=earned, number=7)
    assert not isinstance(rest, Refusal)
    exact = Fraction(*earned) + Fraction(
        *interest_between(terms, DATES[6], DATES[7], paid_on, DATES[7], AFTER_SIX - 200_000)
    )
    assert rest[0].interest == round(exact)
    assert len(set(totals(rest)[:-1])) == 1


def test_a_new_rate_from_a_day_within_the_period() -> None:
    stepped = replace(LOAN, rate_steps=(RateStep(date(2026, 7, 11), Rate(120_000_000)),))
    rest = replan(stepped, AFTER_SIX, DATES[6:], number=7)
    assert not isinstance(rest, Refusal)
    assert rest[0].interest == round(AFTER_SIX * (Fraction(10, 31) * 5 + Fraction(21, 31) * 10) / 1000)
    assert rest[1].interest == round((AFTER_SIX - rest[0].principal) / 100)


def test_an_extension_has_more_due_dates_and_a_smaller_installment() -> None:
    longer = due_dates(replace(LOAN, installments=24), NEW_YEAR) or ()
    rest = replan(LOAN, AFTER_SIX, (DATES[6], *longer[6:]), number=7)
    assert len(totals(rest)) == 18
    assert max(totals(rest)) < 30_000


def test_a_payment_holiday_of_two_months() -> None:
    # Counted from the loan's first installment, so that six are over.
    holiday = replace(LOAN, principal_grace=8, interest_grace=8, capitalize_grace=True)
    rest = replan(holiday, AFTER_SIX, DATES[6:], number=7)
    assert not isinstance(rest, Refusal)
    assert totals(rest)[:2] == [0, 0]
    assert [row.capitalized for row in rest[:3]] == [2_537, 2_550, 0]


def test_what_was_earned_before_a_day_is_in_the_level_once_where_business_days_move_the_period() -> None:
    moved = replace(LOAN, day_count=DayCount.ACT_365, business_days=BusinessDays.FOLLOWING)
    planned = schedule(moved, NEW_YEAR)  # The first due date is a Sunday.
    since = date(2026, 1, 20)
    earned = interest_between(moved, NEW_YEAR, planned[0].due_date, NEW_YEAR, since, moved.principal, 1)
    assert replan(moved, moved.principal, DATES, since=since, earned=earned) == planned


def test_a_part_paid_out_within_a_period_that_business_days_move_is_in_its_level_from_its_day() -> None:
    plain = replace(LOAN, day_count=DayCount.ACT_365, tranches=(Tranche(date(2026, 1, 20), 300_000),))
    rows = schedule(plain, NEW_YEAR)
    moved = schedule(replace(plain, business_days=BusinessDays.FOLLOWING), NEW_YEAR)
    assert {totals(each)[0] for each in (rows, moved)} == {totals(rows)[1]}


def test_a_pause_bears_nothing() -> None:
    paused = replace(LOAN, pauses=(Pause(DATES[6], DATES[8]),))
    rest = replan(paused, AFTER_SIX, DATES[6:], number=7)
    assert not isinstance(rest, Refusal)
    assert [row.interest > 0 for row in rest] == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("principal", "dates", "code"),
    [
        (0, DATES[6:], Refusal.NOTHING_TO_PLAN),
        (1, DATES[6:7], Refusal.NOTHING_TO_PLAN),
        (AFTER_SIX, (DATES[7], DATES[6], DATES[8]), Refusal.DATES_OUT_OF_ORDER),
    ],
)
def test_what_cannot_be_planned_is_refused(principal: int, dates: tuple[date, ...], code: Refusal) -> None:
    assert replan(LOAN, principal, dates) is code
