"""What a channel sees of a borrower's credit file. Pure."""

from datetime import date
from typing import Final

from msgspec import Raw, Struct

from actors.views import Transaction
from core.account import Account
from core.contract.terms import Terms
from core.identity import loan_id
from core.origination.events import (
    BorrowerIdentified,
    BorrowerRestricted,
    ConsentChanged,
    ContractSigned,
    DocumentVerified,
    ErasureAsked,
    FreezeLifted,
    ReviewAsked,
    ReviewClaimed,
    ReviewDecided,
    ReviewReleased,
)
from core.origination.file import (
    OPEN,
    Agreement,
    AgreementStatus,
    Application,
    BankAccount,
    Borrower,
    CreditFile,
    Document,
    Payout,
    order_number,
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


class AgreementView(Struct, frozen=True):
    """A contract; its text is found under account and number."""

    agreement: int
    application: int
    product: str
    version: int
    template: str
    digest: str
    status: str
    """`expired` or `replaced` where an offer can be signed no more."""
    offered_on: date
    expires_on: date
    signed_by: tuple[str, ...]
    loan: int | None
    terms: Terms


class BankAccountView(Struct, frozen=True):
    """A bank account that money may go to."""

    bank_account: int
    bank: str
    masked: str
    verified: bool


class PayoutView(Struct, frozen=True):
    """Money on its way, or arrived."""

    payout: int
    order_number: str
    loan: int
    amount: int
    bank_account: int
    pool: str
    status: str
    requested_on: date
    settled_on: date | None
    shares: dict[str, int]


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
        [_agreement(account.id, each, _agreement_status(file, each, on)) for each in file.agreements],
        [_bank_account(each) for each in file.bank_accounts],
        [_payout(account.id, each) for each in file.payouts],
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


def _agreement_status(file: CreditFile, agreement: Agreement, on: date) -> str:
    """Return where a contract is; one that was offered may have been replaced or have expired since."""
    if agreement.status is not AgreementStatus.OFFERED:
        return agreement.status
    if any(each.application == agreement.application for each in file.agreements[agreement.number :]):
        return "replaced"
    return "expired" if on > agreement.expires_on else agreement.status


def _agreement(account: int, agreement: Agreement, status: str) -> AgreementView:
    return AgreementView(
        agreement.number,
        agreement.application,
        agreement.product,
        agreement.version,
        agreement.template,
        agreement.digest,
        status,
        agreement.offered_on,
        agreement.expires_on,
        tuple(each.signer for each in agreement.signatures),
        loan_id(account, agreement.loan) if agreement.loan else None,
        agreement.terms,
    )


def _bank_account(to: BankAccount) -> BankAccountView:
    return BankAccountView(to.number, to.bank, to.masked, to.verified)


def _payout(account: int, payout: Payout) -> PayoutView:
    return PayoutView(
        payout.number,
        order_number(account, payout.number),
        loan_id(account, payout.loan),
        payout.amount,
        payout.bank_account,
        payout.pool,
        payout.status,
        payout.requested_on,
        payout.settled_on,
        dict(payout.shares),
    )
