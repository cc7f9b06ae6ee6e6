"""Credits: money from elsewhere than the borrower, interest given back with it, and unapplied money put to use."""

from datetime import date

from msgspec.structs import replace

from core.account import Account, Contract, Loan, LoanStatus, contract_of
from core.changing.remaining import agreed_dates
from core.charge_events import UnappliedUsed
from core.contract.servicing import Source
from core.contract.terms import BrokenPeriod, Method
from core.contract.waterfall import Reach, Step, Waterfall, in_advance
from core.decision import Draft
from core.money import AMOUNT_MAX, Minor, divide
from core.schedule.interest import Ratio, interest_between, plus
from core.schedule.plan import broken_interest, regular_start, rows_at_payout
from core.servicing.advance import restate_paid, settle_states
from core.servicing.late_interest import claim
from core.servicing.penalties import penalties
from core.servicing.quote import payoff
from core.servicing.repayment import receive
from core.servicing.settling import charged
from core.servicing.split import split_over


def credit(draft: Draft, amount: int, loan: Loan, on: date, source: Source, *, with_interest: bool = False) -> None:
    """Reduce a debt by a credit; a refund may give back the interest that its amount has cost since disbursement.

    What a refund leaves is the borrower's; goodwill is cut to the debt, which may have become smaller since.
    """
    saved = _interest_to_refund(loan, contract_of(draft.account, loan), amount, on) if with_interest else Minor(0)
    if source is Source.GOODWILL_CREDIT:
        most = missing(draft.account, loan, on)
        amount, saved = min(amount, most), Minor(min(saved, max(0, most - amount)))
    if amount:
        receive(draft, amount, loan, on, source, with_interest=with_interest)
    if saved:
        receive(draft, saved, draft.account.loans[loan.number - 1], on, Source.INTEREST_REFUND, follows=True)


def missing(account: Account, loan: Loan, on: date) -> int:
    """Return what the unapplied balance leaves of a debt, the most that goodwill may give; 0 if it is closed."""
    if loan.status is not LoanStatus.ACTIVE:
        return 0
    account = charged(account, on, penalties(account, on, loan))
    parts = payoff(account, account.loans[loan.number - 1], on)
    return max(0, parts.total - parts.prepayment_fee - account.unapplied)


def _interest_to_refund(loan: Loan, contract: Contract, amount: int, on: date) -> Minor:
    """Return what an amount has cost, at most what of all interest no refund has given back before."""
    left = interest_cost(loan, contract, AMOUNT_MAX, on) - loan.interest_refunded
    return Minor(min(interest_cost(loan, contract, amount, on), max(0, left)))


def interest_cost(loan: Loan, contract: Contract, amount: int, on: date) -> Minor:
    """Return what the schedule has charged by a day for an amount that might have come back at disbursement.

    Interest of each period is on the principal of the schedule less the amount, so it saves no more than all of it. A
    closed loan gives back what was really charged: up to the day by which the schedule charges as much.
    """
    if loan.status is LoanStatus.CLOSED:
        on = _charged_until(loan, contract, on)
    return _cost(contract, amount, on)


def _charged_until(loan: Loan, contract: Contract, on: date) -> date:
    """Return the day by which the schedule charges all that was charged, but for rounding: a payoff ended it there."""

    def off(day: int) -> int:
        return _cost(contract, AMOUNT_MAX, date.fromordinal(day)) - loan.interest_billed

    first, last = contract.schedule[0].start.toordinal(), on.toordinal()
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if off(middle) >= 0 else (middle + 1, last)
    return date.fromordinal(min(last, last - 1, key=lambda day: abs(off(day))))


def _cost(contract: Contract, amount: int, on: date) -> Minor:
    """Return what the schedule charges by a day for an amount, and for no more than all."""
    terms = contract.terms
    rows = contract.schedule[rows_at_payout(terms, contract.schedule, contract.disbursed_on) :]
    lent = balance = sum(int(row.principal) for row in rows)
    regular, cost = _before_regular(contract, min(amount, lent), on)
    for number, row in enumerate(rows, 1):
        end = min(on, row.due_date)
        if row.start < end or row.start == end == row.due_date != contract.disbursed_on:
            if terms.method is Method.FLAT:
                days = (row.due_date - row.start).days
                part = row.interest * min(amount, lent) * ((end - row.start).days or 1), lent * (days or 1)
            else:
                base, start = max(0, min(amount, balance)), max(row.start, regular)
                part = interest_between(terms, start, row.due_date, start, end, base, number)
            cost = plus(cost, part)
        balance -= row.principal - row.capitalized
    return divide(*cost, terms.rounding)


def _before_regular(contract: Contract, amount: int, on: date) -> tuple[date, Ratio]:
    """Return when the first regular period starts, and what the days before it cost by a day, or at once.

    Of a flat loan they are part of the rows, unless they cost at once.
    """
    terms, start = contract.terms, contract.disbursed_on
    assert start is not None
    upfront = terms.broken_period is BrokenPeriod.UPFRONT
    regular = regular_start(terms, start, agreed_dates(contract)[0])
    if regular == start or (terms.method is Method.FLAT and not upfront):
        return start, (0, 1)
    until = regular if upfront else min(max(on, start), regular)
    return regular, broken_interest(terms, (start, regular), start, until, amount)


def use_unapplied(draft: Draft, amount: int, loan: Loan | None, on: date) -> int:
    """Pay from the unapplied balance, what falls due later as well; return how much. With nothing, do nothing."""
    most = min(amount, draft.account.unapplied)
    if not most:
        return 0
    number = None if loan is None else loan.number
    charges = claim(draft, on, number, 0 if loan is None else most)
    account = _paying_ahead(charged(draft.account, on, charges))
    split = split_over(account, most, number, on)
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
