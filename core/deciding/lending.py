"""Decide what makes a loan: booking, cancelling, paying out."""

from datetime import date
from typing import assert_never

from core.account import Account, Loan, LoanStatus, contract_of, exposure, find_loan
from core.commands import BookLoan, CancelLoan, Command, Disburse, DisburseTranche, LendingCommand
from core.decision import Draft
from core.events import LoanBooked, LoanCancelled
from core.identity import LOANS_MAX, account_of
from core.origination.agreements import has_left
from core.rejections import Code, Rejection
from core.schedule.plan import check_terms
from core.servicing.disbursing import disburse, refused_terms


def decide_lending(draft: Draft, command: LendingCommand, on: date) -> Rejection | None:
    """Decide a command that makes or ends a loan; return why not, if it is refused."""
    match command:
        case BookLoan():
            return _book(draft, command, on)
        case CancelLoan():
            loan = _booked(draft.account, command)
            if isinstance(loan, Rejection):
                return loan
            draft.emit(LoanCancelled(on, loan.number))
            return None
        case Disburse():
            loan = _booked(draft.account, command)
            if isinstance(loan, Rejection):
                return loan
            # The plan counts from this day: it may cost more than it did from the day of booking.
            return refused_terms(contract_of(draft.account, loan).terms, on) or disburse(draft, loan, on)
        case _:
            assert_never(command)


def refused_now(account: Account, command: Command) -> Rejection | None:
    """Refuse money that would leave as of an earlier day where none may leave today."""
    if isinstance(command, DisburseTranche):
        return refused_lending(account) or refused_past_contract(account)
    loan = _booked(account, command) if isinstance(command, Disburse) else None
    return loan if isinstance(loan, Rejection) else None


def named_loan(account: Account, loan_id: int) -> Loan | Rejection:
    """Return the loan that a command names, if it is one of this account."""
    loan = find_loan(account, loan_id) if account_of(loan_id) == account.id else None
    return loan or Rejection(Code.LOAN_UNKNOWN, f"account {account.id} has no loan {loan_id}")


def running_loan(account: Account, loan_id: int, *, closed_too: bool = False) -> Loan | Rejection:
    """Return the loan that a command names, if it runs; a closed one can still be charged."""
    loan = named_loan(account, loan_id)
    if isinstance(loan, Rejection) or loan.status is LoanStatus.ACTIVE:
        return loan
    if closed_too and loan.status is LoanStatus.CLOSED:
        return loan
    return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {loan_id} is {loan.status}")


def _booked(account: Account, command: CancelLoan | Disburse) -> Loan | Rejection:
    loan = named_loan(account, command.loan)
    if isinstance(loan, Rejection):
        return loan
    refused = refused_lending(account) if isinstance(command, Disburse) else None
    if refused is not None:
        return refused
    if loan.status is not LoanStatus.BOOKED:
        return Rejection(Code.LOAN_NOT_BOOKED, f"loan {command.loan} is {loan.status}")
    return _on_its_way(account, command, loan) or loan


def refused_lending(account: Account) -> Rejection | None:
    """Refuse to lend more while that is stopped, or nothing new is done with the borrower's data."""
    if account.frozen is not None:
        return Rejection(Code.ACCOUNT_FROZEN, account.frozen)
    borrower = account.file.borrower
    if borrower is not None and borrower.restricted:
        return Rejection(Code.BORROWER_RESTRICTED, "nothing new is done with the borrower's data")
    return None


def _on_its_way(account: Account, command: CancelLoan | Disburse, loan: Loan) -> Rejection | None:
    """Refuse what goes past a payout: its money has left, or only it may make the loan begin."""
    if has_left(account, loan.number):
        return Rejection(Code.PAYOUT_PENDING, f"money for loan {command.loan} is on its way, or has left")
    return refused_past_contract(account) if isinstance(command, Disburse) else None


def refused_past_contract(account: Account) -> Rejection | None:
    """Refuse money past contract, checks and bank, which is how it leaves an account that has contracts."""
    if not account.file.agreements:
        return None
    return Rejection(Code.CONTRACT_UNSIGNED, f"account {account.id} has contracts: request a payout under one")


def _book(draft: Draft, command: BookLoan, on: date) -> Rejection | None:
    account = draft.account
    refused = refused_lending(account)
    if refused is not None:
        return refused
    if len(account.loans) == LOANS_MAX:
        return Rejection(Code.TOO_MANY_LOANS, f"an account holds at most {LOANS_MAX} loans")
    wrong = check_terms(command.terms, on)
    if wrong is not None:
        return Rejection(Code.TERMS_INVALID, wrong)
    unpayable = refused_terms(command.terms, on)
    if unpayable is not None:
        return unpayable
    available = account.credit_limit - exposure(account)
    if command.terms.principal > available:
        return Rejection(Code.LIMIT_EXCEEDED, f"{max(0, available)} of the limit is available")
    draft.emit(LoanBooked(on, len(account.loans) + 1, command.terms))
    return None
