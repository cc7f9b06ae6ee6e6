"""Split a payment over what is owed. The order is the contract's, so it is data and not code."""

from collections.abc import Sequence

from core.account import Account, Due, contract_of, owed
from core.events import Allocation
from core.money import Minor
from core.waterfall import Component, Direction, Waterfall

_Parts = dict[Component, int]


def allocate(amount: int, loan: int, dues: Sequence[Due], waterfall: Waterfall) -> tuple[list[Allocation], Minor]:
    """Return what each of a loan's dues (oldest first) receives, and what is left."""
    assert amount >= 0
    if waterfall.direction is Direction.HORIZONTAL:
        allocations, left = _horizontal(amount, loan, dues, waterfall.order)
    else:
        allocations, left = _vertical(amount, loan, dues, waterfall.order)
    assert left + sum([a.penalty + a.fee + a.interest + a.principal for a in allocations]) == amount
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


def _horizontal(
    left: int, loan: int, dues: Sequence[Due], order: tuple[Component, ...]
) -> tuple[list[Allocation], int]:
    allocations: list[Allocation] = []
    for due in dues:
        unpaid = owed(due)
        if unpaid > left:
            partly, left = _vertical(left, loan, (due,), order)
            return allocations + partly, left
        # What is paid whole needs no order.
        allocations.append(Allocation(loan, due.number, due.penalty, due.fee, due.interest, due.principal))
        left -= unpaid
    return allocations, left


def _vertical(left: int, loan: int, dues: Sequence[Due], order: tuple[Component, ...]) -> tuple[list[Allocation], int]:
    paid: list[_Parts] = [{} for _ in dues]
    for component in order:
        for due, parts in zip(dues, paid, strict=True):
            taken = min(left, getattr(due, component))
            if taken:
                parts[component] = taken
                left -= taken
    return [_allocation(loan, due, parts) for due, parts in zip(dues, paid, strict=True) if parts], left


def _allocation(loan: int, due: Due, parts: _Parts) -> Allocation:
    return Allocation(
        loan,
        due.number,
        Minor(parts.get(Component.PENALTY, 0)),
        Minor(parts.get(Component.FEE, 0)),
        Minor(parts.get(Component.INTEREST, 0)),
        Minor(parts.get(Component.PRINCIPAL, 0)),
    )
