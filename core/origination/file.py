"""The credit file of a borrower: who it is, what was applied for, decided, signed and paid out."""

from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from core.contract.changes import Relief
from core.contract.terms import Terms
from core.money import Minor


class ApplicationStatus(StrEnum):
    """Where an application is."""

    INCOMPLETE = "incomplete"
    """Documents are missing."""
    REFERRED = "referred"
    """Waits for an officer."""
    RETURNED = "returned"
    """An officer asks the borrower for something; amended, it is decided again."""
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CONTRACTED = "contracted"


OPEN: Final = (
    ApplicationStatus.INCOMPLETE,
    ApplicationStatus.REFERRED,
    ApplicationStatus.RETURNED,
    ApplicationStatus.APPROVED,
)
"""Something may still come of these, until they expire."""


class Outcome(StrEnum):
    """What a rule set or an officer says."""

    APPROVE = "approve"
    DECLINE = "decline"
    REFER = "refer"


class Verdict(Struct, frozen=True, array_like=True, gc=False):
    """What a rule set said, and why."""

    outcome: Outcome
    reasons: tuple[str, ...]
    """Stable codes."""
    rules: str
    version: int
    inputs: bytes
    """Everything that it was decided on, JSON."""
    path: tuple[str, ...]
    """The rules that fired, in order."""


class Claim(Struct, frozen=True, array_like=True, gc=False):
    """An officer who works on a referred application."""

    officer: str
    until: date
    """Inclusive."""


class Application(Struct, frozen=True, array_like=True, gc=False):
    """What was applied for, and how far it has come."""

    number: int
    product: str
    version: int
    amount: Minor
    installments: int
    purpose: str
    submitted_on: date
    expires_on: date
    """The last day on which it can go on."""
    status: ApplicationStatus
    decided_on: date | None = None
    verdict: Verdict | None = None
    """The latest one of the rules."""
    claim: Claim | None = None
    approvals: tuple[str, ...] = ()
    """Officers who approved."""
    previous: int = 0
    """The refused application that it follows; 0: none."""
    asked_for_review: bool = False
    """The borrower asked for a person to decide."""
    missing: tuple[str, ...] = ()
    """Codes of the documents that it waits for."""


class Document(Struct, frozen=True, array_like=True, gc=False):
    """A document of the borrower; verified once, it serves every application until it expires."""

    number: int
    kind: str
    digest: str
    """Of its content, SHA-256 in hex."""
    received_on: date
    verified_by: str = ""
    expires_on: date | None = None


class Signature(Struct, frozen=True, array_like=True, gc=False):
    """A signature that was verified."""

    signer: str
    on: date
    certificate: str
    """Its fingerprint, SHA-256 in hex."""
    signature: bytes


class AgreementStatus(StrEnum):
    """Where a contract is."""

    OFFERED = "offered"
    SIGNED = "signed"


class Agreement(Struct, frozen=True, array_like=True, gc=False):
    """A contract: text by its hash, terms, signatures."""

    number: int
    application: int
    product: str
    version: int
    template: str
    digest: str
    """Of the text, SHA-256 in hex."""
    terms: Terms
    """For a line: of a loan drawn in full."""
    offered_on: date
    expires_on: date
    status: AgreementStatus = AgreementStatus.OFFERED
    signatures: tuple[Signature, ...] = ()
    loan: int = 0
    """The loan that it became; 0 for a line."""


class BankAccount(Struct, frozen=True, array_like=True, gc=False):
    """A bank account that money may be paid to, once it is verified as the borrower's."""

    number: int
    bank: str
    masked: str
    index: str
    """Keyed hash of its number, hex."""
    verified: bool


class PayoutStatus(StrEnum):
    """Where a payout is."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"
    """It succeeded, and the money came back later."""


class Payout(Struct, frozen=True, array_like=True, gc=False):
    """Money on its way to the borrower under one order number, whatever is tried."""

    number: int
    loan: int
    amount: Minor
    """What leaves: the principal without fees withheld."""
    bank_account: int
    pool: str
    requested_on: date
    status: PayoutStatus = PayoutStatus.REQUESTED
    shares: tuple[tuple[str, Minor], ...] = ()
    """What each funder gives; empty: all is our own."""
    settled_on: date | None = None
    own: Minor = Minor(0)
    """Our own part, which comes from the pool."""


class ProposalStatus(StrEnum):
    """Where a proposed change of terms is."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Proposal(Struct, frozen=True, array_like=True, gc=False):
    """A change of a loan's terms that followed from signals of risk by a rule of its product; an officer decides."""

    number: int
    loan: int
    change: Relief
    signal: str
    months: int
    """In how many months in a row it was reported: what the rule asks for."""
    product: str
    version: int
    """Whose rule it is."""
    proposed_on: date
    status: ProposalStatus = ProposalStatus.WAITING
    officer: str = ""
    """Who decided."""
    decided_on: date | None = None
    note: str = ""


class Consent(Struct, frozen=True, array_like=True, gc=False):
    """What the borrower agreed to, since when."""

    purpose: str
    given_on: date
    withdrawn_on: date | None = None


class Borrower(Struct, frozen=True, array_like=True, gc=False):
    """Who it is, without saying so: personal data lies sealed outside of the events."""

    index: str
    """Keyed hash of the identity number, hex: what searches and list checks go by."""
    consents: tuple[Consent, ...] = ()
    restricted: bool = False
    """Kept for the law only: nothing new is done with it."""
    erasure_asked_on: date | None = None
    """Since when the borrower waits to be forgotten."""
    erased: bool = False
    """Personal data was destroyed."""


class CreditFile(Struct, frozen=True, array_like=True, gc=False):
    """Everything about a borrower that precedes a loan."""

    borrower: Borrower | None = None
    applications: tuple[Application, ...] = ()
    documents: tuple[Document, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    bank_accounts: tuple[BankAccount, ...] = ()
    payouts: tuple[Payout, ...] = ()
    proposals: tuple[Proposal, ...] = ()


EMPTY = CreditFile()


def order_number(account: int, payout: int) -> str:
    """Return the number under which a payout goes to the bank, however often it is sent."""
    return f"{account}-{payout}"


def waiting_since(file: CreditFile) -> date | None:
    """Return the day since which the borrower waits to be forgotten."""
    borrower = file.borrower
    return None if borrower is None or borrower.erased else borrower.erasure_asked_on


def lasting(file: CreditFile) -> tuple[Agreement, ...]:
    """Return the contracts whose text and certificates are kept: of somebody erased none is, since they name people."""
    return () if file.borrower is not None and file.borrower.erased else file.agreements
