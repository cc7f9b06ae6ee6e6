"""Partial prepayment and its fee: worked figures (loan_math section 10), and what is refused."""

from datetime import date

import pytest
from msgspec.structs import replace

from core.account import LoanStatus
from core.change_events import Prepaid
from core.commands import PayOff, Prepay
from core.contract.changes import Effect
from core.contract.servicing import Prepayment, PrepaymentInterest, Recalculation, Rest
from core.contract.terms import BusinessDays, DayCount, Method, Rate, RatePer, Terms, installment_total
from core.rejections import Code, Rejection
from tests.unit.running_loan import LOAN, RunningLoan

LEVEL = Terms(principal=1_000_000, rate=Rate(60_000_000), installments=12, reminder_days=0)
DISBURSED = date(2025, 1, 15)


def after_six(terms: Terms = LEVEL) -> RunningLoan:
    """Return the loan after six installments, on the day of the sixth."""
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(date(2025, 7, 15))
    return loan


def prepay(loan: RunningLoan, amount: int, effect: Effect = Effect.SHORTEN) -> Prepaid:
    """Prepay and return what happened."""
    events = loan.ask(Prepay(account=1, loan=LOAN, amount=amount, effect=effect))
    return next(event for event in events if isinstance(event, Prepaid))


def test_the_installment_stays_and_fewer_are_to_come() -> None:
    loan = after_six()
    prepay(loan, 200_000)
    assert [installment_total(row) for row in loan.to_come] == [86_066, 86_066, 86_066, 52_890]
    assert sum(row.interest for row in loan.to_come) == 3_605


def test_the_number_stays_and_each_is_smaller() -> None:
    loan = after_six()
    prepay(loan, 200_000, Effect.REDUCE_PAYMENT)
    assert [installment_total(row) for row in loan.to_come] == [52_148] * 5 + [52_145]
    assert sum(row.interest for row in loan.to_come) == 5_402


def test_equal_principal_keeps_its_part() -> None:
    terms = replace(
        LEVEL, principal=100_000_000, rate=Rate(31_000_000), installments=360, method=Method.EQUAL_PRINCIPAL
    )
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(date(2026, 1, 15))
    prepay(loan, loan.loan.principal - 93_333_333)
    # A level payment met in the field shortened it to 243: the part is what stays.
    assert [row.principal for row in loan.to_come] == [277_778] * 335 + [277_703]


def test_interest_to_the_day_is_paid_and_accrual_begins_anew() -> None:
    loan = RunningLoan(LEVEL, DISBURSED)
    loan.live_until(date(2025, 7, 25))
    paid = prepay(loan, 200_000)
    assert (paid.interest, paid.principal) == (818, 199_182)
    assert loan.accrued() == 0
    loan.live_until(date(2025, 8, 15), pays=False)
    assert loan.loan.dues[0].interest == 1_044  # 21 of 31 days of 3,083.01


@pytest.mark.parametrize("method", [each for each in Method if each not in (Method.PRINCIPAL_FIRST, Method.FLAT)])
def test_interest_follows_what_was_prepaid_on_the_first_day_of_a_period(method: Method) -> None:
    loan = RunningLoan(replace(LEVEL, method=method, recalculation=Recalculation()), DISBURSED)
    prepay(loan, 700_000, Effect.KEEP_SCHEDULE)
    assert sum(row.principal for row in loan.to_come) == 300_000
    assert max(row.interest for row in loan.to_come) <= loan.loan.principal * 12 // 200
    loan.live_until(date(2026, 1, 15))
    assert loan.loan.status is LoanStatus.CLOSED


def test_by_term_the_running_period_stays_as_it_is() -> None:
    loan = RunningLoan(replace(LEVEL, prepayment=Prepayment(interest=PrepaymentInterest.UNTIL_DUE)), DISBURSED)
    loan.live_until(date(2025, 7, 25))
    before = loan.to_come[0]
    paid = prepay(loan, 200_000)
    assert (paid.interest, paid.principal) == (0, 200_000)
    assert loan.to_come[0] == before
    assert loan.to_come[1].interest == 1_120  # on 2,239.53


def test_a_payoff_owes_all_interest_to_come_by_term() -> None:
    loan = after_six(replace(LEVEL, prepayment=Prepayment(interest=PrepaymentInterest.UNTIL_END)))
    to_come = sum(installment_total(row) for row in loan.to_come)
    loan.live_until(date(2025, 7, 25))
    assert loan.quote().to_pay == to_come
    loan.ask(PayOff(account=1, loan=LOAN, amount=to_come))
    assert loan.loan.status is LoanStatus.CLOSED


