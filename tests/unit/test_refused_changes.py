"""Changes of terms that are refused, and how far others go."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from core.commands import AddCharge, ChangeTerms
from core.contract.changes import Change, Extend, FixIndex, Holiday, Reschedule
from core.contract.servicing import Recalculation
from core.contract.terms import Cycle, Floating, Method, Rate, Unit
from core.rejections import Code, Rejection
from tests.unit.running_loan import LOAN, RunningLoan
from tests.unit.test_changes import LEVEL, MORTGAGE, ONCE, change, lived


def refused(loan: RunningLoan, wanted: Change) -> Rejection:
    """Return why terms are not changed."""
    rejection = loan.try_to(ChangeTerms(account=1, loan=LOAN, change=wanted))
    assert isinstance(rejection, Rejection)
    return rejection


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        ({"installments": 600}, Extend(installments=1)),
        ({"installments": 600}, Holiday(installments=1)),
        ({}, Reschedule(installments=600)),
        ({"every": 366, "unit": Unit.YEAR, "installments": 21}, Extend(installments=1)),
        ({"every": 366, "unit": Unit.YEAR, "installments": 21}, Holiday(installments=1)),
    ],
)
def test_no_change_makes_more_installments_than_there_can_be(terms: dict[str, Any], wanted: Change) -> None:
    loan = lived(replace(LEVEL, rate=Rate(6_000_000), **terms), date(2025, 3, 20))
    assert refused(loan, wanted) == Rejection(Code.TERMS_INVALID, "schedule_too_long")


@pytest.mark.parametrize(
    ("method", "payment"),
    [(Method.EQUAL_INSTALLMENT, 4_300), (Method.EQUAL_PRINCIPAL, 1), (Method.FLAT, 1), (Method.PRINCIPAL_FIRST, 1)],
)
def test_a_payment_that_never_repays_is_refused_however_many_installments_have_passed(
    method: Method, payment: int
) -> None:
    loan = lived(replace(LEVEL, method=method), date(2025, 3, 20))
    assert refused(loan, Reschedule(payment=payment)) == Rejection(Code.TERMS_INVALID, "payment_does_not_amortize")


def test_interest_that_follows_payments_has_no_grace() -> None:
    loan = lived(replace(LEVEL, recalculation=Recalculation()), date(2025, 3, 20))
    assert refused(loan, Reschedule(interest_grace=1)) == Rejection(Code.TERMS_INVALID, "interest_waits_and_follows")


def test_principal_first_has_as_many_installments_as_its_payment_makes() -> None:
    loan = lived(replace(LEVEL, method=Method.PRINCIPAL_FIRST), date(2025, 3, 20))
    change(loan, Reschedule(payment=50_000))
    assert [row.principal for row in loan.to_come] == [50_000] * 16 + [33_334]


def test_a_flat_payment_is_its_principal_part_also_where_as_many_installments_as_there_can_be_repay_it() -> None:
    loan = lived(replace(LEVEL, method=Method.FLAT), date(2025, 3, 20))
    change(loan, Reschedule(payment=1_395))
    assert [row.principal for row in loan.to_come] == [1_395] * 597 + [519]


@pytest.mark.parametrize("method", [Method.INTEREST_ONLY, Method.AT_MATURITY])
def test_a_loan_that_is_repaid_at_the_end_has_no_payment_to_agree_on(method: Method) -> None:
    loan = lived(replace(LEVEL, method=method), date(2025, 3, 20))
    assert refused(loan, Reschedule(payment=100_000)).code is Code.CHANGE_REFUSED


def test_a_loan_that_falls_due_once_has_a_date_or_a_number_of_periods_and_not_too_many() -> None:
    loan = lived(ONCE, date(2025, 3, 2))
    assert refused(loan, Reschedule(due_day=20, installments=8)).code is Code.CHANGE_REFUSED
    assert refused(loan, Reschedule(first_due=date(2090, 1, 1))).code is Code.TERMS_INVALID


def test_dates_cannot_be_moved_where_only_a_charge_is_to_come() -> None:
    loan = lived(replace(LEVEL, installments=2), date(2025, 2, 20))
    loan.ask(AddCharge(account=1, loan=LOAN, component="fee", amount=5_000, due_date=date(2025, 4, 11)))
    loan.live_until(date(2025, 3, 20), pays=False)
    assert refused(loan, Reschedule(due_day=25)).code is Code.CHANGE_REFUSED


def test_a_rate_agreed_on_a_floating_loan_ends_the_index() -> None:
    resets = Floating(Cycle(date(2025, 4, 15), 1, Unit.MONTH), spread_ppb=2_500_000)
    loan = lived(replace(MORTGAGE, floating=resets), date(2025, 3, 20))
    change(loan, FixIndex(on=date(2025, 3, 20), ppb=30_000_000))
    loan.live_until(date(2025, 7, 15))
    change(loan, Reschedule(rate=Rate(25_000_000)))
    assert refused(loan, FixIndex(on=date(2025, 8, 1), ppb=90_000_000)).code is Code.CHANGE_REFUSED
    # Before, the index held: 3.25 % from the fourth period on.
    assert [step.rate.ppb for step in loan.contract.terms.rate_steps] == [32_500_000] * 3 + [25_000_000]
    interest = [row.interest for row in loan.to_come]
    owing = loan.loan.principal
    assert interest[0] == (owing * 25 * 2 + 12_000) // (2 * 12_000)


def test_an_index_value_for_days_that_have_passed_takes_effect_with_them_or_not_at_all() -> None:
    resets = Floating(Cycle(date(2025, 2, 15), 1, Unit.MONTH))
    loan = lived(replace(MORTGAGE, floating=resets), date(2025, 4, 20))
    late = FixIndex(on=date(2025, 3, 1), ppb=30_000_000)
    assert refused(loan, late).code is Code.CHANGE_REFUSED
    loan.ask(ChangeTerms(account=1, loan=LOAN, change=late, effective_on=date(2025, 3, 1)))


def test_a_change_that_asks_for_nothing_is_refused() -> None:
    assert refused(lived(LEVEL, date(2025, 3, 20)), Reschedule()).code is Code.NOTHING_TO_DO
