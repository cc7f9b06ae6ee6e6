"""Split money over what is owed. The order is the contract's, so it is data and not code."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from core.account import Due, owed
from core.contract.waterfall import STANDARD_ORDER, Component, Direction, Future, Reach, Step, Waterfall
from core.facts import Allocation, allocated
from core.money import Minor, Rounding, equal_parts

_PLACE: Final = {component: place for place, component in enumerate(STANDARD_ORDER)}


class Payable(Struct, gc=False):
    """An installment while it is paid: what is still owed and what it has received, in the standard order."""

    number: int
    owed: list[int]
    paid: list[int]


class Open(Struct, frozen=True):
    """What a payment of one loan can reach, oldest first."""

    past_due: Sequence[Payable]
    due: Sequence[Payable]
    charges_due: Sequence[Payable] = ()
    """Charges whose own date has come, of the installments that have not fallen due."""
    in_advance: Sequence[Payable] = ()
    running: int = 0
    """The number of the installment in whose period the payment lies, or 0."""
    principal_in_advance: int = 0
    """All principal that has not fallen due; an installment in advance is paid no more than is left of it."""
    moves_interest: bool = False
    """Whether principal paid alone moves the interest of an installment that it pays whole to the next one."""


def payable(number: int, penalty: int, fee: int, interest: int, principal: int) -> Payable:
    """Return an installment before it is paid."""
    return Payable(number, [penalty, fee, interest, principal], [0, 0, 0, 0])


def allocate_owed(amount: int, loan: int, dues: Sequence[Due], step: Step) -> tuple[list[Allocation], Minor]:
    """Return what each of a loan's dues (oldest first) receives by one step over all of them, and what is left."""
    assert amount >= 0
    if step.direction is Direction.HORIZONTAL:
        allocations, left = _horizontal(amount, loan, dues, step.order)
    else:
        allocations, left = _stepwise(amount, loan, dues, step)
    assert left + allocated(allocations) == amount
    return allocations, Minor(left)


def allocate_open(amount: int, waterfall: Waterfall, reached: Open) -> int:
    """Pay what is open by the steps of a waterfall; return what is left. The payables note what they received."""
    left = amount
    for step in waterfall.steps:
        if not left:
            break
        if step.reach is Reach.IN_ADVANCE:
            left = _pay_later(left, step, waterfall.future, reached)
        else:
            left = _pay(left, _reached(step.reach, reached), step)
    return left


def _pay_later(left: int, step: Step, future: Future, reached: Open) -> int:
    """Pay installments that have not fallen due; principal alone moves the interest of those that it pays whole."""
    rows, principal = _reached(step.reach, reached), reached.principal_in_advance
    moves = reached.moves_interest and Component.PRINCIPAL in step.order
    asked = [_ask_principal(row) for row in rows] if moves else []
    if future is Future.REAMORTIZE:
        left = _pay_in_shares(left, rows, step, principal)
    else:
        left = _pay_in_advance(left, _ordered(rows, future, reached.running), step, principal)
    if moves:
        _move_interest(rows, asked)
    return left


def _ask_principal(row: Payable) -> int:
    """Ask principal for a whole row but the interest that was just paid of it; return how much that is."""
    place = _PLACE[Component.PRINCIPAL]
    row.owed[place] = max(0, row.owed[place] - row.paid[_PLACE[Component.INTEREST]])
    return row.owed[place]


def _move_interest(rows: list[Payable], asked: list[int]) -> None:
    """Move the interest of installments that principal paid whole to the next one, or of the last ones to the last."""
    interest, principal, moved = _PLACE[Component.INTEREST], _PLACE[Component.PRINCIPAL], 0
    for row, whole in zip(rows, asked, strict=True):
        moved += row.owed[interest]
        row.owed[interest] = moved if row.paid[principal] < whole or row is rows[-1] else 0
        moved -= row.owed[interest]


def allocations_of(loan: int, rows: Iterable[Payable]) -> tuple[Allocation, ...]:
    """Return what the rows received, without those that received nothing."""
    return tuple(Allocation(loan, row.number, *(Minor(amount) for amount in row.paid)) for row in rows if any(row.paid))


def _horizontal(
    left: int, loan: int, dues: Sequence[Due], order: tuple[Component, ...]
) -> tuple[list[Allocation], int]:
    allocations: list[Allocation] = []
    for due in dues:
        unpaid = owed(due)
        if unpaid > left:
            partly, left = _stepwise(left, loan, (due,), Step(order=order))
            return allocations + partly, left
        # What is paid whole needs no order.
        allocations.append(Allocation(loan, due.number, due.penalty, due.fee, due.interest, due.principal))
        left -= unpaid
    return allocations, left


