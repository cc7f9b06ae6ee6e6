"""Partial prepayment: what is due first, interest to the day, a fee; the rest reduces principal."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from core.account import Balance, Contract, Loan, bearing, contract_of, owed
from core.change_events import Prepaid, Replanned
from core.changing.changes import follow_up
from core.changing.prepayment_fee import prepayment_fee
from core.changing.remaining import (
    NOTHING_REMAINS,
    SPREAD,
    Remaining,
    base_of,
    counted,
    has_flat_base,
    known_balances,
    level_now,
    remaining,
    with_flat_base,
)
from core.changing.replanning import replanned, solve, spread_for_good
from core.contract.changes import Effect
from core.contract.servicing import PrepaymentInterest, Rest
from core.contract.terms import Installment, Method
from core.decision import Draft
from core.events import InterestCapped
from core.facts import Allocation
from core.money import Minor
from core.rejections import Code, Rejection
from core.servicing.accrual import running
from core.servicing.capping import interest_above_cap
from core.servicing.penalties import penalties
from core.servicing.quote import payoff_interest
from core.servicing.recalculation import earned
from core.servicing.settling import charged, moved, settle


class Split(Struct, frozen=True):
    """What is left of a prepayment once all is paid that is due, in its parts."""

    interest: Minor
    fee: Minor
    principal: Minor
    left: Minor
    waived: Minor
    """Interest on top that a cap on all costs forbids."""


def prepay(draft: Draft, loan: Loan, amount: int, effect: Effect, on: date) -> Rejection | None:
    """Take a partial prepayment and plan the rest anew."""
    charges, contract = penalties(draft.account, on, loan), with_flat_base(contract_of(draft.account, loan))
    dues = charged(draft.account, on, charges).loans[loan.number - 1].dues
    allocations = tuple(Allocation(loan.number, d.number, d.penalty, d.fee, d.interest, d.principal) for d in dues)
    due = sum(owed(each) for each in dues)
    loan = settle(draft.account, on, charges, allocations).loans[loan.number - 1]
    rest = remaining(loan, contract, on)
    refused = _refused(contract, rest, effect)
    if rest is None or refused is not None:
        return refused
    split = _split(loan, contract, rest, amount - due, effect, on)
    if not 0 < split.principal < rest.principal:
        code = Code.PREPAYMENT_TOO_LARGE if split.principal > 0 else Code.PREPAYMENT_TOO_SMALL
        return Rejection(code, f"{due + split.interest} is owed first; {rest.principal} would be all")
    planned = None if effect is Effect.KEEP_SCHEDULE else _planned(loan, contract, rest, split, effect, on)
    if isinstance(planned, Rejection):
        return planned
    draft.emit(
        Prepaid(
            on,
            loan.number,
            Minor(amount),
            effect,
            allocations,
            charges,
            split.interest,
            split.fee,
            split.principal,
            split.left,
            planned,
        )
    )
    if split.waived:
        draft.emit(InterestCapped(on, loan.number, loan.billed + 1, split.waived))
    follow_up(draft, loan.number, on)
    return None


def _refused(contract: Contract, rest: Remaining | None, effect: Effect) -> Rejection | None:
    if spread_for_good(contract.terms):
        return SPREAD
    if effect is Effect.KEEP_SCHEDULE and contract.terms.recalculation is None:
        return Rejection(Code.CHANGE_REFUSED, "the schedule stays only where interest follows payments")
    return NOTHING_REMAINS if rest is None else None


def _split(loan: Loan, contract: Contract, rest: Remaining, amount: int, effect: Effect, on: date) -> Split:
    """Return the most principal that the amount repays with its fee, once interest is paid."""
    interest = 0
    if effect is not Effect.KEEP_SCHEDULE and _collects(loan, contract, rest):
        interest = max(0, _earned(loan, contract, on))
    waived = interest_above_cap(loan, contract, interest, on)
    interest -= waived
    low, high = 0, max(0, amount - interest)
    while low < high:
        middle = (low + high + 1) // 2
        fits = middle + prepayment_fee(loan, contract, middle, on) <= amount - interest
        low, high = (middle, high) if fits else (low, middle - 1)
    fee = prepayment_fee(loan, contract, low, on)
    return Split(Minor(interest), fee, Minor(low), Minor(amount - interest - fee - low), waived)


def _collects(loan: Loan, contract: Contract, rest: Remaining) -> bool:
    """Return whether interest to the day is paid with the prepayment (else that of the period falls due as it is)."""
    terms = contract.terms
    if rest.number > loan.billed + 1:
        return False
    if terms.recalculation is not None:
        return terms.recalculation.rest is Rest.DAILY
    return terms.method is not Method.FLAT and terms.prepayment.interest is PrepaymentInterest.UNTIL_PAID


def _earned(loan: Loan, contract: Contract, on: date) -> int:
    if contract.terms.recalculation is not None:
        return earned(loan, contract, on, until=on)
    return payoff_interest(loan, contract, on)


def _planned(
    loan: Loan, contract: Contract, rest: Remaining, split: Split, effect: Effect, on: date
) -> Replanned | Rejection:
    terms, row = contract.terms, contract.schedule[rest.number - 1]
    after = replace(loan, principal=loan.principal - split.principal)
    rest = replace(rest, principal=rest.principal - split.principal)
    level = level_now(contract, rest) if effect is Effect.SHORTEN else None
    if effect is Effect.REDUCE_PAYMENT:
        terms = replace(terms, agreed_installment=None)
    if has_flat_base(terms):
        # Interest that became principal can be repaid too, but bore none itself.
        terms = replace(terms, interest_base_amount=max(1, base_of(terms, 0) - split.principal))
    balances, settled = loan.balances, _collects(loan, contract, rest)
    rows: tuple[Installment, ...] | Rejection
    if settled:
        rest = replace(rest, since=max(on, rest.dates[0]), earned=(0, 1))
        rows = solve(contract, terms, rest, level)
        balances = (Balance(on, bearing(after, contract)),) if on > rest.start else ()
    elif rest.number > loan.billed + 1:
        rows = solve(contract, terms, rest, level)
        balances = moved(loan, after, contract, on).balances
    elif rest.number == len(contract.schedule):
        rows = (replace(row, principal=rest.principal),)
        balances = known_balances(loan, contract)
    else:
        accrual = running(loan, contract)
        assert accrual is not None
        rest = replace(rest, since=counted(contract, row)[1], earned=(accrual.total, 1))
        rows = solve(contract, terms, rest, level)
        balances = known_balances(loan, contract)
    if isinstance(rows, Rejection):
        return rows
    return replanned(after, contract, terms, rest, rows, balances, on, settled=settled)
