"""Parts that several kinds of events have in common."""

from accounting.rules import Part
from core.charge_events import UnappliedUsed
from core.events import UnappliedApplied
from core.facts import Allocation, PenaltyCharge

Movement = tuple[Part, int, int]
"""(part, loan number or 0, amount); a negative amount posts the other way round."""


def charged(charges: tuple[PenaltyCharge, ...]) -> list[Movement]:
    """Return penalty that was accrued and is charged now."""
    return [(Part.PENALTY_CHARGED, charge.loan, charge.amount) for charge in charges]


def paid(allocations: tuple[Allocation, ...], interest: Part = Part.INTEREST_PAID) -> list[Movement]:
    """Return what installments received; interest in advance is credited to what accrues, not to what is due."""
    parts: list[Movement] = []
    for paid in allocations:
        parts.append((interest, paid.loan, paid.interest))
        parts.append((Part.PRINCIPAL_PAID, paid.loan, paid.principal))
        if paid.penalty or paid.fee:
            parts.append((Part.PENALTY_PAID, paid.loan, paid.penalty))
            parts.append((Part.FEE_PAID, paid.loan, paid.fee))
    return parts


def from_unapplied(allocations: tuple[Allocation, ...], interest: Part) -> list[Movement]:
    """Return what installments received of the unapplied balance."""
    return [
        movement
        for paid in allocations
        for movement in (
            (interest, paid.loan, paid.interest),
            (Part.PRINCIPAL_FROM_UNAPPLIED, paid.loan, paid.principal),
            (Part.PENALTY_FROM_UNAPPLIED, paid.loan, paid.penalty),
            (Part.FEE_FROM_UNAPPLIED, paid.loan, paid.fee),
        )
    ]


def used(event: UnappliedApplied | UnappliedUsed) -> list[Movement]:
    """Return what unapplied money was used for."""
    return [
        *charged(event.charges),
        *from_unapplied(event.allocations, Part.INTEREST_FROM_UNAPPLIED),
        *from_unapplied(event.ahead, Part.ACCRUED_INTEREST_FROM_UNAPPLIED),
    ]
