"""Internal rates of return and yearly rates, on figures that were computed elsewhere."""

from datetime import date

import pytest
from msgspec.structs import replace

from core.contract.terms import DayCount, Installment, Method, Rate, RatePer, Terms, Unit
from core.cost.disclosure import Fee, Flow, dated_internal_rate, disclose, internal_rate, yearly
from core.schedule.plan import Refusal, plan

PAID_OUT = date(2025, 1, 15)
FLAT = Terms(principal=12_000_00, rate=Rate(6_000_000, RatePer.MONTH), installments=12, method=Method.FLAT)
LEVEL = Terms(principal=10_000_00, rate=Rate(60_000_000), installments=12)


def rows(terms: Terms, on: date = PAID_OUT) -> tuple[Installment, ...]:
    planned = plan(terms, on)
    assert not isinstance(planned, Refusal)
    return planned


def test_an_internal_rate_of_return_may_be_negative() -> None:
    flows = [-700_000, 120_000, 150_000, 180_000, 210_000, 260_000]
    assert internal_rate(flows[:5]) == -21_244_848
    assert internal_rate(flows) == 86_630_948


@pytest.mark.parametrize("flows", [[], [100], [100, 100], [-100, 0, 0], [0, 0]])
def test_flows_that_never_balance_have_no_rate(flows: list[int]) -> None:
    assert internal_rate(flows) is None
    assert dated_internal_rate([Flow(date(2025, 1, 1 + day), flow) for day, flow in enumerate(flows)]) is None


def test_a_year_by_days_is_compounded_over_365() -> None:
    assert dated_internal_rate([Flow(date(2026, 1, 1), 11_000), Flow(date(2025, 1, 1), -10_000)]) == 100_000_000
    assert dated_internal_rate([Flow(date(2025, 1, 1), -10_000), Flow(date(2026, 1, 1), 9_000)]) == -100_000_000
    # 10 % over 73 days, five times a year.
    assert dated_internal_rate([Flow(date(2025, 1, 1), -10_000), Flow(date(2025, 3, 15), 11_000)]) == 610_510_000


def test_a_flat_loan_costs_far_more_than_its_flat_rate() -> None:
    # 12,000 in 12 parts at 0.6 % a month: 1.0862 % a month, 13.03 % simple, 13.84 % compound, never 7.2 % or 13.29 %.
    rates = disclose(FLAT, PAID_OUT, rows(FLAT))
    assert rates is not None
    assert (rates.per_period, rates.simple, rates.compound) == (10_861_854, 130_342_243, 138_417_851)


def test_a_payment_plan_is_disclosed_from_what_is_paid() -> None:
    monthly = internal_rate([-8_000_00, *[200_00] * 48])
    assert monthly == 7_701_472
    assert round(monthly * 12, -5) == 92_400_000


@pytest.mark.parametrize("grid", [{"month_end": True}, {"due_day": 31}])
def test_months_from_one_last_day_to_the_next_are_whole(grid: dict[str, int]) -> None:
    terms = replace(LEVEL, rate=Rate(120_000_000), method=Method.INTEREST_ONLY, **grid)
    rates = disclose(terms, date(2025, 2, 28), rows(terms, date(2025, 2, 28)))
    assert rates is not None
    assert (rates.per_period, rates.simple) == (10_000_000, 120_000_000)


def test_a_fee_withheld_lowers_the_proceeds() -> None:
    rates = disclose(LEVEL, PAID_OUT, rows(LEVEL), [Fee(PAID_OUT, 200_00)])
    assert rates is not None
    assert (round(rates.simple, -5), round(rates.compound, -5)) == (98_000_000, 102_500_000)


def test_a_fee_with_each_installment_counts_like_interest() -> None:
    free = Terms(principal=12_000_00, rate=Rate(0), installments=12)
    fees = [Fee(row.due_date, 72_00) for row in rows(free)]
    assert disclose(free, PAID_OUT, rows(free), fees) == disclose(FLAT, PAID_OUT, rows(FLAT))


def test_fees_that_take_all_the_proceeds_have_no_rate() -> None:
    assert disclose(LEVEL, PAID_OUT, rows(LEVEL), [Fee(PAID_OUT, 10_000_00)]) is None


def test_a_loan_without_cost_is_disclosed_as_nothing() -> None:
    free = Terms(principal=12_000_00, rate=Rate(0), installments=12)
    rates = disclose(free, PAID_OUT, rows(free))
    assert rates is not None
    assert (rates.per_period, rates.simple, rates.compound, rates.by_days) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("unit", "every", "simple", "compound"),
    [
        (Unit.DAY, 1, 365_000_000, 440_251_313),
        (Unit.DAY, 5, 73_000_000, 75_691_300),
        (Unit.WEEK, 1, 52_000_000, 53_348_373),
        (Unit.MONTH, 1, 12_000_000, 12_066_220),
        (Unit.QUARTER, 1, 4_000_000, 4_006_004),
        (Unit.MONTH, 6, 2_000_000, 2_001_000),
        (Unit.YEAR, 1, 1_000_000, 1_000_000),
        (Unit.YEAR, 2, 500_000, 499_875),
    ],
)
def test_a_tenth_of_a_percent_a_period_by_the_periods_of_a_year(
    unit: Unit, every: int, simple: int, compound: int
) -> None:
    terms = Terms(principal=10**9, rate=Rate(0), installments=1, unit=unit, every=every)
    (row,) = rows(terms)
    rates = disclose(terms, PAID_OUT, (row,), [Fee(row.due_date, 10**6)])
    assert rates is not None
    assert (rates.per_period, rates.simple, rates.compound) == (1_000_000, simple, compound)


def test_an_incomplete_first_month_bears_simple_interest() -> None:
    # Half a month at 1 %, then a whole one: 1.01 * 1.005.
    terms = Terms(principal=10**9, rate=Rate(0), installments=1, first_due=date(2025, 3, 2))
    (row,) = rows(terms)
    rates = disclose(terms, PAID_OUT, (row,), [Fee(row.due_date, 15_050_000)])
    assert rates is not None
    assert rates.per_period == 10_000_000


def test_one_payment_at_maturity_is_spread_over_its_periods() -> None:
    terms = Terms(
        principal=10**9, rate=Rate(120_000_000), installments=6, method=Method.AT_MATURITY, day_count=DayCount.PERIOD
    )
    rates = disclose(terms, PAID_OUT, rows(terms))
    assert rates is not None
    assert rates.compound == 123_600_000


def test_dates_centuries_apart_take_no_longer() -> None:
    every = Terms(principal=1_000_00, rate=Rate(10_000_000), installments=20, unit=Unit.YEAR, every=366)
    terms = replace(every, method=Method.INTEREST_ONLY)
    rates = disclose(terms, PAID_OUT, rows(terms))
    assert rates is not None
    assert rates.per_period > 0


def test_a_day_rate_by_its_basis() -> None:
    day_rate = Rate(500_000, RatePer.DAY)
    assert (yearly(day_rate, 360), yearly(day_rate, 365)) == (180_000_000, 182_500_000)
    assert yearly(Rate(15_000_000, RatePer.MONTH), 360) == 180_000_000
    assert yearly(Rate(94_822_000), 365) == 94_822_000
