"""Split money over the loans of an account, each by its own waterfall."""

from collections.abc import Collection
from datetime import date
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from core.account import Account, Contract, Loan, LoanStatus, contract_of, principal_to_come
from core.contract.servicing import Source
from core.contract.waterfall import Component, Reach, Step, Waterfall, in_advance
from core.facts import Allocation
from core.servicing.allocation import Open, Payable, allocate_open, allocate_owed, allocations_of, payable
from core.servicing.reach import reach, waterfall_of

_AGAIN: Final = Waterfall((Step(Reach.IN_ADVANCE, (Component.PRINCIPAL, Component.INTEREST)),))
"""How money pays what a chargeback made late in the running installment: its own interest has not been earned yet."""


class Split(Struct):
    """Money split over an account: what is owed first, then what may be paid in advance."""

    left: int
    allocations: list[Allocation]
    ahead: list[Allocation]
    settled: dict[int, list[int]]
    """By loan number: installments paid in full before they fall due."""


def split_over(account: Account, amount: int, number: int | None, on: date, source: Source | None = None) -> Split:
    """Split money over one loan or, oldest due date first, over all; penalties are already charged."""
    split = Split(amount, [], [], {})
    if number is not None:
        _pay_loan(split, account, account.loans[number - 1], on, source)
        return split
    owing = [loan for loan in account.loans if loan.status is LoanStatus.ACTIVE]
    if len(owing) == 1:
        _pay_loan(split, account, owing[0], on, source)
        return split
    _pay_dues(split, account, on, source)
    if split.left:
        _pay_in_advance(split, account, owing, on, source)
    return split


def _pay_in_advance(split: Split, account: Account, loans: list[Loan], on: date, source: Source | None) -> None:
    """Pay the loans in advance that allow it, the one that falls due first before the others."""
    for loan in sorted(loans, key=lambda loan: _next_due(account, loan)):
        # Money is left, so all that was owed is paid.
        _pay_loan(split, account, replace(loan, principal=principal_to_come(loan), dues=()), on, source)


def _pay_loan(split: Split, account: Account, loan: Loan, on: date, source: Source | None) -> None:
    contract = contract_of(account, loan)
    waterfall = waterfall_of(contract.terms, loan, on, source)
    if len(waterfall.steps) == 1 and waterfall.steps[0].reach is Reach.OWED:
        allocations, split.left = allocate_owed(split.left, loan.number, loan.dues, waterfall.steps[0])
        split.allocations += allocations
    else:
        reached = reach(loan, contract, waterfall, split.left, on)
        split.left = allocate_open(split.left, waterfall, reached)
        split.allocations += allocations_of(loan.number, (*reached.past_due, *reached.due))
        split.ahead += allocations_of(loan.number, _together(reached.charges_due, reached.in_advance))
        split.settled[loan.number] = [row.number for row in reached.in_advance if _settled(row)]
    _pay_reopened(split, loan, contract, waterfall, on)


def _pay_reopened(split: Split, loan: Loan, contract: Contract, waterfall: Waterfall, on: date) -> None:
    """Pay what a chargeback made late before its installment falls due, if nothing else is paid in advance."""
    running = loan.billed + 1
    most = min(split.left, sum(each.amount for each in loan.reopened if each.number == running))
    if not most or in_advance(waterfall):
        return
    rows = [row for row in reach(loan, contract, _AGAIN, most, on).in_advance if row.number == running]
    reached = Open((), (), in_advance=rows, running=running, principal_in_advance=principal_to_come(loan))
    split.left += allocate_open(most, _AGAIN, reached) - most
    split.ahead += allocations_of(loan.number, rows)
    split.settled[loan.number] = [row.number for row in rows if _settled(row)]


def _pay_dues(split: Split, account: Account, on: date, source: Source | None) -> None:
    """Pay what is owed on several loans, installment by installment."""
    dues = [(due.due_date, loan.number, due) for loan in account.loans for due in loan.dues]
    for due_date, number, due in sorted(dues, key=lambda each: (each[0], each[1], each[2].number)):
        if not split.left:
            break
        waterfall = waterfall_of(account.contracts[number - 1].terms, account.loans[number - 1], on, source)
        row = payable(due.number, due.penalty, due.fee, due.interest, due.principal)
        reached = Open((row,), ()) if due_date < on else Open((), (row,))
        split.left = allocate_open(split.left, waterfall, reached)
        split.allocations += allocations_of(number, (row,))


def _together(charges: Collection[Payable], rows: Collection[Payable]) -> list[Payable]:
    """Return one payable for each installment, its own charges and the rest together."""
    together: dict[int, Payable] = {}
    for row in (*charges, *rows):
        known = together.get(row.number)
        if known is None:
            together[row.number] = Payable(row.number, row.owed, list(row.paid))
        else:
            known.paid = [one + other for one, other in zip(known.paid, row.paid, strict=True)]
    return [together[number] for number in sorted(together)]


def _settled(row: Payable) -> bool:
    _, _, interest, principal = row.owed
    return any(row.paid[2:]) and not interest and not principal


def _next_due(account: Account, loan: Loan) -> date:
    schedule = contract_of(account, loan).schedule
    return schedule[min(loan.billed, len(schedule) - 1)].due_date
