"""Every refusal of the core, reached once; and what a decision is made of."""

from datetime import date, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from core.account import Account, Contract, Loan, LoanStatus
from core.commands import (
    AddCharge,
    AdjustCharge,
    ApplyUnapplied,
    BookLoan,
    CancelLoan,
    ChangeTerms,
    ChargeBack,
    Command,
    Disburse,
    FreezeAccount,
    OpenAccount,
    PayOff,
    Prepay,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    Reverse,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
    Waive,
)
from core.contract.changes import Extend, FixIndex
from core.contract.servicing import Prepayment
from core.contract.terms import Rate, Terms, Tranche
from core.contract.waterfall import Component, Step, Waterfall
from core.decide import decide
from core.deciding.account import BALANCE_MAX
from core.decision import Decision
from core.events import LoanDisbursed
from core.identity import LOANS_MAX, loan_id
from core.money import Minor, Rounding
from core.rejections import Code, Rejection
from core.schedule.plan import check_terms
from core.servicing.advance import advance
from core.servicing.quote import quote
from tests.properties.histories import START, Book
from tests.unit.test_origination import CODES as ORIGINATION

TERMS = Terms(principal=120_000, rate=Rate(120_000_000), installments=12)
ONE, TWO, CLOSED = loan_id(1, 1), loan_id(1, 2), loan_id(1, 3)
PAYOFF = 8
"""The payoff of the closed loan."""
NO_DECISION = {
    Code.MALFORMED,
    Code.BATCH_TOO_LARGE,
    Code.REQUEST_ID_MISSING,
    Code.OVERLOADED,
    Code.UNAVAILABLE,
    Code.OUTCOME_UNKNOWN,
    Code.REQUEST_ID_REUSED,
    Code.ACCOUNT_SUSPENDED,
    Code.DAY_CLOSED,
    Code.OFFICER_UNAUTHENTICATED,
}
"""Refusals of the runtime, which never reach the core."""


@pytest.fixture
def book() -> Book:
    """An account with an active loan 1, a booked loan 2, a closed loan 3, two payments (one reversed) and a refund."""
    book = Book()
    for command in (
        SetCreditLimit(account=1, credit_limit=300_000),
        BookLoan(account=1, terms=replace(TERMS, prepayment=Prepayment(least=3))),
        Disburse(account=1, loan=ONE),
        BookLoan(account=1, terms=TERMS),
        BookLoan(account=1, terms=replace(TERMS, principal=100)),
        Disburse(account=1, loan=CLOSED),
        PayOff(account=1, loan=CLOSED, amount=100),
        TakeDeposit(account=1, amount=500),
        Repay(account=1, amount=400),
    ):
        assert book.ask(command) is None
    first = book.payments()[-1]
    assert book.ask(Reverse(account=1, seq=first)) is None
    assert book.ask(Repay(account=1, amount=700)) is None
    assert book.ask(RefundUnapplied(account=1, amount=600)) is None
    return book


