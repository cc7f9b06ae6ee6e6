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


class Waterfall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The order in which a payment is allocated, oldest installment first."""

    order: tuple[Component, ...] = STANDARD_ORDER
    direction: Direction = Direction.HORIZONTAL
