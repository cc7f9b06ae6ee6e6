"""Terms with one of them missing: found so that the schedule really has the payment, or refused with a code."""

from datetime import date

import pytest
from msgspec.structs import replace

from core.contract.terms import (
    BrokenPeriod,
    DayCount,
    Installment,
    Method,
    Rate,
    RatePer,
    Terms,
    Tranche,
    Unit,
    installment_total,
)
from core.money import AMOUNT_MAX, Rounding
from core.schedule.plan import Refusal, plan, rows_at_payout, summary
from core.schedule.solve import Unknown, Unsolvable, regular_payment, solve

PAID_OUT = date(2025, 1, 15)
LEVEL = Terms(principal=10_000_00, rate=Rate(60_000_000), installments=12)


def solved(terms: Terms, unknown: Unknown, payment: int | None) -> Terms:
    found = solve(terms, unknown, payment, PAID_OUT)
    assert isinstance(found, Terms), found
    return found


def paid(terms: Terms) -> int:
    rows = plan(terms, PAID_OUT)
    assert not isinstance(rows, Refusal)
    return regular_payment(terms, rows)


def test_each_term_is_found_from_the_others() -> None:
    assert solved(replace(LEVEL, rate=Rate(0)), Unknown.RATE, 860_66).rate == Rate(60_000_000)
    assert solved(replace(LEVEL, principal=1), Unknown.PRINCIPAL, 860_66).principal == 10_000_00
    assert solved(replace(LEVEL, installments=1), Unknown.INSTALLMENTS, 860_66).installments == 12
    assert paid(solved(replace(LEVEL, agreed_installment=99), Unknown.PAYMENT, None)) == 860_66


def test_the_roundest_of_equals_is_found_and_gives_the_payment_exactly() -> None:
    terms = Terms(principal=8_000_00, rate=Rate(0, RatePer.MONTH), installments=48)
    found = solved(terms, Unknown.RATE, 200_00)
    assert found.rate == Rate(7_702_000, RatePer.MONTH)
    assert paid(found) == 200_00


def test_0_is_the_roundest_of_all() -> None:
    assert solved(replace(LEVEL, rate=Rate(77)), Unknown.RATE, 833_33).rate == Rate(0)


@pytest.mark.parametrize(("unknown", "payment"), [(Unknown.RATE, 6_443), (Unknown.PRINCIPAL, 6_443)])
@pytest.mark.parametrize("principal", [10_000_00, 10_000_000_00])
def test_few_plans_are_tried(monkeypatch: pytest.MonkeyPatch, principal: int, unknown: Unknown, payment: int) -> None:
    tried = 0

    def counted(terms: Terms, on: date) -> tuple[Installment, ...] | Refusal:
        nonlocal tried
        tried += 1
        return plan(terms, on)

    monkeypatch.setattr("core.schedule.solve.plan", counted)
    solved(
        Terms(principal=principal, rate=Rate(60_000_000), installments=360), unknown, payment * principal // 10_000_00
    )
    assert tried <= 50  # Halving alone takes more than 70.


def test_a_principal_for_a_payment() -> None:
    # Ten payments of 1,000 at 3 % a period are worth 8,530.20.
    terms = Terms(principal=1, rate=Rate(30_000_000, RatePer.MONTH), installments=10)
    assert solved(terms, Unknown.PRINCIPAL, 1_000_00).principal == 8_530_20


def test_the_number_of_installments_takes_a_smaller_last_one() -> None:
    terms = Terms(principal=280_000, rate=Rate(84_000_000), installments=1, installment_rounding=Rounding.UP)
    found = solved(terms, Unknown.INSTALLMENTS, 14_000)
    rows = plan(found, PAID_OUT)
    assert not isinstance(rows, Refusal)
    totals = summary(rows)
    assert (found.installments, totals.installments, totals.interest, totals.total) == (22, 22, 22_712, 302_712)


