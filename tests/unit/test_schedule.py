"""Schedules: the rules that no single printed table shows."""

from datetime import date
from fractions import Fraction

import msgspec
import pytest

from core.contract.servicing import LateWaterfall, NonAccrual, Prepayment, Recalculation, Source, SourceWaterfall
from core.contract.terms import Cycle, DayCount, Floating, Installment, Method, Rate, RatePer, Terms, Unit
from core.contract.waterfall import Component, Step, Waterfall
from core.money import AMOUNT_MAX, Minor, Rounding, divide
from core.schedule.level import level_installment
from core.schedule.plan import Refusal, check_terms, plan, plan_over, schedule, summary
from core.servicing.accrual import accrued, penalty, penalty_year

JANUARY_15 = date(2025, 1, 15)
DAILY = Rate(500_000, RatePer.DAY)
"""0.05 % a day."""


def terms(**changes: object) -> Terms:
    """Return the classic: 5,000.00 over six months at 0.05 % a day, with some terms changed."""
    return msgspec.structs.replace(Terms(principal=500_000, rate=DAILY, installments=6), **changes)


def totals(loan: Terms, disbursed_on: date = JANUARY_15) -> list[int]:
    return [row.principal + row.interest for row in schedule(loan, disbursed_on)]


def test_the_classic_month_of_thirty_days() -> None:
    assert totals(terms()) == [87_763] * 5 + [87_761]


@pytest.mark.parametrize("ppb", [0, 94_822_000, 360_000_000])
def test_the_level_installment_is_the_closed_formula(ppb: int) -> None:
    r, n = Fraction(ppb, 12 * 10**9), 24
    exact = Fraction(1_000_000, n) if r == 0 else 1_000_000 * r * (1 + r) ** n / ((1 + r) ** n - 1)
    expected = divide(exact.numerator, exact.denominator, Rounding.HALF_UP)
    assert (
        level_installment((1_000_000 * (12 * 10**9 + ppb), 12 * 10**9), ([ppb] * (n - 1), 12 * 10**9), Rounding.HALF_UP)
        == expected
    )


def test_a_rate_of_zero_divides_the_principal_and_the_last_takes_the_rest() -> None:
    assert totals(terms(principal=100_000, rate=Rate(0), installments=3)) == [33_333, 33_333, 33_334]


def test_an_installment_multiple_leaves_the_rest_to_the_last() -> None:
    loan = terms(rate=Rate(120_000_000), installments=18, installment_multiple=100)
    assert totals(loan) == [30_500] * 17 + [30_322]


def test_an_installment_rounded_up() -> None:
    loan = Terms(
        principal=1_000_000_00,
        rate=Rate(134_000_000),
        installments=12,
        installment_multiple=100,
        installment_rounding=Rounding.UP,
    )
    assert totals(loan)[0] % 100 == 0
    assert totals(loan)[-1] <= totals(loan)[0]


def test_an_agreed_installment_ends_the_schedule_when_it_clears_the_balance() -> None:
    rows = schedule(terms(agreed_installment=200_000), JANUARY_15)
    assert [row.principal + row.interest for row in rows[:-1]] == [200_000, 200_000]
    assert len(rows) == 3
    assert sum(row.principal for row in rows) == 500_000


def test_equal_principal_of_an_agreed_part() -> None:
    loan = terms(method=Method.EQUAL_PRINCIPAL, agreed_installment=150_000)
    assert [row.principal for row in schedule(loan, JANUARY_15)] == [150_000, 150_000, 150_000, 50_000]


def test_at_maturity_is_one_row_over_all_the_days() -> None:
    loan = terms(method=Method.AT_MATURITY, day_count=DayCount.ACT_365)
    assert schedule(loan, JANUARY_15) == (Installment(JANUARY_15, date(2025, 7, 15), Minor(500_000), Minor(45_250)),)
    assert schedule(terms(method=Method.AT_MATURITY), JANUARY_15)[0].interest == 45_000


