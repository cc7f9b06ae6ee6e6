"""Apply an event before the loan to the borrower's credit file."""

from datetime import date
from typing import TypeVar, assert_never

from msgspec import Struct
from msgspec.structs import replace

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
from core.origination.file import (
    Application,
    ApplicationStatus,
    Borrower,
    Claim,
    Consent,
    CreditFile,
    Proposal,
)

_Part = TypeVar("_Part", bound=Struct)
_ApplicationEvent = (
    ApplicationSubmitted
    | ApplicationAmended
    | ApplicationDecided
    | ApplicationWithdrawn
    | ReviewAsked
    | ReviewClaimed
    | ReviewReleased
    | ReviewDecided
)


def filed(file: CreditFile, event: OriginationEvent) -> CreditFile:
    """Return the credit file after the event."""
    if isinstance(event, _ApplicationEvent):
        return _filed_application(file, event)
    match event:
        case BorrowerIdentified():
            consents = tuple(Consent(purpose, event.on) for purpose in event.consents)
            return replace(file, borrower=Borrower(event.index, consents))
        case ConsentChanged() | BorrowerRestricted() | ErasureAsked():
            assert file.borrower is not None
            return replace(file, borrower=_changed(file.borrower, event))
        case DocumentAdded():
            return replace(file, documents=(*file.documents, event.document))
        case DocumentVerified():
            verified = {"verified_by": event.officer, "expires_on": event.expires_on}
            return replace(file, documents=_with(file.documents, event.number, **verified))
        case BankAccountAdded():
            return replace(file, bank_accounts=(*file.bank_accounts, event.bank_account))
        case ContractOffered() | ContractSigned():
            return _contracted(file, event)
        case PayoutRequested():
            return replace(file, payouts=(*file.payouts, event.payout))
        case PayoutSettled():
            settled = {"status": event.status, "settled_on": event.on}
            return replace(file, payouts=_with(file.payouts, event.number, **settled))
        case SignalReported() | FreezeLifted() | SharesReturned():
            return file
        case ChangeProposed() | ProposalDecided():
            return replace(file, proposals=_proposals(file, event))
        case _:
            assert_never(event)


def _filed_application(file: CreditFile, event: _ApplicationEvent) -> CreditFile:
    if isinstance(event, ApplicationSubmitted):
        return replace(file, applications=(*file.applications, event.application))
    return replace(file, applications=_with(file.applications, event.number, **_news(file, event)))


def _news(file: CreditFile, event: _ApplicationEvent) -> dict[str, object]:
    """Return what an event changes of an application."""
    match event:
        case ApplicationAmended():
            return {"amount": event.amount, "installments": event.installments, "purpose": event.purpose}
        case ApplicationDecided():
            said: dict[str, object] = {
                "status": event.status,
                "verdict": event.verdict,
                "decided_on": event.on,
                "approvals": (),
                "missing": event.missing,
            }
            return said | _extended(file.applications[event.number - 1], event.status, event.on)
        case ApplicationWithdrawn():
            return {"status": ApplicationStatus.WITHDRAWN, "claim": None}
        case ReviewAsked():
            return {"status": ApplicationStatus.REFERRED, "asked_for_review": True}
        case ReviewClaimed():
            return {"claim": Claim(event.officer, event.until)}
        case ReviewReleased():
            return {"claim": None}
        case ReviewDecided():
            approvals = file.applications[event.number - 1].approvals
            if event.outcome == "approve":
                approvals = (*approvals, event.officer)
            said = {"status": event.status, "claim": None, "approvals": approvals, "decided_on": event.on}
            return said | _extended(file.applications[event.number - 1], event.status, event.on)
        case _:
            raise AssertionError(event)


def _extended(application: Application, status: ApplicationStatus, on: date) -> dict[str, object]:
    """Return until when an approval holds: as long as an application does, from its own day on."""
    if status is not ApplicationStatus.APPROVED:
        return {}
    return {"expires_on": on + (application.expires_on - application.submitted_on)}


def _contracted(file: CreditFile, event: ContractOffered | ContractSigned) -> CreditFile:
    if isinstance(event, ContractOffered):
        return replace(file, agreements=(*file.agreements, event.agreement))
    agreement = file.agreements[event.number - 1]
    signed = {"status": event.status, "loan": event.loan, "signatures": (*agreement.signatures, event.signature)}
    file = replace(file, agreements=_with(file.agreements, event.number, **signed))
    if event.status is not agreement.status:
        contracted = _with(file.applications, agreement.application, status=ApplicationStatus.CONTRACTED)
        file = replace(file, applications=contracted)
    return file


def _proposals(file: CreditFile, event: ChangeProposed | ProposalDecided) -> tuple[Proposal, ...]:
    if isinstance(event, ChangeProposed):
        return (*file.proposals, event.proposal)
    decided = {"status": event.status, "officer": event.officer, "decided_on": event.on, "note": event.note}
    return _with(file.proposals, event.number, **decided)


def _changed(borrower: Borrower, event: ConsentChanged | BorrowerRestricted | ErasureAsked) -> Borrower:
    if isinstance(event, BorrowerRestricted):
        return replace(borrower, restricted=True, erased=event.erased)
    if isinstance(event, ErasureAsked):
        return replace(borrower, restricted=True, erasure_asked_on=borrower.erasure_asked_on or event.on)
    others = tuple(each for each in borrower.consents if each.purpose != event.purpose)
    return replace(borrower, consents=(*others, _consent(borrower, event.purpose, event.on, event.given)))


def _consent(borrower: Borrower, purpose: str, on: date, given: bool) -> Consent:
    was = next((each for each in borrower.consents if each.purpose == purpose), None)
    if given:
        return Consent(purpose, on)
    return Consent(purpose, was.given_on if was else on, on)


def _with(parts: tuple[_Part, ...], number: int, **news: object) -> tuple[_Part, ...]:
    """Return the parts with one of them changed; parts are numbered from 1 in order."""
    return (*parts[: number - 1], replace(parts[number - 1], **news), *parts[number:])