def test_a_payment_that_no_rate_gives_exactly_is_agreed() -> None:
    # At this size a part per billion moves the installment by more than a cent.
    huge = Terms(principal=AMOUNT_MAX // 10, rate=Rate(0), installments=360)
    found = solved(huge, Unknown.RATE, 5 * 10**9)
    assert found.agreed_installment == 5 * 10**9
    rows = plan(found, PAID_OUT)
    assert not isinstance(rows, Refusal)
    assert len(rows) == 360
    assert summary(rows).last_total <= 5 * 10**9


def test_an_installment_off_its_multiple_is_agreed() -> None:
    found = solved(replace(LEVEL, installment_multiple=100), Unknown.RATE, 860_66)
    assert (found.agreed_installment, paid(found)) == (860_66, 860_66)


@pytest.mark.parametrize("method", [Method.EQUAL_PRINCIPAL, Method.FLAT])
def test_methods_with_equal_principal_are_solved_for_their_first_payment(method: Method) -> None:
    terms = replace(LEVEL, method=method)
    assert solved(terms, Unknown.RATE, 900_00).rate == Rate(80_000_000)
    assert paid(solved(terms, Unknown.PRINCIPAL, 900_00)) == 900_00
    by_number = solved(terms, Unknown.INSTALLMENTS, 900_00)
    assert (by_number.installments, by_number.agreed_installment, paid(by_number)) == (12, 850_00, 900_00)


def test_interest_only_says_nothing_of_the_number() -> None:
    terms = replace(LEVEL, method=Method.INTEREST_ONLY)
    assert solved(terms, Unknown.RATE, 50_00).rate == Rate(60_000_000)
    assert solve(terms, Unknown.INSTALLMENTS, 50_01, PAID_OUT) is Unsolvable.NO_SUCH_NUMBER


@pytest.mark.parametrize(
    ("unknown", "payment", "code"),
    [
        (Unknown.RATE, None, Unsolvable.PAYMENT_MISSING),
        (Unknown.RATE, 833_32, Unsolvable.NO_SUCH_RATE),
        (Unknown.RATE, AMOUNT_MAX, Unsolvable.NO_SUCH_RATE),
        (Unknown.INSTALLMENTS, 50_00, Refusal.PAYMENT_DOES_NOT_AMORTIZE),
        (Unknown.INSTALLMENTS, 50_01, Unsolvable.NO_SUCH_NUMBER),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(unknown: Unknown, payment: int | None, code: str) -> None:
    assert solve(LEVEL, unknown, payment, PAID_OUT) == code


def test_wrong_terms_are_refused_for_what_is_wrong() -> None:
    wrong = replace(LEVEL, first_due=date(2025, 1, 14))
    for unknown in Unknown:
        assert solve(wrong, unknown, 860_66, PAID_OUT) is Refusal.FIRST_DUE_BEFORE_DISBURSEMENT


def test_a_long_period_is_not_planned_beyond_what_is_needed() -> None:
    decades = Terms(principal=10_000_00, rate=Rate(0), installments=1, every=40, unit=Unit.YEAR)
    assert solved(decades, Unknown.INSTALLMENTS, 1_000_00).installments == 10


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL])
@pytest.mark.parametrize(
    "terms",
    [
        replace(LEVEL, down_payment_ppb=250_000_000),
        replace(LEVEL, first_due=date(2025, 3, 3), day_count=DayCount.ACT_365, broken_period=BrokenPeriod.UPFRONT),
        replace(LEVEL, principal_grace=3),
        replace(LEVEL, tranches=(Tranche(date(2025, 4, 1), 1_000_00),)),
    ],
    ids=["down payment", "interest upfront", "grace", "tranche"],
)
def test_what_comes_before_the_first_part_of_principal_is_no_installment_of_the_payment(
    terms: Terms, method: Method
) -> None:
    found = solved(replace(terms, method=method, installments=1), Unknown.INSTALLMENTS, 900_00)
    rows = plan(found, PAID_OUT)
    assert not isinstance(rows, Refusal)
    assert paid(found) == 900_00
    assert found.installments == len(rows) - rows_at_payout(found, rows, PAID_OUT)
    assert installment_total(rows[-1]) <= 900_00


def test_principal_first_ends_as_soon_as_all_principal_is_repaid() -> None:
    found = solved(replace(LEVEL, method=Method.PRINCIPAL_FIRST), Unknown.INSTALLMENTS, 2_000_00)
    assert found.installments == 5
    rows = plan(found, PAID_OUT)
    assert not isinstance(rows, Refusal)
    assert [row.principal for row in rows] == [2_000_00] * 5


def test_a_first_period_whose_interest_is_above_the_payment_does_not_hinder() -> None:
    late = replace(LEVEL, first_due=date(2026, 1, 15), day_count=DayCount.ACT_365)
    found = solved(late, Unknown.INSTALLMENTS, 500_00)
    assert (found.installments, paid(found)) == (23, 500_00)


def test_grace_on_principal_is_not_the_payment_of_equal_principal() -> None:
    terms = replace(LEVEL, method=Method.EQUAL_PRINCIPAL, principal_grace=2)
    assert paid(terms) == 1_050_00
    assert solved(terms, Unknown.RATE, 1_050_00).rate == Rate(60_000_000)