def _stepwise(left: int, loan: int, dues: Sequence[Due], step: Step) -> tuple[list[Allocation], int]:
    rows = [payable(due.number, due.penalty, due.fee, due.interest, due.principal) for due in dues]
    left = _pay(left, rows, step)
    return list(allocations_of(loan, rows)), left


def _reached(reach: Reach, reached: Open) -> list[Payable]:
    match reach:
        case Reach.OWED:
            return [*reached.past_due, *reached.due]
        case Reach.PAST_DUE:
            return list(reached.past_due)
        case Reach.DUE:
            return list(reached.due)
        case Reach.CHARGES_DUE:
            return list(reached.charges_due)
        case Reach.IN_ADVANCE:
            return list(reached.in_advance)


def _pay(left: int, rows: Iterable[Payable], step: Step) -> int:
    if step.direction is Direction.HORIZONTAL:
        for row in rows:
            for component in step.order:
                left = _take(left, row, _PLACE[component])
    else:
        for component in step.order:
            for row in rows:
                left = _take(left, row, _PLACE[component])
    return left


def _take(left: int, row: Payable, place: int) -> int:
    taken = min(left, row.owed[place])
    row.owed[place] -= taken
    row.paid[place] += taken
    return left - taken


def _ordered(rows: list[Payable], future: Future, running: int) -> list[Payable]:
    if future is Future.NEXT:
        return rows
    runs = future is Future.NEXT_LAST and bool(rows) and rows[0].number == running
    return [*rows[:runs], *rows[: runs - 1 if runs else None : -1]]


def _pay_in_advance(left: int, rows: list[Payable], step: Step, principal: int) -> int:
    """Pay later installments; together they receive no more than all principal, and the last one paid absorbs."""
    principal -= sum(row.paid[_PLACE[Component.PRINCIPAL]] for row in rows)
    for row in rows if step.direction is Direction.HORIZONTAL else ():
        for component in step.order:
            left, principal = _take_in_advance(left, row, component, principal)
    for component in step.order if step.direction is Direction.VERTICAL else ():
        for row in rows:
            left, principal = _take_in_advance(left, row, component, principal)
    return _absorb(left, rows, step, principal)


def _take_in_advance(left: int, row: Payable, component: Component, principal: int) -> tuple[int, int]:
    place = _PLACE[component]
    if component is not Component.PRINCIPAL:
        return _take(left, row, place), principal
    row.owed[place] = min(row.owed[place], principal)
    after = _take(left, row, place)
    return after, principal - (left - after)


def _pay_in_shares(left: int, rows: list[Payable], step: Step, principal: int) -> int:
    """Pay equal shares to all rows (HALF_EVEN, the last takes the rest) until nothing takes more.

    Horizontal: of all that a row owes, component after component, again and again. Vertical: one component to its end.
    """
    principal -= sum(row.paid[_PLACE[Component.PRINCIPAL]] for row in rows)
    horizontal, last = step.direction is Direction.HORIZONTAL, rows[-1:]
    for components in (step.order,) if horizontal else [(component,) for component in step.order]:
        owing = [row for row in rows if any(row.owed[_PLACE[component]] for component in components)]
        while left and owing:
            sharing = owing
            for component in components:
                left, principal = _share(left, sharing, component, principal)
                before, owing = owing, _still_owing(rows, components, principal)
                short = {row.number for row in owing}
                last = [row for row in before if row.number not in short][-1:] or last
    # The row that was paid last absorbs, as where rows are paid one after the other.
    return _absorb(left, last, step, principal)


def _still_owing(rows: list[Payable], components: tuple[Component, ...], principal: int) -> list[Payable]:
    """Return the rows that are open once each had its share: the oldest first, as far as the principal goes."""
    owing = []
    for row in rows:
        unpaid = list(row.owed)
        unpaid[_PLACE[Component.PRINCIPAL]] = room = min(unpaid[_PLACE[Component.PRINCIPAL]], principal)
        principal -= room
        if any(unpaid[_PLACE[component]] for component in components):
            owing.append(row)
    return owing


def _share(left: int, rows: list[Payable], component: Component, principal: int) -> tuple[int, int]:
    for row, part in zip(rows, equal_parts(left, len(rows), Rounding.HALF_EVEN), strict=True):
        kept, principal = _take_in_advance(part, row, component, principal)
        left -= part - kept
    return left, principal


def _absorb(left: int, rows: list[Payable], step: Step, principal: int) -> int:
    """Pay what is left of all principal to the last row."""
    if not rows or Component.PRINCIPAL not in step.order:
        return left
    rows[-1].owed[_PLACE[Component.PRINCIPAL]] = principal
    return _take(left, rows[-1], _PLACE[Component.PRINCIPAL])
