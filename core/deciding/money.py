"""Decide the borrower's payments."""

from datetime import date
from typing import assert_never

from core.account import Loan
from core.commands import MoneyCommand, PayOff, Repay
from core.deciding.account import refused_above_balance
from core.deciding.lending import running_loan
from core.decision import Draft
from core.rejections import Code, Rejection
from core.servicing.repayment import pay_off, receive, shortfall


def decide_money(draft: Draft, command: MoneyCommand, on: date) -> Rejection | None:
    """Decide a command on what is owed; return why not, if it is refused."""
    if command.loan is None:
        return _receive(draft, command.amount, None, on)
    loan = running_loan(draft.account, command.loan)
    if isinstance(loan, Rejection):
        return loan
    match command:
        case Repay():
            return _receive(draft, command.amount, loan, on)
        case PayOff():
            return _pay_off(draft, command.amount, loan, on)
        case _:
            assert_never(command)


def _receive(draft: Draft, amount: int, loan: Loan | None, on: date) -> Rejection | None:
    refused = refused_above_balance(draft.account, amount)
    if refused is None:
        receive(draft, amount, loan, on)
    return refused


def _pay_off(draft: Draft, amount: int, loan: Loan, on: date) -> Rejection | None:
    missing = shortfall(draft.account, amount, loan, on)
    if missing:
        return Rejection(Code.PAYOFF_AMOUNT_TOO_LOW, f"{missing} is missing to pay the loan off on {on}")
    refused = refused_above_balance(draft.account, amount)
    if refused is None:
        pay_off(draft, amount, loan, on)
    return refused
