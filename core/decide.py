"""Decide a command on an account: the events it leads to, or the reason why not."""

from datetime import date
from typing import Final, assert_never

from core.account import Account, Loan, LoanStatus, contract_of, exposure, find_loan
from core.advance import advance
from core.commands import (
    BookLoan,
    CancelLoan,
    Command,
    Disburse,
    FreezeAccount,
    OpenAccount,
    PayOff,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    ReverseRepayment,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.decision import Decision, Draft
from core.events import (
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    LoanBooked,
    LoanCancelled,
    LoanDisbursed,
    UnappliedRefunded,
)
from core.evolve import evolve
from core.identity import LOANS_MAX, account_of
from core.money import AMOUNT_MAX, Minor
from core.rejections import Code, Rejection
from core.repayment import pay_off, receive, shortfall
from core.reversal import History, reverse
from core.schedule import Refusal, check_terms, plan

BALANCE_MAX: Final = 100 * AMOUNT_MAX
"""Bound on money kept for a borrower."""

_OnAccount = (
    OpenAccount | SetCreditLimit | FreezeAccount | UnfreezeAccount | TakeDeposit | ReleaseDeposit | RefundUnapplied
)


def decide(account: Account | None, command: Command, on: date, history: History = ()) -> Decision | Rejection:
    """Decide a command on the business date `on`, to which the account has been advanced.

    `history` is read by ReverseRepayment only. A rejection leaves everything as it was.
    """
    if account is None:
        return _open(command, on)
    draft = Draft(account)
    refused = _decide(draft, command, on, history)
    if refused is not None:
        return refused
    return draft.decision()


def _open(command: Command, on: date) -> Decision | Rejection:
    if not isinstance(command, OpenAccount):
        return Rejection(Code.ACCOUNT_UNKNOWN, f"there is no account {command.account}")
    event = AccountOpened(on, command.account, command.currency, Minor(command.credit_limit))
    return Decision(evolve(None, event), (event,))


def _decide(draft: Draft, command: Command, on: date, history: History) -> Rejection | None:
    match command:
        case Repay() | PayOff() | CancelLoan() | Disburse():
            return _on_loan(draft, command, on)
        case BookLoan():
            return _book(draft, command, on)
        case ReverseRepayment():
            return reverse(draft, command.payment, command.reason, history, on)
        case (
            OpenAccount()
            | SetCreditLimit()
            | FreezeAccount()
            | UnfreezeAccount()
            | TakeDeposit()
            | ReleaseDeposit()
            | RefundUnapplied()
        ):
            return _on_account(draft, command, on)
        case _:
            assert_never(command)


def _on_account(draft: Draft, command: _OnAccount, on: date) -> Rejection | None:
    account = draft.account
    match command:
        case OpenAccount():
            return Rejection(Code.ACCOUNT_EXISTS, f"account {account.id} is open since {account.opened_on}")
        case SetCreditLimit():
            if command.credit_limit < exposure(account):
                return Rejection(Code.LIMIT_BELOW_EXPOSURE, f"{exposure(account)} is lent or promised")
            draft.emit(CreditLimitSet(on, Minor(command.credit_limit)))
        case FreezeAccount():
            if account.frozen is not None:
                return Rejection(Code.ACCOUNT_FROZEN, f"frozen already: {account.frozen}")
            draft.emit(AccountFrozen(on, command.reason))
        case UnfreezeAccount():
            if account.frozen is None:
                return Rejection(Code.ACCOUNT_NOT_FROZEN, "the account is not frozen")
            draft.emit(AccountUnfrozen(on))
        case TakeDeposit():
            if account.deposit + command.amount > BALANCE_MAX:
                return Rejection(Code.BALANCE_TOO_LARGE, f"a deposit may hold {BALANCE_MAX}")
            draft.emit(DepositTaken(on, Minor(command.amount)))
        case ReleaseDeposit():
            if account.deposit < command.amount:
                return Rejection(Code.DEPOSIT_INSUFFICIENT, f"the deposit is {account.deposit}")
            draft.emit(DepositReleased(on, Minor(command.amount)))
        case RefundUnapplied():
            if account.unapplied < command.amount:
                return Rejection(Code.UNAPPLIED_INSUFFICIENT, f"the unapplied balance is {account.unapplied}")
            draft.emit(UnappliedRefunded(on, Minor(command.amount)))
        case _:
            assert_never(command)
    return None


def _on_loan(draft: Draft, command: Repay | PayOff | CancelLoan | Disburse, on: date) -> Rejection | None:
    account = draft.account
    if command.loan is None:
        return _repay(draft, command.amount, None, on)
    loan = find_loan(account, command.loan) if account_of(command.loan) == account.id else None
    if loan is None:
        return Rejection(Code.LOAN_UNKNOWN, f"account {account.id} has no loan {command.loan}")
    match command:
        case Repay() | PayOff():
            if loan.status is not LoanStatus.ACTIVE:
                return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {command.loan} is {loan.status}")
            if isinstance(command, Repay):
                return _repay(draft, command.amount, loan, on)
            return _pay_off(draft, command.amount, loan, on)
        case CancelLoan() | Disburse():
            if isinstance(command, Disburse) and account.frozen is not None:
                return Rejection(Code.ACCOUNT_FROZEN, account.frozen)
            if loan.status is not LoanStatus.BOOKED:
                return Rejection(Code.LOAN_NOT_BOOKED, f"loan {command.loan} is {loan.status}")
            if isinstance(command, Disburse):
                return _disburse(draft, loan, on)
            draft.emit(LoanCancelled(on, loan.number))
            return None
        case _:
            assert_never(command)


def _repay(draft: Draft, amount: int, loan: Loan | None, on: date) -> Rejection | None:
    if draft.account.unapplied + amount > BALANCE_MAX:
        return Rejection(Code.BALANCE_TOO_LARGE, f"an unapplied balance may hold {BALANCE_MAX}")
    receive(draft, amount, loan, on)
    return None


def _pay_off(draft: Draft, amount: int, loan: Loan, on: date) -> Rejection | None:
    missing = shortfall(draft.account, amount, loan, on)
    if missing:
        return Rejection(Code.PAYOFF_AMOUNT_TOO_LOW, f"{missing} is missing to pay the loan off on {on}")
    if draft.account.unapplied + amount > BALANCE_MAX:
        return Rejection(Code.BALANCE_TOO_LARGE, f"an unapplied balance may hold {BALANCE_MAX}")
    pay_off(draft, amount, loan, on)
    return None


def _book(draft: Draft, command: BookLoan, on: date) -> Rejection | None:
    account = draft.account
    if account.frozen is not None:
        return Rejection(Code.ACCOUNT_FROZEN, account.frozen)
    if len(account.loans) == LOANS_MAX:
        return Rejection(Code.TOO_MANY_LOANS, f"an account holds at most {LOANS_MAX} loans")
    wrong = check_terms(command.terms, on)
    if wrong is not None:
        return Rejection(Code.TERMS_INVALID, wrong)
    available = account.credit_limit - exposure(account)
    if command.terms.principal > available:
        return Rejection(Code.LIMIT_EXCEEDED, f"{max(0, available)} of the limit is available")
    draft.emit(LoanBooked(on, len(account.loans) + 1, command.terms))
    return None


def _disburse(draft: Draft, loan: Loan, on: date) -> Rejection | None:
    terms = contract_of(draft.account, loan).terms
    planned = plan(terms, on)
    if isinstance(planned, Refusal):
        return Rejection(Code.TERMS_INVALID, planned.value)
    draft.emit(LoanDisbursed(on, loan.number, Minor(terms.principal), planned))
    # The only command that makes something fall due, or be reminded of, on its own day.
    for event in advance(draft.account, on).events:
        draft.emit(event)
    return None
