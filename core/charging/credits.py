"""Credits: money from elsewhere than the borrower, interest given back with it, and unapplied money put to use."""

from datetime import date

from msgspec.structs import replace

from core.account import Account, Contract, Loan, contract_of
from core.charge_events import UnappliedUsed
from core.contract.servicing import Source
from core.contract.terms import Method
from core.contract.waterfall import Reach, Step, Waterfall, in_advance
from core.decision import Draft
from core.money import Minor, divide
from core.schedule.interest import interest_between
from core.servicing.advance import restate_paid, settle_states
from core.servicing.penalties import charge, penalties
from core.servicing.repayment import receive
from core.servicing.split import split_over


def credit(draft: Draft, amount: int, loan: Loan, on: date, source: Source, *, with_interest: bool = False) -> None:
    """Reduce a debt by a credit; a refund may give back the interest that its amount has cost since disbursement."""
    saved = interest_cost(loan, contract_of(draft.account, loan), amount, on) if with_interest else 0
    receive(draft, amount, loan, on, source, with_interest=with_interest)
    if saved:
        receive(draft, saved, draft.account.loans[loan.number - 1], on, Source.INTEREST_REFUND, follows=True)


def interest_cost(loan: Loan, contract: Contract, amount: int, on: date) -> Minor:
    """Return what the schedule has charged by a day for an amount that might have come back at disbursement.

    Interest of each period is on the principal of the schedule less the amount, so it saves no more than all of it.
    """
    terms, exact = contract.terms, [(0, 1)]
    lent = balance = sum(int(row.principal) for row in contract.schedule)
    for number, row in enumerate(contract.schedule, 1):
        end = min(on, row.due_date)
        if row.start < end or row.start == end == row.due_date != contract.disbursed_on:
            if terms.method is Method.FLAT:
                days = (row.due_date - row.start).days
                exact.append((row.interest * min(amount, lent) * ((end - row.start).days or 1), lent * (days or 1)))
            else:
                base = max(0, min(amount, balance))
                exact.append(interest_between(terms, row.start, row.due_date, row.start, end, base, number))
        balance -= row.principal - row.capitalized
    numerator, denominator = 0, 1
    for part, whole in exact:
        numerator, denominator = numerator * whole + part * denominator, denominator * whole
    return divide(numerator, denominator, terms.rounding)


def use_unapplied(draft: Draft, amount: int, loan: Loan | None, on: date) -> int:
    """Pay from the unapplied balance, what falls due later as well; return how much. With nothing, do nothing."""
    most = min(amount, draft.account.unapplied)
    charges = penalties(draft.account, on, loan)
    charged = _paying_ahead(charge(draft.account, on, charges))
    number = None if loan is None else loan.number
    split = split_over(charged, most, number, on)
    allocations, ahead = tuple(split.allocations), tuple(split.ahead)
    if split.left == most:
        return 0
    draft.emit(UnappliedUsed(on, Minor(amount), number, allocations, charges, ahead))
    restate_paid(draft, split, on)
    settle_states(draft, on)
    return most - split.left


def _paying_ahead(account: Account) -> Account:
    """Return the account as if every contract let money pay in advance."""
    contracts = tuple(
        replace(each, terms=replace(each.terms, waterfall=ahead_too(each.terms.waterfall)))
        for each in account.contracts
    )
    return replace(account, contracts=contracts)


def ahead_too(waterfall: Waterfall) -> Waterfall:
    """Return a waterfall that goes on to the installments to come, next one first if it has no rule for them."""
    if in_advance(waterfall):
        return waterfall
    last = waterfall.steps[-1]
    return replace(waterfall, steps=(*waterfall.steps, Step(Reach.IN_ADVANCE, last.order, last.direction)))
