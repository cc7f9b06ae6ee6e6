"""How money settles what a loan owes: amounts are taken off, and what bore interest until then is noted."""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from msgspec.structs import replace

from core.account import (
    NOTHING_AHEAD,
    Account,
    Ahead,
    Balance,
    Charge,
    Contract,
    Due,
    Loan,
    bearing,
    owed,
    running_start,
    with_loan,
)
from core.contract.servicing import PenaltyBase, Rest
from core.contract.terms import Terms
from core.contract.waterfall import Component
from core.events import ChargeAdded
from core.facts import Allocation, PenaltyCharge
from core.money import Minor

_Part = TypeVar("_Part", Allocation, PenaltyCharge)


def settle(
    account: Account, on: date, charges: tuple[PenaltyCharge, ...], allocations: tuple[Allocation, ...]
) -> Account:
    """Charge penalties, then take the allocations off what is due."""
    if charges:
        account = charged(account, on, charges)
    for number, paid in _by_loan(allocations).items():
        account = with_loan(account, _pay(account.loans[number - 1], paid, account.contracts[number - 1], on))
    return account


def charged(account: Account, on: date, charges: tuple[PenaltyCharge, ...]) -> Account:
    """Charge the penalty that accrued on what is due."""
    for number, by_due in _by_loan(charges).items():
        terms = account.contracts[number - 1].terms
        account = with_loan(account, _charge(account.loans[number - 1], on, by_due, terms))
    return account


def _by_loan(parts: Iterable[_Part]) -> dict[int, dict[int, _Part]]:
    """Return parts by the loan and the installment that they are of."""
    found: dict[int, dict[int, _Part]] = {}
    for part in parts:
        found.setdefault(part.loan, {})[part.number] = part
    return found


def _charge(loan: Loan, on: date, by_due: dict[int, PenaltyCharge], terms: Terms) -> Loan:
    # On all principal one penalty runs, whichever installment is the oldest: none begins anew with the next.
    all_of_it = terms.penalty.base is PenaltyBase.ALL_PRINCIPAL
    dues = []
    for due in loan.dues:
        charge = by_due.get(due.number)
        if charge is not None:
            due = replace(
                due,
                penalty=due.penalty + charge.amount,
                penalty_from=on,
                penalty_charged=due.penalty_charged + charge.amount - charge.compound,
            )
        elif all_of_it:
            due = replace(due, penalty_from=on)
        dues.append(due)
    total = sum([charge.amount for charge in by_due.values()])
    return replace(loan, dues=tuple(dues), penalty_charged=loan.penalty_charged + total)


def _pay(loan: Loan, paid: dict[int, Allocation], contract: Contract, on: date) -> Loan:
    principal = loan.principal - sum([part.principal for part in paid.values()])
    dues = []
    for due in loan.dues:
        part = paid.get(due.number)
        if part is None:
            dues.append(due)
        elif owed(left := _less(due, part)):
            dues.append(left)
    after = replace(loan, principal=principal, dues=tuple(dues))
    if loan.reopened:
        after = _covered(after, paid.values())
    if loan.use is not None:
        after = add_use(loan, after, on)
    return after if contract.terms.recalculation is None else moved(loan, after, contract, on)


def pay_ahead(account: Account, on: date, allocations: tuple[Allocation, ...]) -> Account:
    """Note what was paid of installments that have not fallen due."""
    for part in allocations:
        loan = account.loans[part.loan - 1]
        ahead = {paid.number: paid for paid in loan.ahead}
        if part.principal or part.interest:
            was = ahead.get(part.number, NOTHING_AHEAD)
            interest, principal = Minor(was.interest + part.interest), Minor(was.principal + part.principal)
            ahead[part.number] = Ahead(part.number, interest, principal)
        after = replace(
            loan,
            principal=loan.principal - part.principal,
            interest_billed=loan.interest_billed + part.interest,
            ahead=tuple(ahead[number] for number in sorted(ahead)),
            charges=_less_charges(loan.charges, part) if part.fee or part.penalty else loan.charges,
        )
        assert after.principal >= 0
        after = add_use(loan, _covered(after, (part,)), on)
        account = with_loan(account, moved(loan, after, account.contracts[part.loan - 1], on))
    return account


