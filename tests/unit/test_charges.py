"""Charges, credits and chargebacks: what decides an amount, where it goes, and what is refused."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from core.account import Loan, LoanStatus
from core.charging.credits import interest_cost
from core.commands import (
    AddCharge,
    AdjustCharge,
    BookLoan,
    ChargeBack,
    Command,
    Disburse,
    PayOff,
    ReceiveCredit,
    Repay,
    Reverse,
    TakeDeposit,
    Waive,
)
from core.contract.servicing import Fee, FeeBase, FeeWhen, Price, Recalculation, Source
from core.contract.terms import PPB, DayCount, Method, Rate, Terms
from core.contract.waterfall import STANDARD_ORDER, Component, Reach, Step, Waterfall
from core.events import ChargeAdded, CreditReceived, LoanDisbursed
from core.identity import loan_id
from core.rejections import Code
from core.servicing.delinquency import days_past_due
from tests.properties.histories import START, Book

LOAN = loan_id(1, 1)
TERMS = Terms(
    principal=120_000,
    rate=Rate(120_000_000),
    installments=3,
    method=Method.EQUAL_PRINCIPAL,
    due_day=29,
    reminder_days=0,
)
"""400.00 a month; interest 12.00, 8.00, 4.00."""
FIRST = date(2024, 2, 29)
PERCENT = PPB // 100


def lent(terms: Terms = TERMS) -> Book:
    """Return a book with one loan, paid out."""
    book = Book()
    for command in (BookLoan(account=1, terms=terms), Disburse(account=1, loan=LOAN)):
        assert book.ask(command) is None
    return book


def done(book: Book, command: Command, on: date | None = None) -> int:
    """Ask for something that is not refused; return the number of its first event."""
    book.reach(on or book.on)
    first = len(book.history) + 1
    assert book.ask(command) is None
    return first


def loan_of(book: Book) -> Loan:
    return book.account.loans[0]


@pytest.mark.parametrize(
    ("of", "amount"),
    [(FeeBase.PRINCIPAL, 500 + 2_400), (FeeBase.INSTALLMENT, 500 + 816), (FeeBase.OVERDUE, 500 + 824)],
)
def test_a_percentage_is_of_what_it_says(of: FeeBase, amount: int) -> None:
    book = lent()
    done(
        book,
        AddCharge(account=1, loan=LOAN, component="fee", amount=500, share_ppb=2 * PERCENT, of=of),
        date(2024, 3, 5),
    )
    [added] = [event for _, event in book.history if isinstance(event, ChargeAdded)]
    assert added.amount == amount
    assert added.number == 2, "due on 5 March, so with the installment of 29 March"


def test_a_percentage_is_computed_anew_when_an_earlier_payment_comes_late() -> None:
    book = lent()
    of = FeeBase.OVERDUE
    done(book, AddCharge(account=1, loan=LOAN, component="fee", share_ppb=2 * PERCENT, of=of), date(2024, 3, 5))
    done(book, Repay(account=1, amount=20_000, effective_on=FIRST), date(2024, 3, 6))
    assert [charge.fee for charge in loan_of(book).charges] == [424], "2 % of 412.00 less 200.00"


def test_what_was_waived_cannot_be_given_back() -> None:
    book = lent()
    charge = done(book, AddCharge(account=1, loan=LOAN, component="fee", amount=1_000))
    done(book, Waive(account=1, loan=LOAN, component="fee", amount=400))
    refused = book.ask(AdjustCharge(account=1, charge=charge, amount=601))
    assert refused is not None
    assert refused.code is Code.AMOUNT_TOO_HIGH
    done(book, AdjustCharge(account=1, charge=charge, amount=600))
    assert (loan_of(book).charges, book.account.unapplied) == ((), 0)


def test_a_reversal_that_leaves_too_little_says_where_the_money_went() -> None:
    book = lent()
    charge = done(book, AddCharge(account=1, loan=LOAN, component="fee", amount=1_000), FIRST)
    paid = done(book, Repay(account=1, amount=1_000))
    back = done(book, AdjustCharge(account=1, charge=charge, amount=600, pay_out=True))
    refused = book.ask(Reverse(account=1, seq=paid))
    assert refused is not None
    assert refused.code is Code.REVERSAL_LEAVES_SHORTFALL
    assert refused.detail == f"event {back}: 600 of charge {charge} was paid back on {FIRST}"


def test_what_cannot_be_booked_late_says_which_event_stands_in_the_way() -> None:
    book = lent()
    charge = done(book, AddCharge(account=1, loan=LOAN, component="fee", amount=1_000))
    lowered = done(book, AdjustCharge(account=1, charge=charge, amount=600), FIRST)
    refused = book.ask(Waive(account=1, loan=LOAN, component="fee", effective_on=START))
    assert refused is not None
    assert refused.code is Code.RESTATEMENT_REFUSED
    assert (
        refused.detail
        == f"something done later would be amount_too_high, event {lowered}: 0 is left of charge {charge}"
    )


def test_a_fact_stands_while_something_else_is_about_it() -> None:
    book = lent()
    charge = done(book, AddCharge(account=1, loan=LOAN, component="fee", amount=1_000))
    adjustment = done(book, AdjustCharge(account=1, charge=charge, amount=600))
    refused = book.ask(Reverse(account=1, seq=charge))
    assert refused is not None
    assert refused.code is Code.EVENT_NOT_REVERSIBLE
    assert refused.detail == f"event {adjustment} is about event {charge}: take that back first"
    done(book, Reverse(account=1, seq=adjustment))
    done(book, Reverse(account=1, seq=charge))
    assert book.account == lent().account


def test_principal_is_what_was_paid_out() -> None:
    fee = Fee(name="fee", when=FeeWhen.WITHHELD, price=Price(share_ppb=2 * PERCENT))
    book = lent(replace(TERMS, fees=(fee,)))
    [disbursed] = [event for _, event in book.history if isinstance(event, LoanDisbursed)]
    assert disbursed.amount == loan_of(book).principal == 117_600
    assert sum(row.principal for row in disbursed.schedule) == 117_600


def test_money_for_the_charges_of_an_installment_pays_the_one_that_is_due_first() -> None:
    coming = Waterfall((Step(), Step(Reach.IN_ADVANCE)), later_charges=True)
    book = lent(replace(TERMS, waterfall=coming))
    for due in (date(2024, 2, 20), date(2024, 2, 10)):
        done(book, AddCharge(account=1, loan=LOAN, component="penalty", amount=300, due_date=due))
    done(book, Repay(account=1, loan=LOAN, amount=300))
    assert [(charge.due_date, charge.penalty) for charge in book.account.loans[0].charges] == [(date(2024, 2, 20), 300)]


def test_interest_of_a_payment_that_is_charged_back_after_the_end_is_owed_again_where_it_follows_payments() -> None:
    book = lent(replace(TERMS, installments=1, recalculation=Recalculation(), credit_order=STANDARD_ORDER))
    book.reach(FIRST)
    paid = done(book, Repay(account=1, loan=LOAN, amount=121_200))
    assert book.account.loans[0].status is LoanStatus.CLOSED
    done(book, ChargeBack(account=1, loan=LOAN, payment=paid, amount=5_000), date(2024, 3, 5))
    assert [(due.interest, due.principal) for due in book.account.loans[0].dues] == [(1_200, 3_800)]


def test_fees_may_not_eat_up_the_loan() -> None:
    fee = Fee(name="fee", when=FeeWhen.FROM_PAYOUT, price=Price(flat=120_000))
    refused = Book().ask(BookLoan(account=1, terms=replace(TERMS, fees=(fee,))))
    assert refused is not None
    assert (refused.code, refused.detail) == (Code.TERMS_INVALID, "fees_exceed_principal")


def test_a_late_charge_every_month_keeps_the_day_it_began_with() -> None:
    late = Fee(name="late", when=FeeWhen.OVERDUE, price=Price(flat=100), wait_days=2, every_months=1)
    book = lent(replace(TERMS, installments=1, fees=(late,), first_due=date(2024, 5, 29), due_day=None))
    book.reach(date(2025, 4, 1))
    days = [event.on for _, event in book.history if isinstance(event, ChargeAdded)]
    assert days[:2] == [date(2024, 5, 31), date(2024, 6, 30)]
    assert days[-2:] == [date(2025, 2, 28), date(2025, 3, 31)]


@pytest.mark.parametrize(
    ("method", "amount", "days", "cost"),
    [
        (Method.EQUAL_PRINCIPAL, 50_000, 0, 0),
        (Method.EQUAL_PRINCIPAL, 50_000, 29, 500),
        (Method.EQUAL_PRINCIPAL, 50_000, 58, 1_000),
        (Method.EQUAL_PRINCIPAL, 120_000, 58, 1_200 + 800),
        (Method.EQUAL_PRINCIPAL, 999_999, 366, 1_200 + 800 + 400),
        (Method.FLAT, 60_000, 29, 600),
    ],
)
def test_a_refund_has_cost_the_interest_on_its_amount(method: Method, amount: int, days: int, cost: int) -> None:
    book = lent(replace(TERMS, method=method))
    contract = book.account.contracts[0]
    assert interest_cost(loan_of(book), contract, amount, START + timedelta(days=days)) == cost


def test_the_interest_refund_goes_when_the_refund_is_taken_back() -> None:
    book, untouched = lent(), lent()
    refund = ReceiveCredit(account=1, loan=LOAN, source=Source.MERCHANT_REFUND, amount=50_000, with_interest=True)
    seq = done(book, refund, FIRST)
    sources = [event.source for _, event in book.history if isinstance(event, CreditReceived)]
    assert sources == [Source.MERCHANT_REFUND, Source.INTEREST_REFUND]
    done(book, Reverse(account=1, seq=seq))
    untouched.reach(FIRST)
    assert book.account == untouched.account


def test_a_chargeback_counts_days_past_due_from_its_own_day_unless_the_installment_was_paid() -> None:
    book = lent()
    payment = done(book, Repay(account=1, amount=41_200), FIRST)
    done(book, ChargeBack(account=1, loan=LOAN, payment=payment, amount=41_200), date(2024, 3, 10))
    assert days_past_due(loan_of(book), date(2024, 3, 15)) == 5
    done(book, Repay(account=1, amount=41_200 + 40_800), date(2024, 3, 29))
    assert days_past_due(loan_of(book), date(2024, 4, 15)) == 0
    assert loan_of(book).principal == 40_000


def test_a_chargeback_after_a_payoff_is_owed_at_once() -> None:
    book = lent()
    book.reach(date(2024, 2, 10))
    payoff = done(book, PayOff(account=1, loan=LOAN, amount=120_414))
    assert book.account.unapplied == 0
    done(book, ChargeBack(account=1, loan=LOAN, payment=payoff, amount=120_414), date(2024, 2, 20))
    [due] = loan_of(book).dues
    assert (due.number, due.due_date, due.principal) == (1, date(2024, 2, 20), 120_414)


def test_interest_that_is_owed_again_has_been_earned() -> None:
    book = lent(replace(TERMS, credit_order=STANDARD_ORDER))
    payment = done(book, Repay(account=1, amount=41_200), FIRST)
    done(book, ChargeBack(account=1, loan=LOAN, payment=payment, amount=1_000), FIRST + timedelta(days=1))
    accrual = loan_of(book).accrual
    assert accrual is not None
    assert (accrual.earned, accrual.total) == (28 + 1_000, 800 + 1_000)


def test_a_chargeback_of_more_than_the_payment_is_refused() -> None:
    book = lent()
    payment = done(book, Repay(account=1, amount=41_200), FIRST)
    done(book, ChargeBack(account=1, loan=LOAN, payment=payment, amount=41_000))
    refused = book.ask(ChargeBack(account=1, loan=LOAN, payment=payment, amount=201))
    assert refused is not None
    assert refused.code is Code.AMOUNT_TOO_HIGH


def test_a_deposit_is_claimed_once_for_each_installment() -> None:
    book = lent(replace(TERMS, sweep_deposit_after_days=10))
    done(book, TakeDeposit(account=1, amount=50_000))
    book.reach(date(2024, 4, 30))
    assert (loan_of(book).swept, book.account.deposit) == (2, 0)
    assert sum(due.principal + due.interest for due in loan_of(book).dues) == 41_200 + 40_800 + 40_400 - 50_000


def test_a_cap_waives_what_is_above_it_and_says_so() -> None:
    late = Fee(name="late", when=FeeWhen.OVERDUE, price=Price(flat=3_000), wait_days=10)
    terms = Terms(
        principal=100_000,
        rate=Rate(200_000_000),
        installments=1,
        day_count=DayCount.ACT_365,
        first_due=date(2024, 3, 2),
        cost_cap_ppb=240_000_000,
        fees=(late,),
    )
    book = lent(terms)
    book.reach(date(2024, 3, 12))
    [added] = [event for _, event in book.history if isinstance(event, ChargeAdded)]
    # 41 days of 1,000.00 at 24 % are 26.95; 31 days at 20 % are 16.99.
    assert (added.amount, added.waived) == (2_695 - 1_699, 3_000 - 996)


@pytest.mark.parametrize(
    "fee",
    [
        Fee(name="free", when=FeeWhen.YEARLY, price=Price()),
        Fee(name="some day", when=FeeWhen.DATE, price=Price(flat=1)),
        Fee(name="dated", when=FeeWhen.OVERDUE, price=Price(flat=1), on=START),
        Fee(name="interest", when=FeeWhen.YEARLY, price=Price(flat=1), component=Component.INTEREST),
    ],
    ids=lambda fee: fee.name,
)
def test_a_fee_that_means_nothing_is_refused(fee: Fee) -> None:
    refused = Book().ask(BookLoan(account=1, terms=replace(TERMS, fees=(fee,))))
    assert refused is not None
    assert (refused.code, refused.detail) == (Code.TERMS_INVALID, "fee_invalid")
