"""Split a payment over what is owed. The order is the contract's, so it is data and not code."""

from collections.abc import Sequence

from core.account import Account, Due, contract_of
from core.events import Allocation
from core.money import Minor
from core.terms import Component, Direction, Waterfall

_Parts = dict[Component, int]


def allocate(amount: int, loan: int, dues: Sequence[Due], waterfall: Waterfall) -> tuple[list[Allocation], Minor]:
    """Return what each of a loan's dues (oldest first) receives, and what is left."""
    assert amount >= 0
    if waterfall.direction is Direction.HORIZONTAL:
        paid, left = _horizontal(amount, dues, waterfall.order)
    else:
        paid, left = _vertical(amount, dues, waterfall.order)
    allocations = [_allocation(loan, due, parts) for due, parts in zip(dues, paid, strict=False) if parts]
    assert left + sum(sum(parts.values()) for parts in paid) == amount
    return allocations, Minor(left)


def allocate_account(amount: int, account: Account) -> tuple[list[Allocation], Minor]:
    """Return allocations over all loans: installment by installment, oldest due date first."""
    owing = [loan for loan in account.loans if loan.dues]
    if len(owing) == 1:
        loan = owing[0]
        return allocate(amount, loan.number, loan.dues, contract_of(account, loan).terms.waterfall)
    allocations: list[Allocation] = []
    for _, number, due in sorted((due.due_date, loan.number, due) for loan in owing for due in loan.dues):
        if not amount:
            break
        some, amount = allocate(amount, number, (due,), account.contracts[number - 1].terms.waterfall)
        allocations += some
    return allocations, Minor(amount)


def _horizontal(left: int, dues: Sequence[Due], order: tuple[Component, ...]) -> tuple[list[_Parts], int]:
    paid: list[_Parts] = []
    for due in dues:
        if not left:
            break
        parts: _Parts = {}
        for component in order:
            owed = getattr(due, component)
            if owed and left:
                parts[component] = taken = min(owed, left)
                left -= taken
        paid.append(parts)
    return paid, left


def _vertical(left: int, dues: Sequence[Due], order: tuple[Component, ...]) -> tuple[list[_Parts], int]:
    paid: list[_Parts] = [{} for _ in dues]
    for component in order:
        for due, parts in zip(dues, paid, strict=True):
            owed = getattr(due, component)
            if owed and left:
                parts[component] = taken = min(owed, left)
                left -= taken
    return paid, left


def _allocation(loan: int, due: Due, parts: _Parts) -> Allocation:
    return Allocation(
        loan,
        due.number,
        Minor(parts.get(Component.PENALTY, 0)),
        Minor(parts.get(Component.FEE, 0)),
        Minor(parts.get(Component.INTEREST, 0)),
        Minor(parts.get(Component.PRINCIPAL, 0)),
    )
