"""Ageing states, their dates and the penalty, day by day around every boundary."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from core.account import Bucket, Due, Loan, LoanStatus
from core.contract.terms import Rate, RatePer, Terms
from core.money import Minor
from core.servicing.delinquency import ACTION, bucket_for, days_past_due, next_bucket_date
from core.servicing.lateness import accrued_penalty, running_penalties

DUE_DATE = date(2026, 1, 31)
TERMS = Terms(principal=81_066, rate=Rate(0), installments=1, penalty_rate=Rate(90_000_000), grace_days=3)


def due(principal: int = 81_066, penalty_from: date = DUE_DATE) -> Due:
    """An unpaid installment of 31 January."""
    return Due(1, DUE_DATE, Minor(principal), Minor(0), Minor(0), Minor(0), penalty_from)


def late_after(grace: int, first_late_day: int = 0) -> Terms:
    """Return terms with these conventions of lateness."""
    return replace(TERMS, grace_days=grace, first_late_day=first_late_day)


def accruing(due: Due, terms: Terms, on: date, principal: int = 0) -> int:
    """Return the penalty that runs on a loan with this due."""
    loan = Loan(1, LoanStatus.ACTIVE, Minor(principal or due.principal), dues=(due,))
    return sum(accrued_penalty(running, terms, on) for running in running_penalties(loan, terms))


@pytest.mark.parametrize(
    ("days", "grace", "bucket"),
    [
        (0, 0, Bucket.CURRENT),
        (1, 0, Bucket.M1),
        (30, 0, Bucket.M1),
        (31, 0, Bucket.M2),
        (60, 0, Bucket.M2),
        (61, 0, Bucket.M3),
        (90, 0, Bucket.M3),
        (91, 0, Bucket.M4),
        (4_000, 0, Bucket.M4),
        (1, 3, Bucket.CURRENT),
        (3, 3, Bucket.CURRENT),
        (4, 3, Bucket.M1),
        (30, 3, Bucket.M1),
        (31, 3, Bucket.M2),
        (40, 40, Bucket.CURRENT),
        (41, 40, Bucket.M2),
        (60, 60, Bucket.CURRENT),
        (61, 60, Bucket.M3),
    ],
)
def test_the_ageing_state_follows_from_days_past_due_and_grace(days: int, grace: int, bucket: Bucket) -> None:
    assert bucket_for(days, grace) is bucket


@pytest.mark.parametrize("grace", [0, 1, 3, 30, 31, 60])
def test_the_next_ageing_date_is_the_first_day_on_which_the_state_is_another(grace: int) -> None:
    loan = Loan(1, LoanStatus.ACTIVE, bucket=Bucket.CURRENT, dues=(due(),))
    for days in range(1, 100):
        now = bucket_for(days, grace)
        if now is not loan.bucket:
            assert next_bucket_date(loan, late_after(grace)) == DUE_DATE + timedelta(days=days)
            loan = Loan(1, LoanStatus.ACTIVE, bucket=now, dues=(due(),))
    assert next_bucket_date(loan, late_after(grace)) is None


@pytest.mark.parametrize(("on", "days"), [(-1, 0), (0, 0), (1, 1), (28, 28)])
def test_the_due_date_itself_is_day_0(on: int, days: int) -> None:
    assert days_past_due(Loan(1, LoanStatus.ACTIVE, dues=(due(),)), DUE_DATE + timedelta(days=on)) == days


def test_a_loan_that_owes_nothing_is_not_late() -> None:
    assert days_past_due(Loan(1, LoanStatus.ACTIVE), DUE_DATE) == 0
    assert next_bucket_date(Loan(1, LoanStatus.ACTIVE), late_after(0)) is None


@pytest.mark.parametrize(("days", "penalty"), [(0, 0), (1, 0), (3, 0), (4, 81), (10, 203)])
def test_penalty_starts_after_grace_and_counts_from_the_day_after_due(days: int, penalty: int) -> None:
    # 810.66 at 6 % x 1.5 on 360 days, 3 days of grace (loan arithmetic, worked example).
    assert accruing(due(), TERMS, DUE_DATE + timedelta(days=days)) == penalty


@pytest.mark.parametrize("rate", [Rate(0), Rate(0, RatePer.DAY)])
def test_no_penalty_without_a_rate(rate: Rate) -> None:
    terms = Terms(principal=81_066, rate=Rate(0), installments=1, penalty_rate=rate)
    assert accruing(due(), terms, date(2027, 1, 1)) == 0


def test_no_penalty_without_principal_past_due() -> None:
    assert accruing(due(principal=0), TERMS, date(2027, 1, 1)) == 0


def test_penalty_goes_on_from_where_it_was_charged() -> None:
    charged_on = DUE_DATE + timedelta(days=4)
    assert accruing(due(penalty_from=charged_on), TERMS, charged_on) == 0
    assert accruing(due(penalty_from=charged_on), TERMS, charged_on + timedelta(days=6)) == 122


def test_every_ageing_state_has_its_action() -> None:
    assert set(ACTION) == set(Bucket)
