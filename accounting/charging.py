"""The parts of an event of charges and credits that are posted."""

from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from accounting.parts import Movement, charged, paid, used
from accounting.rules import Part
from core.charge_events import (
    ChargeEvent,
    ChargeReduced,
    ChargeWaived,
    DepositSwept,
    FeesWithheld,
    LateInterestBilled,
    PaymentChargedBack,
    UnappliedUsed,
)
from core.contract.waterfall import Component


def of_charge(event: ChargeEvent) -> Iterable[Movement]:
    """Return the parts of an event of charges and credits."""
    match event:
        case ChargeWaived():
            return [*charged(event.charges), *_taken_off(event, _WAIVED)]
        case ChargeReduced():
            kept = event.unapplied if event.paid_out else event.returned
            back = (_RETURNED[event.component], event.loan, kept)
            paid_back = (_PAID_BACK[event.component], event.loan, event.returned - kept)
            return [*charged(event.charges), *_taken_off(event, _REDUCED), back, paid_back]
        case UnappliedUsed():
            return used(event)
        case DepositSwept():
            return [*charged(event.charges), *paid(event.allocations)]
        case FeesWithheld():
            return [(Part.FEE_WITHHELD, event.loan, event.amount - event.lowers)]
        case LateInterestBilled():
            waived = (Part.ACCRUED_INTEREST_WAIVED, event.loan, event.waived)
            return [*charged(event.charges), (Part.INTEREST_BILLED, event.loan, event.interest), waived]
        case PaymentChargedBack():
            return _charged_back(event)
        case _:
            assert_never(event)


_WAIVED: Final = {
    Component.INTEREST: Part.INTEREST_WAIVED,
    Component.PENALTY: Part.PENALTY_WAIVED,
    Component.FEE: Part.FEE_WAIVED,
}
_REDUCED: Final = {Component.PENALTY: Part.PENALTY_REDUCED, Component.FEE: Part.FEE_REDUCED}
_RETURNED: Final = {Component.PENALTY: Part.PENALTY_RETURNED, Component.FEE: Part.FEE_RETURNED}
_PAID_BACK: Final = {Component.PENALTY: Part.PENALTY_PAID_BACK, Component.FEE: Part.FEE_PAID_BACK}


def _taken_off(event: ChargeWaived | ChargeReduced, parts: Mapping[Component, Part]) -> list[Movement]:
    taken = (*event.allocations, *event.ahead)
    return [(parts[event.component], event.loan, getattr(part, event.component)) for part in taken]


def _charged_back(event: PaymentChargedBack) -> list[Movement]:
    owed = event.owed
    # Until the installment falls due, interest that is owed again stands with what accrues.
    interest = Part.INTEREST_CHARGED_BACK if event.due else Part.ACCRUED_INTEREST_CHARGED_BACK
    return [
        *charged(event.charges),
        (Part.UNAPPLIED_REFUNDED, 0, event.from_unapplied),
        (Part.PRINCIPAL_CHARGED_BACK, event.loan, owed.principal),
        (interest, event.loan, owed.interest),
        (Part.PENALTY_CHARGED_BACK, event.loan, owed.penalty),
        (Part.FEE_CHARGED_BACK, event.loan, owed.fee),
    ]
