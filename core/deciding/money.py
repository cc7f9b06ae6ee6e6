"""Decide the borrower's payments."""

from datetime import date
from typing import assert_never

from core.account import Account, Loan, LoanStatus
from core.commands import MoneyCommand, PayOff, Repay
from core.deciding.account import BALANCE_MAX
from core.deciding.lending import named_loan
from core.decision import Draft
from core.rejections import Code, Rejection
from core.servicing.repayment import pay_off, receive, shortfall


def decide_money(draft: Draft, command: MoneyCommand, on: date) -> Rejection | None:
    """Decide a command on what is owed; return why not, if it is refused."""
    if command.loan is None:
        return _receive(draft, command.amount, None, on)
    loan = _running(draft.account, command)
    if isinstance(loan, Rejection):
        return loan
    match command:
        case Repay():
            return _receive(draft, command.amount, loan, on)
        case PayOff():
            return _pay_off(draft, command.amount, loan, on)
        case _:
            assert_never(command)


def _running(account: Account, command: MoneyCommand) -> Loan | Rejection:
    """Return the loan that a command names, if it runs."""
    assert command.loan is not None
    loan = named_loan(account, command.loan)
    if isinstance(loan, Rejection) or loan.status is LoanStatus.ACTIVE:
        return loan
    return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {command.loan} is {loan.status}")


def _receive(draft: Draft, amount: int, loan: Loan | None, on: date) -> Rejection | None:
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