def test_a_flat_loan_owes_the_whole_period_and_then_less() -> None:
    loan = RunningLoan(replace(LEVEL, method=Method.FLAT), DISBURSED)
    loan.live_until(date(2025, 7, 25))
    prepay(loan, 250_000, Effect.REDUCE_PAYMENT)
    assert [row.interest for row in loan.to_come] == [5_000] + [3_750] * 5


@pytest.mark.parametrize(
    ("agreed", "fee"),
    [
        (Prepayment(fee_ppb=10_000_000), 5_075),
        (Prepayment(fee_months=2), 5_075),
        (Prepayment(fee_ppb=10_000_000, least=6_000), 6_000),
        (Prepayment(fee_ppb=10_000_000, most=100), 100),
        (Prepayment(fee_ppb=10_000_000, free_after_months=6), 0),
        (Prepayment(fee_ppb=10_000_000, free_after_months=7), 5_075),
    ],
)
def test_a_payoff_costs_the_fee_as_well(agreed: Prepayment, fee: int) -> None:
    loan = after_six(replace(LEVEL, prepayment=agreed))
    assert loan.quote().fee == fee
    assert loan.quote().to_pay == 507_483 + fee
    loan.ask(PayOff(account=1, loan=LOAN, amount=507_483 + fee))
    assert loan.loan.principal == 0


def test_a_fee_of_months_of_a_daily_rate_counts_thirty_days() -> None:
    terms = replace(LEVEL, rate=Rate(500_000, RatePer.DAY), prepayment=Prepayment(fee_months=1))
    loan = RunningLoan(terms, DISBURSED)
    assert loan.quote().fee == 15_000


def test_what_no_further_principal_can_be_paid_with_is_unapplied() -> None:
    loan = after_six(replace(LEVEL, prepayment=Prepayment(fee_ppb=500_000_000)))
    paid = prepay(loan, 100_001)
    assert (paid.principal, paid.fee, paid.unapplied) == (66_667, 33_334, 0)
    paid = prepay(loan, 2)
    assert (paid.principal, paid.fee, paid.unapplied) == (1, 1, 0)
    paid = prepay(loan, 4)
    assert (paid.principal, paid.fee, paid.unapplied) == (2, 1, 1)


@pytest.mark.parametrize(
    ("amount", "effect", "code"),
    [
        (818, Effect.SHORTEN, Code.PREPAYMENT_TOO_SMALL),
        (508_301, Effect.SHORTEN, Code.PREPAYMENT_TOO_LARGE),
        (1_000, Effect.KEEP_SCHEDULE, Code.CHANGE_REFUSED),
    ],
)
def test_a_prepayment_that_cannot_be_is_refused_with_its_code(amount: int, effect: Effect, code: Code) -> None:
    loan = after_six()
    loan.live_until(date(2025, 7, 25))
    refused = loan.try_to(Prepay(account=1, loan=LOAN, amount=amount, effect=effect))
    assert isinstance(refused, Rejection)
    assert refused.code is code


@pytest.mark.parametrize("rest", Rest)
@pytest.mark.parametrize("effect", Effect)
def test_where_interest_follows_payments_every_effect_ends_at_zero(rest: Rest, effect: Effect) -> None:
    loan = RunningLoan(replace(LEVEL, recalculation=Recalculation(rest=rest)), DISBURSED)
    loan.live_until(date(2025, 7, 25))
    prepay(loan, 200_000, effect)
    loan.live_until(date(2026, 1, 15))
    assert loan.loan.principal == 0


def test_what_is_owed_of_a_period_is_owed_once_wherever_business_days_move_its_end() -> None:
    terms = replace(
        LEVEL,
        day_count=DayCount.ACT_365,
        business_days=BusinessDays.PRECEDING,
        count_to_shifted=False,
        prepayment=Prepayment(interest=PrepaymentInterest.UNTIL_DUE),
    )
    loan = RunningLoan(terms, DISBURSED)
    loan.live_until(date(2025, 2, 25))  # The period from 15 February to 15 March, paid from 14 to 14.
    owed = loan.to_come[0].interest
    prepay(loan, 300_000)
    assert loan.to_come[0].interest == owed
