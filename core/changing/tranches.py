"""Pay out a further part of the principal on its real day, and plan the rest of the loan with it."""

from datetime import date

from msgspec.structs import replace

from core.account import Contract, Loan, bearing, contract_of, promised
from core.change_events import Replanned, TrancheDisbursed
from core.changing.changes import follow_up
from core.changing.remaining import (
    NOTHING_REMAINS,
    SPREAD,
    Remaining,
    base_of,
    counted,
    earned_by,
    has_flat_base,
    noted,
    remaining,
    with_flat_base,
)
from core.changing.replanning import replanned, solve, spread_for_good
from core.contract.terms import Terms, Tranche
from core.decision import Draft
from core.money import Minor
from core.rejections import Code, Rejection
from core.schedule.interest import Ratio, interest_between, plus


def first_part(terms: Terms) -> Terms:
    """Return the terms of what is paid out at once: the schedule counts on nothing that was not paid out."""
    later = sum(tranche.amount for tranche in terms.tranches)
    return replace(terms, principal=terms.principal - later, tranches=()) if later else terms


def disburse_tranche(draft: Draft, loan: Loan, amount: int | None, on: date) -> Rejection | None:
    """Pay out what was promised next, or an amount of all that is promised."""
    contract = with_flat_base(contract_of(draft.account, loan))
    tranches = contract.terms.tranches
    amount = amount or (tranches[0].amount if tranches else 0)
    if not 0 < amount <= promised(contract):
        return Rejection(Code.AMOUNT_TOO_HIGH, f"{promised(contract)} is still to be paid out")
    if spread_for_good(contract.terms):
        return SPREAD
    rest = remaining(loan, contract, on)
    if rest is None:
        return NOTHING_REMAINS
    planned = _planned(loan, contract, rest, amount, on)
    if isinstance(planned, Rejection):
        return planned
    draft.emit(TrancheDisbursed(on, loan.number, Minor(amount), planned))
    follow_up(draft, loan.number, on)
    return None


def _planned(loan: Loan, contract: Contract, rest: Remaining, amount: int, on: date) -> Replanned | Rejection:
    terms = replace(contract.terms, tranches=_less(contract.terms.tranches, amount))
    if has_flat_base(terms):
        terms = replace(terms, interest_base_amount=base_of(terms, 0) + amount)
    after = replace(loan, principal=loan.principal + amount)
    if rest.number == loan.billed + 1:
        rest = earned_by(loan, contract, rest, on)
    else:
        rest = replace(rest, earned=plus(rest.earned, _earned_in_between(loan, contract, rest, amount, on)))
    rest = replace(rest, principal=rest.principal + amount)
    rows = solve(contract, terms, rest, terms.agreed_installment)
    if isinstance(rows, Rejection):
        return rows
    balances = noted(loan, contract, bearing(after, contract), on)
    return replanned(after, contract, terms, rest, rows, balances, on)


def _less(tranches: tuple[Tranche, ...], amount: int) -> tuple[Tranche, ...]:
    """Return what is still promised once an amount is paid out, the earliest first."""
    left = []
    for tranche in tranches:
        paid = min(amount, tranche.amount)
        amount -= paid
        if tranche.amount > paid:
            left.append(replace(tranche, amount=tranche.amount - paid))
    return tuple(left)


def _earned_in_between(loan: Loan, contract: Contract, rest: Remaining, amount: int, on: date) -> Ratio:
    """Return the interest of the tranche up to the first row that is planned anew: those before are paid."""
    total = 0, 1
    for number in range(loan.billed + 1, rest.number):
        row, installment = contract.schedule[number - 1], rest.installment - rest.number + number
        start, end = counted(contract, row)
        total = plus(total, interest_between(contract.terms, start, end, max(on, start), end, amount, installment))
    return total