REFUSED: list[tuple[Code, Command]] = [
    (Code.ACCOUNT_EXISTS, OpenAccount(account=1, currency="CNY", credit_limit=1)),
    (Code.LOAN_UNKNOWN, Repay(account=1, amount=1, loan=loan_id(1, 4))),
    (Code.LOAN_UNKNOWN, PayOff(account=1, amount=1, loan=loan_id(2, 1))),
    (Code.LOAN_UNKNOWN, Disburse(account=1, loan=loan_id(1, 1) - 1)),
    (Code.EVENT_NOT_REVERSIBLE, Reverse(account=1, seq=1)),
    (Code.EVENT_NOT_REVERSIBLE, Reverse(account=1, seq=2)),
    (Code.EFFECTIVE_DATE_IN_FUTURE, Repay(account=1, amount=1, effective_on=START + timedelta(days=40))),
    (Code.EFFECTIVE_DATE_TOO_EARLY, Repay(account=1, amount=1, effective_on=START - timedelta(days=1))),
    (Code.EVENT_UNKNOWN, Reverse(account=1, seq=1_000)),
    (Code.ACCOUNT_NOT_FROZEN, UnfreezeAccount(account=1)),
    (Code.LOAN_NOT_BOOKED, Disburse(account=1, loan=ONE)),
    (Code.LOAN_NOT_BOOKED, CancelLoan(account=1, loan=ONE)),
    (Code.LOAN_NOT_ACTIVE, Repay(account=1, amount=1, loan=TWO)),
    (Code.LOAN_NOT_ACTIVE, PayOff(account=1, amount=1, loan=CLOSED)),
    (Code.TERMS_INVALID, BookLoan(account=1, terms=replace(TERMS, first_due=START - timedelta(days=1)))),
    (
        Code.TERMS_INVALID,
        BookLoan(account=1, terms=replace(TERMS, waterfall=Waterfall((Step(order=(Component.FEE,)),)))),
    ),
    (Code.COST_ABOVE_CAP, BookLoan(account=1, terms=replace(TERMS, rate=Rate(10**9), cost_cap_ppb=240_000_000))),
    (Code.LIMIT_EXCEEDED, BookLoan(account=1, terms=TERMS)),
    (Code.LIMIT_BELOW_EXPOSURE, SetCreditLimit(account=1, credit_limit=239_999)),
    (Code.PAYOFF_AMOUNT_TOO_LOW, PayOff(account=1, loan=ONE, amount=119_899)),
    (Code.UNAPPLIED_INSUFFICIENT, RefundUnapplied(account=1, amount=101)),
    (Code.DEPOSIT_INSUFFICIENT, ReleaseDeposit(account=1, amount=501)),
    (Code.NOTHING_TO_DO, Waive(account=1, loan=ONE, component="fee")),
    (Code.NOTHING_TO_DO, AddCharge(account=1, loan=ONE, component="fee")),
    (Code.LOAN_NOT_ACTIVE, Waive(account=1, loan=TWO, component="fee")),
    (Code.AMOUNT_TOO_HIGH, ChargeBack(account=1, loan=CLOSED, payment=PAYOFF, amount=101)),
    (Code.EVENT_UNKNOWN, ChargeBack(account=1, loan=CLOSED, payment=1, amount=1)),
    (Code.EVENT_UNKNOWN, AdjustCharge(account=1, charge=1, amount=1)),
    (Code.UNAPPLIED_INSUFFICIENT, ApplyUnapplied(account=1, amount=101)),
    (Code.BALANCE_TOO_LARGE, TakeDeposit(account=1, amount=BALANCE_MAX - 499)),
    (Code.BALANCE_TOO_LARGE, Repay(account=1, amount=BALANCE_MAX - 99)),
    (Code.BALANCE_TOO_LARGE, PayOff(account=1, amount=BALANCE_MAX - 99, loan=ONE)),
    (Code.CHANGE_REFUSED, ChangeTerms(account=1, loan=ONE, change=FixIndex(on=START, ppb=1))),
    (Code.EXTENSION_REFUSED, ChangeTerms(account=1, loan=ONE, change=Extend(installments=13))),
    (Code.PREPAYMENT_TOO_SMALL, Prepay(account=1, loan=ONE, amount=3)),
    (Code.PREPAYMENT_TOO_LARGE, Prepay(account=1, loan=ONE, amount=200_000)),
]
FROZEN: list[tuple[Code, Command]] = [
    (Code.ACCOUNT_FROZEN, FreezeAccount(account=1, reason="again")),
    (Code.ACCOUNT_FROZEN, BookLoan(account=1, terms=replace(TERMS, principal=1))),
    (Code.ACCOUNT_FROZEN, Disburse(account=1, loan=TWO)),
    (Code.ACCOUNT_FROZEN, Disburse(account=1, loan=ONE)),
    (Code.LOAN_UNKNOWN, Disburse(account=1, loan=loan_id(1, 9))),
]


def refuse(book: Book, command: Command) -> Code:
    """Return the code of a refusal that left the account byte for byte as it was."""
    before = msgspec.msgpack.encode(book.account)
    refused = decide(book.account, command, book.on, book.history)
    assert isinstance(refused, Rejection), refused
    assert refused.detail
    assert msgspec.msgpack.encode(book.account) == before
    return refused.code


@pytest.mark.parametrize(("code", "command"), REFUSED)
def test_a_refusal_has_its_code_and_changes_nothing(book: Book, code: Code, command: Command) -> None:
    assert refuse(book, command) is code


@pytest.mark.parametrize(("code", "command"), FROZEN)
def test_a_frozen_account_lends_nothing(book: Book, code: Code, command: Command) -> None:
    assert book.ask(FreezeAccount(account=1, reason="a check")) is None
    assert refuse(book, command) is code


def test_a_payment_is_reversed_once_and_not_if_its_money_was_refunded(book: Book) -> None:
    _, reversed_before, refunded = book.payments()
    assert refuse(book, Reverse(account=1, seq=reversed_before)) is Code.EVENT_REVERSED
    assert refuse(book, Reverse(account=1, seq=refunded)) is Code.REVERSAL_LEAVES_SHORTFALL


def test_nothing_takes_effect_in_a_period_that_is_closed(book: Book) -> None:
    book.reach(START + timedelta(days=5))
    late = Repay(account=1, amount=1, effective_on=START)
    refused = decide(book.account, late, book.on, book.history, closed_through=START)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.PERIOD_CLOSED
    assert isinstance(decide(book.account, late, book.on, book.history), Decision)


