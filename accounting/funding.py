"""What other funders give of a payout: money that the lender owes them from then on, and no more once it is back."""

from collections.abc import Iterable
from typing import assert_never

from accounting.parts import Movement
from accounting.rules import Part
from core.money import Minor
from core.origination.events import (
    ApplicationAmended,
    ApplicationDecided,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    BankAccountAdded,
    BorrowerIdentified,
    BorrowerRestricted,
    ChangeProposed,
    ConsentChanged,
    ContractOffered,
    ContractSigned,
    DocumentAdded,
    DocumentVerified,
    ErasureAsked,
    FreezeLifted,
    OriginationEvent,
    PayoutRequested,
    PayoutSettled,
    ProposalDecided,
    ReviewAsked,
    ReviewClaimed,
    ReviewDecided,
    ReviewReleased,
    SharesReturned,
    SignalReported,
)
from core.origination.file import PayoutStatus


def of_origination(event: OriginationEvent) -> Iterable[Movement]:
    """Return what is posted of what precedes a loan; the loan's own money is posted when it is disbursed."""
    match event:
        case PayoutSettled():
            return _settled(event)
        case SharesReturned():
            return ((Part.FUNDED, 0, -_sum(event.shares)),)
        case (
            BorrowerIdentified()
            | ConsentChanged()
            | BorrowerRestricted()
            | DocumentAdded()
            | DocumentVerified()
            | BankAccountAdded()
            | ApplicationSubmitted()
            | ApplicationAmended()
            | ApplicationDecided()
            | ApplicationWithdrawn()
            | ReviewAsked()
            | ReviewClaimed()
            | ReviewReleased()
            | ReviewDecided()
            | ContractOffered()
            | ContractSigned()
            | PayoutRequested()
            | SignalReported()
            | FreezeLifted()
            | ErasureAsked()
            | ChangeProposed()
            | ProposalDecided()
        ):
            return ()
        case _:
            assert_never(event)


def _settled(event: PayoutSettled) -> Iterable[Movement]:
    others = _sum(event.shares)
    match event.status:
        case PayoutStatus.SUCCEEDED:
            return ((Part.FUNDED, 0, others),)
        case PayoutStatus.RETURNED:
            return ((Part.FUNDED, 0, -others),)
        case PayoutStatus.REQUESTED | PayoutStatus.FAILED:
            return ()
        case _:
            assert_never(event.status)


def _sum(shares: Iterable[tuple[str, Minor]]) -> int:
    return sum(amount for _, amount in shares)
