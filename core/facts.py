"""What events are made of."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from core.money import Minor


class Allocation(Struct, frozen=True, array_like=True, gc=False):
    """What one installment received of a payment."""

    loan: int
    """The loan's number within the account."""
    number: int
    """The installment's number, from 1."""
    penalty: Minor
    fee: Minor
    interest: Minor
    principal: Minor


def allocated(allocations: Iterable[Allocation]) -> Minor:
    """Return what allocations come to together."""
    return Minor(sum([each.penalty + each.fee + each.interest + each.principal for each in allocations]))


class PenaltyCharge(Struct, frozen=True, array_like=True, gc=False):
    """Penalty interest that accrued on an overdue installment up to the day of a payment."""

    loan: int
    number: int
    amount: Minor
    compound: Minor = Minor(0)
    """The part of it that is interest on overdue interest."""
    waived: Minor = Minor(0)
    """What a cap on all costs forbade on top."""


class Fact(Struct, frozen=True, gc=False, array_like=True, tag_field="kind"):
    """An event; `on` is its effective date. The number in `tag` is its kind, for good."""

    on: date
