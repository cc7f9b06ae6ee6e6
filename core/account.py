"""The borrower's account and its loans: the state that events build up."""

from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from core.contract.terms import Installment, Terms, installment_total
from core.identity import number_of
from core.money import Minor
from core.origination.file import EMPTY, CreditFile


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
    penalty_charged: Minor = Minor(0)
    """All penalty interest ever charged on it."""


class Ahead(Struct, frozen=True, array_like=True, gc=False):
    """What was paid of an installment that has not fallen due."""

    number: int
    interest: Minor
    principal: Minor


NOTHING_AHEAD: Final = Ahead(0, Minor(0), Minor(0))


class Charge(Struct, frozen=True, array_like=True, gc=False):
    """A fee or penalty of an installment that has not fallen due; with it, it becomes part of what is due."""

    number: int
    """The installment's."""
    due_date: date
    """The charge's own."""
    penalty: Minor
    fee: Minor
    """Unpaid; one of the two is 0."""


class Accrual(Struct, frozen=True, array_like=True, gc=False):
    """Interest of the running period that payments have changed: what is earned and uncollected, day by day."""

    start: date
    earned: int
    """By `start`; below zero where interest was paid before it was earned."""
    total: int
    """By the period's end; it grows evenly between."""


class Balance(Struct, frozen=True, array_like=True, gc=False):
    """Principal that bears interest from a date on, within the running period."""

    start: date
    principal: Minor


class Deferral(Struct, frozen=True, array_like=True, gc=False):
    """Interest that does not fall due with the period in which it is earned."""

    number: int
    """The installment's."""
    amount: int
    """Earned in its period and due later; below zero: earned earlier and due with it."""


class Reopened(Struct, frozen=True, array_like=True, gc=False):
    """What a chargeback made owing again and no payment has covered since: late from its own day on."""

    number: int
    """The installment's."""
    on: date
    amount: Minor
    covered: Minor
    """What of it was paid in advance, before."""


class Recurrence(Struct, frozen=True, array_like=True, gc=False):
    """When a fee of the product was charged by itself last."""

    fee: int
    """Its place in the terms, from 1."""
    number: int
    """The overdue installment; 0 where the loan is charged."""
    last: date
    total: Minor
    """All charges of it so far."""


class Use(Struct, frozen=True, array_like=True, gc=False):
    """What a cap on costs is measured by."""

    since: date
    principal_days: int
    """Principal in use times days, up to `since`."""
    charges: Minor
    """Fees and penalties added so far, without penalty interest."""


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
    ahead: tuple[Ahead, ...] = ()
    charges: tuple[Charge, ...] = ()
    balances: tuple[Balance, ...] = ()
    """What bore interest in the running period, if it changed; otherwise it was what bears it now."""
    carried: Minor = Minor(0)
    """Interest earned in former periods that is still to be billed; below zero: billed before its period ended."""
    accrual: Accrual | None = None
    """None: the running installment's interest accrues evenly."""
    reopened: tuple[Reopened, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
    swept: int = 0
    """The last installment for which the security deposit was claimed."""
    use: Use | None = None
    """None without a cap on costs."""
    non_accrual_since: date | None = None
    """Since when interest is income only as it is paid; None while the loan accrues."""
    interest_refunded: Minor = Minor(0)
    """All interest ever given back by refunds."""


class Contract(Struct, frozen=True, gc=False, array_like=True):
    """What was signed, and the schedule: as agreed, or as payments moved it (with recalculation)."""

    terms: Terms
    disbursed_on: date | None = None
    schedule: tuple[Installment, ...] = ()
    planned: tuple[Installment, ...] = ()
    """The schedule as agreed, where payments have moved it since."""
    dates: tuple[date, ...] = ()
    """All agreed due dates before business days move them, where they no longer follow from the terms."""
    deferrals: tuple[Deferral, ...] = ()
    extensions: int = 0
    """How often the maturity was extended."""
    matures: date | None = None
    """The maturity as signed, where it was extended."""


BY_SIGNAL: Final = "risk signal: "
"""How the reason of a freeze begins that followed from a signal of risk."""


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
    file: CreditFile = EMPTY
    """What preceded the loans."""


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


def with_contract(account: Account, number: int, contract: Contract) -> Account:
    """Return the account with this contract in place of a loan's former."""
    return replace(account, contracts=(*account.contracts[: number - 1], contract, *account.contracts[number:]))


def exposure(account: Account) -> Minor:
    """Return the principal lent, and promised: by loans that are booked, and by those not wholly paid out."""
    return Minor(sum(committed(*pair) for pair in zip(account.loans, account.contracts, strict=True)))


def committed(loan: Loan, contract: Contract) -> Minor:
    """Return the principal of one loan, lent and promised."""
    match loan.status:
        case LoanStatus.BOOKED:
            return Minor(contract.terms.principal)
        case LoanStatus.ACTIVE:
            return Minor(loan.principal + promised(contract))
        case _:
            return loan.principal


def running_start(loan: Loan, contract: Contract) -> date:
    """Return the date from which the next installment to fall due bears interest."""
    if loan.billed < len(contract.schedule):
        return contract.schedule[loan.billed].start
    return contract.schedule[-1].due_date


def bearing(loan: Loan, contract: Contract) -> Minor:
    """Return the principal that bears interest now: all of it, or without what is overdue."""
    recalculation = contract.terms.recalculation
    if recalculation is not None and recalculation.on_past_due:
        return Minor(loan.principal - sum([due.principal for due in loan.dues if is_down_payment(due, contract)]))
    return principal_to_come(loan)


def principal_to_come(loan: Loan) -> Minor:
    """Return the principal that has not fallen due."""
    return Minor(loan.principal - sum([due.principal for due in loan.dues]))


def is_down_payment(due: Due, contract: Contract) -> bool:
    """Return whether an installment fell due with the payout: it was never lent, and bears nothing however late."""
    return contract.schedule[due.number - 1].due_date == contract.disbursed_on


def deferred(contract: Contract, number: int) -> int:
    """Return the interest of an installment's period that falls due later; below zero, what it brings from before."""
    if not contract.deferrals:
        return 0
    return sum(each.amount for each in contract.deferrals if each.number == number)


def promised(contract: Contract) -> Minor:
    """Return what is still to be paid out of a loan that runs."""
    return Minor(sum(tranche.amount for tranche in contract.terms.tranches))


def to_pay(loan: Loan, installment: Installment) -> Minor:
    """Return what the next installment to fall due still asks for, its charges included."""
    number = loan.billed + 1
    paid = sum([part.interest + part.principal for part in loan.ahead if part.number == number])
    charges = sum([charge.penalty + charge.fee for charge in loan.charges if charge.number == number])
    return Minor(installment_total(installment) - paid + charges)


def past_due(loan: Loan, on: date) -> Minor:
    """Return what was due before this date and is unpaid, charged penalty included."""
    return Minor(sum(owed(due) for due in loan.dues if due.due_date < on))


def owed(due: Due) -> Minor:
    """Return everything still owed of a billed installment."""
    return Minor(due.principal + due.interest + due.fee + due.penalty)
