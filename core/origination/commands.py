"""What may be asked of an account before it has a loan: identify, apply, review, sign, pay out."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, field

from core.contract.terms import PRINTABLE
from core.identity import LoanField
from core.origination.product import Amount, Name, OptionalAmount, SignalKind, Text
from core.request import Reason, Request

PRINTABLE_OR_NOTHING = PRINTABLE.replace("+", "*")
Number = Annotated[int, Meta(ge=1, le=10_000)]
Installments = Annotated[int, Meta(ge=1, le=600)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hex."""
Personal = Annotated[str, Meta(min_length=1, max_length=120, pattern=PRINTABLE)]
"""Personal data in plain: sealed before anything is stored."""


class BeforeLoan(Request, frozen=True, kw_only=True):
    """A command that precedes a loan: one look at its class tells it from the others, which are many more."""


class IdentifyBorrower(BeforeLoan, frozen=True, kw_only=True, tag="identify_borrower"):
    """Say who the borrower is, once, and to what they consent."""

    name: Personal
    identity_number: Personal
    phone: Personal
    born_on: date
    consents: Annotated[tuple[Name, ...], Meta(max_length=16)]


class ChangeConsent(BeforeLoan, frozen=True, kw_only=True, tag="change_consent"):
    """Give or withdraw consent to one purpose."""

    purpose: Name
    given: bool


class RestrictBorrower(BeforeLoan, frozen=True, kw_only=True, tag="restrict_borrower"):
    """Keep the borrower's data for the law only; with `erase`, destroy what no law asks to keep."""

    officer: Name
    erase: bool = False


class AddDocument(BeforeLoan, frozen=True, kw_only=True, tag="add_document"):
    """Hand in a document, by the hash of its content."""

    kind: Name
    digest: Digest


class VerifyDocument(BeforeLoan, frozen=True, kw_only=True, tag="verify_document"):
    """An officer has seen that a document is right; it serves every application until it expires."""

    document: Number
    officer: Name
    expires_on: date | None = None


class AddBankAccount(BeforeLoan, frozen=True, kw_only=True, tag="add_bank_account"):
    """Name a bank account to which money may be paid."""

    bank: Name
    number: Personal
    holder: Personal


class Apply(BeforeLoan, frozen=True, kw_only=True, tag="apply"):
    """Apply for a loan or a line of a product; it is decided at once."""

    product: Name
    amount: Amount
    installments: Installments
    purpose: Name = "any"
    previous: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """The refused application that this one follows."""


class AmendApplication(BeforeLoan, frozen=True, kw_only=True, tag="amend_application"):
    """Change an application that is not decided for good; it is decided again."""

    application: Number
    amount: Amount | None = None
    installments: Installments | None = None
    purpose: Name | None = None


class WithdrawApplication(BeforeLoan, frozen=True, kw_only=True, tag="withdraw_application"):
    """Take an application back."""

    application: Number


class AskForReview(BeforeLoan, frozen=True, kw_only=True, tag="ask_for_review"):
    """Ask for a person to decide what rules have declined."""

    application: Number


class ClaimReview(BeforeLoan, frozen=True, kw_only=True, tag="claim_review"):
    """Take a referred application on; nobody else decides it meanwhile."""

    application: Number
    officer: Name


class ReleaseReview(BeforeLoan, frozen=True, kw_only=True, tag="release_review"):
    """Give a claimed application back to the queue."""

    application: Number
    officer: Name


class DecideReview(BeforeLoan, frozen=True, kw_only=True, tag="decide_review"):
    """Decide a claimed application, or return it to the borrower."""

    application: Number
    officer: Name
    outcome: Literal["approve", "decline", "return"]
    note: Reason


class OfferContract(BeforeLoan, frozen=True, kw_only=True, tag="offer_contract"):
    """Offer the contract of an approved application."""

    application: Number
    clauses: dict[Name, OptionalAmount] = field(default_factory=dict)
    """What an officer sets within the product's bounds."""
    officer: Name | None = None


class SignContract(BeforeLoan, frozen=True, kw_only=True, tag="sign_contract"):
    """Sign an offered contract."""

    agreement: Number
    signer: Name
    certificate: Annotated[bytes, Meta(max_length=16_384)]
    """X.509, PEM or DER."""
    signature: Annotated[bytes, Meta(max_length=1_024)]
    """Over the contract's digest."""


class Draw(BeforeLoan, frozen=True, kw_only=True, tag="draw"):
    """Draw a loan on a signed line and have it paid out."""

    agreement: Number
    amount: Amount
    installments: Installments
    bank_account: Number


class RequestPayout(BeforeLoan, frozen=True, kw_only=True, tag="request_payout"):
    """Have a booked loan paid out to a verified bank account."""

    loan: LoanField
    bank_account: Number


class SettlePayout(BeforeLoan, frozen=True, kw_only=True, tag="settle_payout"):
    """Say what the bank said of a payout for good."""

    payout: Number
    status: Literal["succeeded", "failed", "returned"]
    reference: Annotated[str, Meta(max_length=64, pattern=PRINTABLE_OR_NOTHING)] = ""
    """The bank's own number."""
    reason: Annotated[str, Meta(max_length=200, pattern=PRINTABLE_OR_NOTHING)] = ""


class Rescind(BeforeLoan, frozen=True, kw_only=True, tag="rescind"):
    """Give a loan back within its cooling-off days: all principal, and nothing else."""

    loan: LoanField
    amount: Amount


class ReportSignal(BeforeLoan, frozen=True, kw_only=True, tag="report_signal"):
    """Tell of a risk: card arrears, an abnormal log-in, a hit on a list."""

    kind: SignalKind
    detail: Text


class LiftFreeze(BeforeLoan, frozen=True, kw_only=True, tag="lift_freeze"):
    """Let an account be lent to again; what a signal of risk froze takes a risk officer."""

    officer: Name
    note: Reason


class DecideProposal(BeforeLoan, frozen=True, kw_only=True, tag="decide_proposal"):
    """Carry a proposed change of terms out, or decline it; accepting takes a grade of what the loan still owes."""

    proposal: Number
    officer: Name
    outcome: Literal["accept", "decline"]
    note: Reason


OriginationCommand = (
    IdentifyBorrower
    | ChangeConsent
    | RestrictBorrower
    | AddDocument
    | VerifyDocument
    | AddBankAccount
    | Apply
    | AmendApplication
    | WithdrawApplication
    | AskForReview
    | ClaimReview
    | ReleaseReview
    | DecideReview
    | OfferContract
    | SignContract
    | Draw
    | RequestPayout
    | SettlePayout
    | Rescind
    | ReportSignal
    | LiftFreeze
    | DecideProposal
)
PERSONAL = IdentifyBorrower | AddBankAccount
"""Commands with personal data: nothing of them is stored in plain, nor a hash that anybody could try numbers on."""