def test_interest_only_repays_the_principal_with_the_last_installment() -> None:
    rows = schedule(terms(method=Method.INTEREST_ONLY, day_count=DayCount.ACT_360), JANUARY_15)
    assert [row.interest for row in rows] == [7_750, 7_000, 7_750, 7_500, 7_750, 7_500]
    assert [row.principal for row in rows] == [0, 0, 0, 0, 0, 500_000]


def test_a_first_period_by_actual_days_moves_only_the_first_total() -> None:
    loan = Terms(
        principal=1_200_000,
        rate=Rate(120_000_000),
        installments=12,
        first_due=date(2025, 2, 20),
        first_day_count=DayCount.ACT_360,
    )
    rows = schedule(loan, JANUARY_15)
    assert rows[0].interest == 14_400
    assert rows[0].principal == 94_619
    assert summary(rows).interest == 81_823
    assert schedule(msgspec.structs.replace(loan, interest_free=1), JANUARY_15)[0].interest == 0


@pytest.mark.parametrize(("rounding", "interest"), [(Rounding.HALF_UP, 13), (Rounding.HALF_EVEN, 12)])
def test_a_planted_tie_follows_the_rounding_mode(rounding: Rounding, interest: int) -> None:
    loan = Terms(principal=1_250, rate=Rate(120_000_000), installments=1, rounding=rounding)
    assert schedule(loan, JANUARY_15)[0].interest == interest


def test_smoothing_spreads_the_last_difference_only_while_it_gets_smaller() -> None:
    loan = Terms(
        principal=10_000,
        rate=Rate(156_780_000),
        installments=6,
        day_count=DayCount.ACT_365,
        rounding=Rounding.HALF_EVEN,
    )
    dates = (date(2024, 1, 1), *(date(2024, month, 1) for month in range(2, 8)))
    plain, smoothed = plan_over(loan, dates), plan_over(msgspec.structs.replace(loan, smoothing_rounds=3), dates)
    # The source keeps 17.43 and 17.47: one cent more on each would bring the last no closer.
    assert plain == smoothed


def test_smoothing_does_not_go_to_a_level_that_repays_the_loan_before_its_last_installment() -> None:
    # Of 17.42 the nearest 5.00 is 15.00; at 20.00 seven installments repay it, and the last is as far off as at 15.00.
    loan = Terms(
        principal=13_369,
        rate=Rate(133_690_000),
        installments=8,
        every=25,
        unit=Unit.DAY,
        day_count=DayCount.ACT_360,
        installment_multiple=500,
        smoothing_rounds=3,
    )
    assert [row.principal + row.interest for row in schedule(loan, date(2020, 7, 22))] == [1_500] * 7 + [3_496]


