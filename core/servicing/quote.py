"""What it takes to repay a loan early, on a day or good through a later one."""

from datetime import date
from typing import Final

from msgspec import Struct

from core.account import Account, Contract, Loan, LoanStatus, contract_of, find_loan, owed, principal_to_come
from core.changing.prepayment_fee import prepayment_fee
from core.changing.remaining import exactly_earned
from core.contract.servicing import PrepaymentInterest
from core.contract.terms import Method
from core.money import Minor, divide
from core.rejections import Code, Rejection
from core.schedule.floating import is_constant
from core.servicing import recalculation
from core.servicing.accrual import running, running_interest
from core.servicing.advance import advance
from core.servicing.capping import interest_above_cap
from core.servicing.penalties import penalties
from core.servicing.settling import charged

QUOTE_DAYS_MAX: Final = 366


class Quote(Struct, frozen=True):
    """The payoff of a loan, good through a date: pay `to_pay` by then and the loan is closed."""

    loan: int
    good_through: date
    principal: Minor
    interest: Minor
    """Due and accrued."""
    fee: Minor
    penalty: Minor
    total: Minor
    unapplied: Minor
    """The account's unapplied balance that will be used for it."""
    to_pay: Minor


class Payoff(Struct, frozen=True):
    """The parts of a payoff on one day, once penalties are charged."""

    principal: Minor
    """Principal not yet due."""
    interest: Minor
    """Interest earned since the last due date and not collected."""
    penalty: Minor
    fee: Minor
    """Charges not yet due."""
    prepayment_fee: Minor
    total: Minor
    waived: Minor
    """Interest on top that a cap on all costs forbids."""


def quote(account: Account, loan_id: int, on: date, good_through: date) -> Quote | Rejection:
    """Quote the payoff for any day from the business date up to `good_through`."""
    loan = find_loan(account, loan_id)
    if loan is None:
        return Rejection(Code.LOAN_UNKNOWN, f"account {account.id} has no loan {loan_id}")
    if loan.status is not LoanStatus.ACTIVE:
        return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {loan_id} is {loan.status}")
    if not 0 <= (good_through - on).days <= QUOTE_DAYS_MAX:
        return Rejection(Code.QUOTE_DATE_INVALID, f"good through must lie within {QUOTE_DAYS_MAX} days of {on}")
    then = advance(account, good_through).account
    assert then is not None
    then = charged(then, good_through, penalties(then, good_through, then.loans[loan.number - 1]))
    return _quote(then, loan_id, good_through)


def payoff(account: Account, loan: Loan, on: date) -> Payoff:
    """Return the payoff of an active loan; penalties up to `on` are already charged."""
    due = sum(owed(due) for due in loan.dues)
    principal = principal_to_come(loan)
    contract = contract_of(account, loan)
    earned = payoff_interest(loan, contract, on)
    waived = interest_above_cap(loan, contract, earned, on)
    interest = Minor(earned - waived)
    penalty, fee = sum(charge.penalty for charge in loan.charges), sum(charge.fee for charge in loan.charges)
    early = prepayment_fee(loan, contract, principal, on)
    total = due + principal + interest + penalty + fee + early
    return Payoff(principal, interest, Minor(penalty), Minor(fee), early, Minor(total), waived)


def payoff_interest(loan: Loan, contract: Contract, on: date) -> Minor:
    """Return interest that an early payoff owes; a flat loan owes the period that has begun in full (loan_math 10)."""
    if loan.status is not LoanStatus.ACTIVE:
        return Minor(0)
    if contract.terms.recalculation is not None:
        return recalculation.payoff_interest(loan, contract, on)
    if loan.billed == len(contract.schedule):
        return Minor(0)
    interest = contract.terms.prepayment.interest
    if interest is PrepaymentInterest.UNTIL_END:
        to_come = sum(row.interest + row.capitalized for row in contract.schedule[loan.billed :])
        return Minor(to_come - sum(paid.interest for paid in loan.ahead))
    whole = contract.terms.method is Method.FLAT or interest is PrepaymentInterest.UNTIL_DUE
    accrual = running(loan, contract)
    if whole and accrual is not None and on > contract.schedule[loan.billed].start:
        return Minor(max(0, accrual.total))
    return earned_interest(loan, contract, on)


def earned_interest(loan: Loan, contract: Contract, on: date) -> Minor:
    """Return interest of the running period that is earned by a day and not collected.

    The books accrue a period evenly; what is owed knows the day on which the rate changed.
    """
    if not is_constant(contract.terms) and loan.billed < len(contract.schedule):
        if contract.terms.recalculation is not None:
            return Minor(max(0, recalculation.earned(loan, contract, on, until=on)))
        if (exact := exactly_earned(loan, contract, on)) is not None:
            return divide(*exact, contract.terms.rounding)
    return Minor(max(0, running_interest(loan, contract, on)))


def _quote(account: Account, loan_id: int, on: date) -> Quote:
    loan = find_loan(account, loan_id)
    assert loan is not None
    parts = payoff(account, loan, on)
    used = min(account.unapplied, parts.total)
    return Quote(
        loan_id,
        on,
        principal=loan.principal,
        interest=Minor(parts.interest + sum(due.interest for due in loan.dues)),
        fee=Minor(parts.fee + parts.prepayment_fee + sum(due.fee for due in loan.dues)),
        penalty=Minor(parts.penalty + sum(due.penalty for due in loan.dues)),
        total=parts.total,
        unapplied=Minor(used),
        to_pay=Minor(parts.total - used),
    )
