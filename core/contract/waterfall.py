"""The order in which money is allocated to what is owed: data of the contract, not code."""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Component(StrEnum):
    """The parts of what a borrower owes."""

    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Direction(StrEnum):
    """Whether a payment finishes an installment first or a component first."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


STANDARD_ORDER: Final = (Component.PENALTY, Component.FEE, Component.INTEREST, Component.PRINCIPAL)


class Reach(StrEnum):
    """Which part of what a loan owes, or will owe, a step of a waterfall pays."""

    OWED = "owed"
    """Every installment that has fallen due, oldest first."""
    PAST_DUE = "past_due"
    """Installments due before the day of the payment."""
    DUE = "due"
    """The installment due on the day of the payment."""
    CHARGES_DUE = "charges_due"
    """Fees and penalties whose own date has come, of installments that have not fallen due."""
    IN_ADVANCE = "in_advance"
    """Installments that fall due later, in the order of the waterfall's `future`."""


class Future(StrEnum):
    """Which of the later installments money in advance pays first (Fineract: future installment rule)."""

    NEXT = "next"
    LAST = "last"
    NEXT_LAST = "next_last"
    """The next one, then from the last back."""
    REAMORTIZE = "reamortize"
    """Equal shares over all of them, component by component; the last takes what is left."""


class Step(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Pay these components of these installments: horizontal finishes an installment before the next."""

    reach: Reach = Reach.OWED
    order: tuple[Component, ...] = STANDARD_ORDER
    direction: Direction = Direction.HORIZONTAL


class Waterfall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How a payment is split: step after step. Without a step in advance, what is over waits as unapplied balance."""

    steps: tuple[Step, ...] = (Step(),)
    future: Future = Future.NEXT
    later_charges: bool = False
    """Whether a payment sees charges that are booked but dated after it."""


def in_advance(waterfall: Waterfall) -> bool:
    """Return whether money pays installments before they fall due."""
    return any(step.reach is Reach.IN_ADVANCE for step in waterfall.steps)


def is_complete(waterfall: Waterfall) -> bool:
    """Return whether each component of what is past due, of what is due and (if at all) of what comes is paid once."""
    past_due = _components(waterfall, Reach.OWED, Reach.PAST_DUE)
    due = _components(waterfall, Reach.OWED, Reach.DUE)
    ahead = _components(waterfall, Reach.IN_ADVANCE) or list(Component)
    return all(sorted(parts) == sorted(Component) for parts in (past_due, due, ahead))


def _components(waterfall: Waterfall, *reaches: Reach) -> list[Component]:
    return [component for step in waterfall.steps if step.reach in reaches for component in step.order]