REFUSED: list[tuple[dict[str, object], Refusal]] = [
    ({"waterfall": Waterfall((Step(order=(Component.INTEREST, Component.PRINCIPAL)),))}, Refusal.WATERFALL_INCOMPLETE),
    ({"waterfall": Waterfall((Step(order=(*Component, Component.FEE)),))}, Refusal.WATERFALL_INCOMPLETE),
    ({"unit": Unit.WEEK, "due_day": 15}, Refusal.DUE_DAY_WITHOUT_MONTHS),
    ({"first_due": date(2024, 12, 31)}, Refusal.FIRST_DUE_BEFORE_DISBURSEMENT),
    ({"method": Method.FLAT, "recalculation": Recalculation()}, Refusal.TERMS_CONTRADICT),
    ({"unit": Unit.YEAR, "every": 366, "installments": 600}, Refusal.SCHEDULE_TOO_LONG),
    (
        {"late_waterfalls": (LateWaterfall(30, Waterfall((Step(order=(Component.PRINCIPAL,)),))),)},
        Refusal.WATERFALL_INCOMPLETE,
    ),
    ({"source_waterfalls": (SourceWaterfall(Source.GOODWILL_CREDIT, Waterfall(())),)}, Refusal.WATERFALL_INCOMPLETE),
    ({"non_accrual": NonAccrual(91, Waterfall(()))}, Refusal.WATERFALL_INCOMPLETE),
    ({"balloon": 5_000, "agreed_installment": 90_000}, Refusal.TERMS_CONTRADICT),
    ({"amortize_over": 4}, Refusal.TERMS_CONTRADICT),
    ({"amortize_over": 24, "amortize_until": date(2026, 12, 15)}, Refusal.DATES_OUT_OF_ORDER),
    ({"amortize_over": 600, "unit": Unit.YEAR, "every": 20}, Refusal.SCHEDULE_TOO_LONG),
    ({"floating": Floating(Cycle(JANUARY_15), floor_ppb=2, cap_ppb=1)}, Refusal.TERMS_CONTRADICT),
    ({"prepayment": Prepayment(least=2, most=1)}, Refusal.TERMS_CONTRADICT),
    ({"late_waterfalls": (LateWaterfall(30, Waterfall()), LateWaterfall(30, Waterfall()))}, Refusal.TERMS_CONTRADICT),
    ({"credit_order": (Component.FEE, Component.FEE)}, Refusal.TERMS_CONTRADICT),
    ({"agreed_installment": 7_500}, Refusal.PAYMENT_DOES_NOT_AMORTIZE),
    (
        {
            "agreed_installment": 100,
            "negative_amortization": True,
            "first_day_count": DayCount.ACT_365,
            "first_due": date(2025, 2, 10),
        },
        Refusal.PAYMENT_DOES_NOT_AMORTIZE,
    ),
    ({"recalculation": Recalculation(), "capitalize_until": JANUARY_15}, Refusal.INTEREST_WAITS_AND_FOLLOWS),
    ({"recalculation": Recalculation(), "negative_amortization": True}, Refusal.INTEREST_WAITS_AND_FOLLOWS),
    ({"principal": 2, "installments": 600}, Refusal.PAYMENT_DOES_NOT_AMORTIZE),
    ({"principal": 2, "method": Method.FLAT}, Refusal.PAYMENT_DOES_NOT_AMORTIZE),
    ({"principal": AMOUNT_MAX, "method": Method.AT_MATURITY}, Refusal.INSTALLMENT_TOO_LARGE),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_terms_that_give_no_schedule_are_refused_by_code(changes: dict[str, object], code: Refusal) -> None:
    assert check_terms(terms(**changes), JANUARY_15) == code.value
    with pytest.raises(AssertionError, match=code.value):
        schedule(terms(**changes), JANUARY_15)


def test_good_terms_have_no_code() -> None:
    assert check_terms(terms(), JANUARY_15) is None
    assert plan(terms(), JANUARY_15) == schedule(terms(), JANUARY_15)


def test_interest_accrues_by_actual_days_up_to_the_due_date() -> None:
    row = Installment(date(2024, 2, 1), date(2024, 3, 1), Minor(1_653), Minor(49))
    at = {day: accrued(row, day, Rounding.HALF_EVEN) for day in (date(2024, 1, 1), date(2024, 2, 1))}
    assert set(at.values()) == {0}
    # 100.00 at 7 %, paid off in mid-February: 14 of 29 days of the month's 0.49.
    assert accrued(row, date(2024, 2, 15), Rounding.HALF_EVEN) == 24
    assert accrued(row, date(2024, 3, 1), Rounding.HALF_EVEN) == 49
    assert accrued(row, date(2025, 3, 1), Rounding.HALF_EVEN) == 49


def test_penalty_is_exact_to_the_day_whatever_its_rate_is_quoted_for() -> None:
    assert penalty(Minor(80_013), Rate(750_000, RatePer.DAY), 10, Rounding.HALF_UP) == 600
    assert penalty(Minor(81_066), Rate(90_000_000), 4, Rounding.HALF_UP) == 81
    assert penalty(Minor(81_066), Rate(90_000_000), 10, Rounding.HALF_UP) == 203
    assert penalty(Minor(81_066), Rate(7_500_000, RatePer.MONTH), 10, Rounding.HALF_UP) == 203
    assert penalty(Minor(81_066), Rate(90_000_000), 10, Rounding.HALF_UP, penalty_year(DayCount.ACT_365)) == 200
    assert penalty(Minor(0), Rate(90_000_000), 10, Rounding.UP) == 0
