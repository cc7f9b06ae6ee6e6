"""What a channel sees of a borrower's credit file. Pure."""

from datetime import date
from typing import Final

from msgspec import Raw, Struct

from actors.agreement_view import (
    AgreementView,
    BankAccountView,
    PayoutView,
    ProposalView,
    agreement_status,
    agreement_view,
    bank_account_view,
    payout_view,
    proposal_view,
)
from actors.views import Transaction
from core.account import Account
from core.origination.events import (
    BorrowerIdentified,
    BorrowerRestricted,
    ConsentChanged,
    ContractSigned,
    DocumentVerified,
    ErasureAsked,
    FreezeLifted,
    ProposalDecided,
    ReviewAsked,
    ReviewClaimed,
    ReviewDecided,
    ReviewReleased,
)
from core.origination.file import (
    OPEN,
    Application,
    Borrower,
    Document,
)

ACTS: Final = (
    BorrowerIdentified,
    ConsentChanged,
    BorrowerRestricted,
    ErasureAsked,
    DocumentVerified,
    ReviewAsked,
    ReviewClaimed,
    ReviewReleased,
    ProposalDecided,
    ReviewDecided,
    ContractSigned,
    FreezeLifted,
)
"""What is shown with who did it and when."""
ACTS_MAX: Final = 1_000


class VerdictView(Struct, frozen=True):
    """What a rule set said, and why: an explanation that a borrower may ask for."""

    outcome: str
    reasons: tuple[str, ...]
    rules: str
    version: int
    path: tuple[str, ...]
    """The rules that fired, in order."""
    inputs: Raw
    """Everything that it was decided on."""


class ApplicationView(Struct, frozen=True):
    """An application on the business date."""

    application: int
    product: str
    version: int
    amount: int
    installments: int
    purpose: str
    submitted_on: date
    expires_on: date
    status: str
    """`expired` where its time is over and nothing came of it."""
    decided_on: date | None
    verdict: VerdictView | None
    claimed_by: str | None
    approvals: tuple[str, ...]
    previous: int | None
    asked_for_review: bool
    missing: tuple[str, ...]
    """Documents that it waits for; of kinds joined by `|` any one will do."""


class DocumentView(Struct, frozen=True):
    """A document of the borrower."""

    document: int
    kind: str
    digest: str
    received_on: date
    verified_by: str | None
    expires_on: date | None


class CreditFileView(Struct, frozen=True):
    """Everything that precedes a borrower's loans; personal data is not part of it."""

    account: int
    business_date: date
    identified: bool
    restricted: bool
    erasure_asked_on: date | None
    erased: bool
    consents: tuple[str, ...]
    applications: list[ApplicationView]
    documents: list[DocumentView]
    agreements: list[AgreementView]
    bank_accounts: list[BankAccountView]
    payouts: list[PayoutView]
    proposals: list[ProposalView]
    acts: list[Transaction] = []
    """What people did, the first ACTS_MAX of it: consents, verified documents, reviews, signatures, freezes lifted."""


def credit_file_view(account: Account, on: date) -> CreditFileView:
    """Return the credit file of an account on a date."""
    file, borrower = account.file, account.file.borrower or Borrower("")
    return CreditFileView(
        account.id,
        on,
        file.borrower is not None,
        borrower.restricted,
        borrower.erasure_asked_on,
        borrower.erased,
        tuple(each.purpose for each in borrower.consents if each.withdrawn_on is None),
        [_application(each, on) for each in file.applications],
        [_document(each) for each in file.documents],
        [agreement_view(account, each, agreement_status(file, each, on)) for each in file.agreements],
        [bank_account_view(each) for each in file.bank_accounts],
        [payout_view(account.id, each) for each in file.payouts],
        [proposal_view(account, each) for each in file.proposals],
    )


def _application(application: Application, on: date) -> ApplicationView:
    verdict = application.verdict
    over = on > application.expires_on and application.status in OPEN
    return ApplicationView(
        application.number,
        application.product,
        application.version,
        application.amount,
        application.installments,
        application.purpose,
        application.submitted_on,
        application.expires_on,
        "expired" if over else application.status,
        application.decided_on,
        None
        if verdict is None
        else VerdictView(
            verdict.outcome, verdict.reasons, verdict.rules, verdict.version, verdict.path, Raw(verdict.inputs)
        ),
        None if application.claim is None or application.claim.until < on else application.claim.officer,
        application.approvals,
        application.previous or None,
        application.asked_for_review,
        application.missing,
    )


def _document(document: Document) -> DocumentView:
    return DocumentView(
        document.number,
        document.kind,
        document.digest,
        document.received_on,
        document.verified_by or None,
        document.expires_on,
    )
