"""The borrower's account and its loans: the state that events build up."""

from datetime import date
from enum import IntEnum, StrEnum

from msgspec import Struct
from msgspec.structs import replace

from core.identity import number_of
from core.money import Minor
from core.terms import Installment, Terms


class LoanStatus(StrEnum):
    """Where a loan is in its life."""

    BOOKED = "booked"
    ACTIVE = "active"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Bucket(IntEnum):
    """Ageing state by days past due: current, M1 1-30, M2 31-60, M3 61-90, M4 91 and more."""

    CURRENT = 0
    M1 = 1
    M2 = 2
    M3 = 3
    M4 = 4


class Due(Struct, frozen=True, array_like=True, gc=False):
    """A billed installment that is not wholly paid: what is still owed of it."""

    number: int
    due_date: date
    principal: Minor
    interest: Minor
    fee: Minor
    penalty: Minor
    """Penalty charged and unpaid; what accrued since `penalty_from` is derived, not stored."""
    penalty_from: date


class Loan(Struct, frozen=True, gc=False, array_like=True):
    """What changes of a loan while it is serviced."""

    number: int
    status: LoanStatus
    principal: Minor = Minor(0)
    """Principal outstanding, due or not."""
    billed: int = 0
    reminded: int = 0
    interest_billed: Minor = Minor(0)
    """All interest ever billed or collected at payoff."""
    penalty_charged: Minor = Minor(0)
    """All penalty ever charged."""
    bucket: Bucket = Bucket.CURRENT
    dues: tuple[Due, ...] = ()


class Contract(Struct, frozen=True, gc=False, array_like=True):
    """What was signed: it changes only when terms change."""

    terms: Terms
    disbursed_on: date | None = None
    schedule: tuple[Installment, ...] = ()


class Account(Struct, frozen=True, gc=False, array_like=True):
    """One borrower: the unit of consistency and of serial order."""

    id: int
    currency: str
    opened_on: date
    credit_limit: Minor
    frozen: str | None = None
    """Why lending is stopped, if it is."""
    unapplied: Minor = Minor(0)
    """Money received and not yet owed: a liability."""
    deposit: Minor = Minor(0)
    loans: tuple[Loan, ...] = ()
    contracts: tuple[Contract, ...] = ()
    """One for each loan, in the same order."""


def find_loan(account: Account, loan: int) -> Loan | None:
    """Return a loan of this account by its id."""
    index = number_of(loan) - 1
    return account.loans[index] if 0 <= index < len(account.loans) else None


def contract_of(account: Account, loan: Loan) -> Contract:
    """Return what was signed for a loan."""
    return account.contracts[loan.number - 1]


def with_loan(account: Account, loan: Loan) -> Account:
    """Return the account with this loan's state in place of the former."""
    index = loan.number - 1
    if len(account.loans) == 1:
        return replace(account, loans=(loan,))
    return replace(account, loans=(*account.loans[:index], loan, *account.loans[index + 1 :]))


def exposure(account: Account) -> Minor:
    """Return the principal lent, and promised by loans that are booked."""
    booked = sum(
        contract.terms.principal
        for loan, contract in zip(account.loans, account.contracts, strict=True)
        if loan.status is LoanStatus.BOOKED
    )
    return Minor(booked + sum(loan.principal for loan in account.loans))


def past_due(loan: Loan, on: date) -> Minor:
    """Return what was due before this date and is unpaid, charged penalty included."""
    return Minor(sum(owed(due) for due in loan.dues if due.due_date < on))


def owed(due: Due) -> Minor:
    """Return everything still owed of a billed installment."""
    return Minor(due.principal + due.interest + due.fee + due.penalty)