def add_use(before: Loan, after: Loan, on: date) -> Loan:
    """Count the days that the principal was in use until it changed."""
    use = before.use
    if use is None:
        return after
    days = use.principal_days + before.principal * (on - use.since).days
    return replace(after, use=replace(use, since=on, principal_days=days))


def add_cost(loan: Loan, amount: int) -> Loan:
    """Count a charge towards the cap on costs."""
    return loan if loan.use is None else replace(loan, use=replace(loan.use, charges=loan.use.charges + amount))


def _covered(loan: Loan, parts: Iterable[Allocation]) -> Loan:
    """Take what was paid off what chargebacks re-opened, the earliest first."""
    paid = {part.number: part.interest + part.principal for part in parts}
    left = []
    for reopened in loan.reopened:
        less = min(paid.get(reopened.number, 0), reopened.amount)
        if less:
            paid[reopened.number] -= less
            reopened = replace(reopened, amount=reopened.amount - less, covered=reopened.covered + less)
        left.append(reopened)
    if not left:
        return loan
    return replace(loan, reopened=tuple(left) if loan.principal or loan.dues else ())


def _less_charges(charges: tuple[Charge, ...], part: Allocation) -> tuple[Charge, ...]:
    """Take what was paid off the charges of one installment, the one first that is due first."""
    penalty, fee = part.penalty, part.fee
    left = []
    for charge in sorted(charges, key=lambda charge: charge.due_date):
        if charge.number == part.number:
            less_penalty, less_fee = min(penalty, charge.penalty), min(fee, charge.fee)
            penalty, fee = Minor(penalty - less_penalty), Minor(fee - less_fee)
            charge = replace(charge, penalty=charge.penalty - less_penalty, fee=charge.fee - less_fee)
        if charge.penalty or charge.fee:
            left.append(charge)
    assert penalty == fee == 0
    return tuple(left)


def moved(before: Loan, after: Loan, contract: Contract, on: date) -> Loan:
    """Note what bore interest so far in the running period, where a payment changed it."""
    recalculation = contract.terms.recalculation
    start, was, now = running_start(before, contract), bearing(before, contract), bearing(after, contract)
    if recalculation is None or was == now or on <= start:
        return after
    known = before.balances or (Balance(start, was),)
    if recalculation.rest is Rest.DAILY:
        known = (*(balance for balance in known if balance.start < on), Balance(on, now))
    return replace(after, balances=known)


def _less(due: Due, part: Allocation) -> Due:
    left = Due(
        due.number,
        due.due_date,
        Minor(due.principal - part.principal),
        Minor(due.interest - part.interest),
        Minor(due.fee - part.fee),
        Minor(due.penalty - part.penalty),
        due.penalty_from,
        due.penalty_charged,
    )
    assert min(left.principal, left.interest, left.fee, left.penalty) >= 0
    return left


def add_charge(loan: Loan, contract: Contract, event: ChargeAdded) -> Loan:
    """Put a charge on the installment that it belongs to: on what is due, or on what comes."""
    if not event.amount:
        return loan
    penalty = event.amount if event.component is Component.PENALTY else Minor(0)
    fee = Minor(event.amount - penalty)
    if event.number > loan.billed:
        charge = Charge(event.number, event.due_date, penalty, fee)
        return replace(loan, charges=(*loan.charges, charge))
    # Number 0 is no installment: it is due on the day of disbursement.
    due_date = contract.schedule[event.number - 1].due_date if event.number else event.due_date
    dues = {due.number: due for due in loan.dues}
    due = dues.get(event.number)
    if due is None:
        due = Due(event.number, due_date, Minor(0), Minor(0), Minor(0), Minor(0), event.on)
    dues[event.number] = replace(due, fee=due.fee + fee, penalty=due.penalty + penalty)
    return replace(loan, dues=tuple(dues[number] for number in sorted(dues)))
