"""What happened before a loan: identified, applied, decided, signed, paid out. Personal data is never in an event."""

from datetime import date

from core.facts import Fact
from core.money import Minor
from core.origination.file import (
    Agreement,
    AgreementStatus,
    Application,
    ApplicationStatus,
    BankAccount,
    Document,
    Payout,
    PayoutStatus,
    Proposal,
    ProposalStatus,
    Signature,
    Verdict,
)


class BorrowerIdentified(Fact, frozen=True, array_like=True, tag=70):
    """It is known who the borrower is."""

    index: str
    """Keyed hash of the identity number, hex."""
    consents: tuple[str, ...]


class ConsentChanged(Fact, frozen=True, array_like=True, tag=71):
    """The borrower gave or withdrew consent."""

    purpose: str
    given: bool


class BorrowerRestricted(Fact, frozen=True, array_like=True, tag=72):
    """Personal data is kept for the law only, or was destroyed."""

    officer: str
    erased: bool


class DocumentAdded(Fact, frozen=True, array_like=True, tag=73):
    """A document came in."""

    document: Document


class DocumentVerified(Fact, frozen=True, array_like=True, tag=74):
    """A document was found right."""

    number: int
    officer: str
    expires_on: date | None


class BankAccountAdded(Fact, frozen=True, array_like=True, tag=75):
    """A bank account was named, and the bank said whether it is the borrower's."""

    bank_account: BankAccount


class ApplicationSubmitted(Fact, frozen=True, array_like=True, tag=76):
    """Somebody applied."""

    application: Application


class ApplicationAmended(Fact, frozen=True, array_like=True, tag=77):
    """An application became another before it was decided for good."""

    number: int
    amount: Minor
    installments: int
    purpose: str


class ApplicationDecided(Fact, frozen=True, array_like=True, tag=78):
    """The rules decided, or documents are missing for that."""

    number: int
    status: ApplicationStatus
    verdict: Verdict | None
    """None where documents are missing."""
    missing: tuple[str, ...] = ()
    """Codes of the missing documents."""
    challenger: Verdict | None = None
    """What a version on trial would have said; it changes nothing."""


class ApplicationWithdrawn(Fact, frozen=True, array_like=True, tag=79):
    """The borrower took the application back."""

    number: int


class ReviewAsked(Fact, frozen=True, array_like=True, tag=80):
    """The borrower asked for a person to decide."""

    number: int


class ReviewClaimed(Fact, frozen=True, array_like=True, tag=81):
    """An officer took an application on."""

    number: int
    officer: str
    until: date


class ReviewReleased(Fact, frozen=True, array_like=True, tag=82):
    """An officer gave an application back to the queue."""

    number: int
    officer: str


class ReviewDecided(Fact, frozen=True, array_like=True, tag=83):
    """An officer approved, declined or returned an application; with four eyes a first approval leaves it referred."""

    number: int
    officer: str
    outcome: str
    note: str
    status: ApplicationStatus


class ContractOffered(Fact, frozen=True, array_like=True, tag=84):
    """A contract was offered."""

    agreement: Agreement
    clauses: dict[str, int]
    officer: str


class ContractSigned(Fact, frozen=True, array_like=True, tag=85):
    """Somebody signed; the last signature makes the contract."""

    number: int
    signature: Signature
    status: AgreementStatus
    loan: int
    """The loan that it became; 0 for a line, and before the last signature."""


class PayoutRequested(Fact, frozen=True, array_like=True, tag=86):
    """Money was reserved and is to leave under the payout's order number."""

    payout: Payout


class PayoutSettled(Fact, frozen=True, array_like=True, tag=87):
    """The bank said what became of a payout."""

    number: int
    status: PayoutStatus
    amount: Minor
    pool: str
    shares: tuple[tuple[str, Minor], ...]
    """What other funders gave of it."""
    reference: str
    reason: str


class SignalReported(Fact, frozen=True, array_like=True, tag=88):
    """Somebody told of a risk."""

    signal: str
    detail: str


class FreezeLifted(Fact, frozen=True, array_like=True, tag=89):
    """An officer let an account be lent to again."""

    officer: str
    note: str


class ErasureAsked(Fact, frozen=True, array_like=True, tag=90):
    """The borrower asked to be forgotten while a debt or a law still keeps their data: it is restricted until then."""

    officer: str
    erasable_on: date | None
    """The first day on which it can be destroyed, as the account stood; None while a loan ran."""


class ChangeProposed(Fact, frozen=True, array_like=True, tag=91):
    """By a rule of the product, a signal of risk led to a proposal to change a loan's terms."""

    proposal: Proposal


class ProposalDecided(Fact, frozen=True, array_like=True, tag=92):
    """An officer accepted a proposed change of terms, or declined it."""

    number: int
    officer: str
    status: ProposalStatus
    note: str


class SharesReturned(Fact, frozen=True, array_like=True, tag=95):
    """A loan was given back: what other funders gave of its payout is theirs again."""

    payout: int
    shares: tuple[tuple[str, Minor], ...]


OriginationEvent = (
    BorrowerIdentified
    | ConsentChanged
    | BorrowerRestricted
    | DocumentAdded
    | DocumentVerified
    | BankAccountAdded
    | ApplicationSubmitted
    | ApplicationAmended
    | ApplicationDecided
    | ApplicationWithdrawn
    | ReviewAsked
    | ReviewClaimed
    | ReviewReleased
    | ReviewDecided
    | ContractOffered
    | ContractSigned
    | PayoutRequested
    | PayoutSettled
    | SignalReported
    | FreezeLifted
    | ErasureAsked
    | ChangeProposed
    | ProposalDecided
    | SharesReturned
)
