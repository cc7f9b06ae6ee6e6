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
    for each in allocations:
        parts.append((interest, each.loan, each.interest))
        parts.append((Part.PRINCIPAL_PAID, each.loan, each.principal))
        if each.penalty or each.fee:
            parts.append((Part.PENALTY_PAID, each.loan, each.penalty))
            parts.append((Part.FEE_PAID, each.loan, each.fee))
    return parts


def used(event: UnappliedApplied | UnappliedUsed) -> list[Movement]:
    """Return what unapplied money was used for."""
    return [
        *charged(event.charges),
        *_from_unapplied(event.allocations, Part.INTEREST_FROM_UNAPPLIED),
        *_from_unapplied(event.ahead, Part.ACCRUED_INTEREST_FROM_UNAPPLIED),
    ]


def _from_unapplied(allocations: tuple[Allocation, ...], interest: Part) -> list[Movement]:
    return [
        movement
        for each in allocations
        for movement in (
            (interest, each.loan, each.interest),
            (Part.PRINCIPAL_FROM_UNAPPLIED, each.loan, each.principal),
            (Part.PENALTY_FROM_UNAPPLIED, each.loan, each.penalty),
            (Part.FEE_FROM_UNAPPLIED, each.loan, each.fee),
        )
    ]