def test_a_command_on_a_loan_takes_effect_as_far_back_as_its_terms_allow() -> None:
    book = Book()
    book.reach(START + timedelta(days=10))
    for terms in (replace(TERMS, backdate_days=30), replace(TERMS, backdate_days=3660)):
        assert book.ask(BookLoan(account=1, terms=terms)) is None
        assert book.ask(Disburse(account=1, loan=loan_id(1, len(book.account.loans)))) is None
    book.reach(START + timedelta(days=410))
    earliest = {ONE: book.on - timedelta(days=30), TWO: START + timedelta(days=10), None: book.on - timedelta(days=30)}
    for loan, day in earliest.items():
        too_early = Repay(account=1, amount=1, loan=loan, effective_on=day - timedelta(days=1))
        assert refuse(book, too_early) is Code.EFFECTIVE_DATE_TOO_EARLY
        assert isinstance(decide(book.account, replace(too_early, effective_on=day), book.on, book.history), Decision)


def test_a_maturity_is_extended_before_it(book: Book) -> None:
    book.reach(START + timedelta(days=366))
    assert refuse(book, ChangeTerms(account=1, loan=ONE, change=Extend(installments=1))) is Code.LOAN_MATURED


def test_a_payout_that_was_charged_for_stays(book: Book) -> None:
    disbursed = next(seq for seq, event in book.history if isinstance(event, LoanDisbursed))
    assert book.ask(AddCharge(account=1, loan=ONE, component="fee", amount=5)) is None
    assert refuse(book, Reverse(account=1, seq=disbursed)) is Code.RESTATEMENT_REFUSED


def test_an_unknown_account_can_only_be_opened() -> None:
    refused = decide(None, Repay(account=7, amount=1), START)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.ACCOUNT_UNKNOWN


def test_an_account_holds_so_many_loans() -> None:
    loans = tuple(Loan(number, LoanStatus.CANCELLED) for number in range(1, LOANS_MAX + 1))
    account = Account(1, "CNY", START, Minor(10**9), loans=loans, contracts=(Contract(TERMS),) * LOANS_MAX)
    refused = decide(account, BookLoan(account=1, terms=TERMS), START)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.TOO_MANY_LOANS


def test_a_loan_is_not_booked_if_its_first_part_alone_is_never_repaid() -> None:
    # Rounded up, the interest of so little principal is more than an installment leaves.
    later = Tranche(START + timedelta(days=5), 400)
    terms = replace(
        TERMS,
        principal=1_001,
        installments=599,
        rate=Rate(12_000_000),
        every=2,
        rounding=Rounding.UP,
        tranches=(later,),
    )
    assert check_terms(terms, START) is None
    refused = decide(Account(1, "CNY", START, Minor(10**9)), BookLoan(account=1, terms=terms), START)
    assert isinstance(refused, Rejection)
    assert (refused.code, refused.detail) == (Code.TERMS_INVALID, "payment_does_not_amortize")


@pytest.mark.parametrize(
    ("code", "loan", "day"),
    [
        (Code.LOAN_UNKNOWN, loan_id(1, 4), date(2020, 1, 1)),
        (Code.LOAN_NOT_ACTIVE, TWO, date(2020, 1, 1)),
        (Code.QUOTE_DATE_INVALID, ONE, date(2024, 1, 30)),
        (Code.QUOTE_DATE_INVALID, ONE, date(2025, 2, 1)),
    ],
)
def test_a_quote_is_refused_for_an_unknown_loan_and_then_for_its_date(
    book: Book, code: Code, loan: int, day: date
) -> None:
    refused = quote(book.account, loan, book.on, day)
    assert isinstance(refused, Rejection)
    assert refused.code is code


def test_every_code_of_the_core_is_reached_here() -> None:
    elsewhere = {
        Code.ACCOUNT_UNKNOWN,
        Code.EVENT_REVERSED,
        Code.PERIOD_CLOSED,
        Code.RESTATEMENT_REFUSED,
        Code.REVERSAL_LEAVES_SHORTFALL,
        Code.TOO_MANY_LOANS,
        Code.QUOTE_DATE_INVALID,
        Code.LOAN_MATURED,
    }
    assert {code for code, _ in REFUSED + FROZEN} | elsewhere | ORIGINATION == set(Code) - NO_DECISION


def test_what_follows_at_once_is_part_of_the_decision() -> None:
    book = Book()
    soon = replace(TERMS, first_due=date(2024, 2, 2))
    book.ask(BookLoan(account=1, terms=soon))
    decided = decide(book.account, Disburse(account=1, loan=ONE), START)
    assert isinstance(decided, Decision)
    assert [type(event).__name__ for event in decided.events] == ["LoanDisbursed", "InstallmentReminded"]
    assert decided.account is not None
    assert advance(decided.account, START).events == ()
