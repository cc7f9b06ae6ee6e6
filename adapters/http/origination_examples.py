"""An example of each command that precedes a loan, for the interface's document."""

from datetime import date
from typing import Final

from core.origination.commands import (
    AddBankAccount,
    AddDocument,
    AmendApplication,
    Apply,
    AskForReview,
    ChangeConsent,
    ClaimReview,
    DecideProposal,
    DecideReview,
    Draw,
    IdentifyBorrower,
    LiftFreeze,
    OfferContract,
    OriginationCommand,
    ReleaseReview,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SettlePayout,
    SignContract,
    VerifyDocument,
    WithdrawApplication,
)

_ACCOUNT: Final = 700_001
_LOAN: Final = 7_000_010_001
_DIGEST: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

COMMANDS: Final[tuple[OriginationCommand, ...]] = (
    IdentifyBorrower(
        account=_ACCOUNT,
        name="Li Hua",
        identity_number="11010519491231002X",
        phone="13800138000",
        born_on=date(1949, 12, 31),
        consents=("credit_query", "contract"),
    ),
    ChangeConsent(account=_ACCOUNT, purpose="marketing", given=False),
    RestrictBorrower(account=_ACCOUNT, officer="wang", erase=True),
    AddDocument(account=_ACCOUNT, kind="identity-card", digest=_DIGEST),
    VerifyDocument(account=_ACCOUNT, document=1, officer="wang", expires_on=date(2036, 1, 31)),
    AddBankAccount(account=_ACCOUNT, bank="icbc", number="6222020000000000000", holder="Li Hua"),
    Apply(account=_ACCOUNT, product="quick-loan", amount=5_000_000, installments=6, purpose="stocking-goods"),
    AmendApplication(account=_ACCOUNT, application=1, amount=3_000_000),
    WithdrawApplication(account=_ACCOUNT, application=1),
    AskForReview(account=_ACCOUNT, application=1),
    ClaimReview(account=_ACCOUNT, application=1, officer="wang"),
    ReleaseReview(account=_ACCOUNT, application=1, officer="wang"),
    DecideReview(account=_ACCOUNT, application=1, officer="wang", outcome="approve", note="income seen"),
    OfferContract(account=_ACCOUNT, application=1),
    SignContract(account=_ACCOUNT, agreement=1, signer="borrower", certificate=b"...", signature=b"..."),
    Draw(account=_ACCOUNT, agreement=1, amount=120_000, installments=3, bank_account=1),
    RequestPayout(account=_ACCOUNT, loan=_LOAN, bank_account=1),
    SettlePayout(account=_ACCOUNT, payout=1, status="succeeded", reference="20260131-77"),
    Rescind(account=_ACCOUNT, loan=_LOAN, amount=5_000_000),
    ReportSignal(account=_ACCOUNT, kind="abnormal_login", detail="three countries within an hour"),
    LiftFreeze(account=_ACCOUNT, officer="wang", note="the borrower was travelling"),
    DecideProposal(
        account=_ACCOUNT, proposal=1, officer="wang", outcome="accept", note="asked for by the borrower too"
    ),
)
