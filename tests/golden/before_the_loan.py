"""A life that has every kind of event before the loan, and loans that come of it."""

from core.commands import Repay
from core.origination.commands import (
    AddDocument,
    AmendApplication,
    Apply,
    AskForReview,
    ChangeConsent,
    ClaimReview,
    DecideProposal,
    DecideReview,
    Draw,
    LiftFreeze,
    OfferContract,
    ReleaseReview,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SettlePayout,
    VerifyDocument,
    WithdrawApplication,
)
from tests.unit.lender import Borrowing

APPLY = Apply(account=1, product="cash", amount=50_000, installments=6, purpose="stocking")
DECIDE = DecideReview(account=1, application=1, officer="ren", outcome="approve", note="seen")


def lived() -> Borrowing:
    """Return the borrower after all of this."""
    life = Borrowing()
    life.identify()
    _reviewed(life)
    life.do(OfferContract(account=1, application=1, clauses={"grace_days": 3}, officer="lin"))
    life.do(life.sign(1))
    _paid_out(life)
    life.said = {"score": 500}
    life.do(Apply(account=1, product="joint", amount=30_000, installments=3), AskForReview(account=1, application=2))
    life.do(WithdrawApplication(account=1, application=2))
    life.said = {}
    life.borrow(20_000)
    life.do(Apply(account=1, product="line", amount=40_000, installments=3))
    life.do(Draw(account=1, agreement=life.contract(4), amount=15_000, installments=3, bank_account=1))
    life.do(SettlePayout(account=1, payout=4, status="succeeded"))
    life.wait(5)
    life.do(
        Rescind(account=1, loan=life.loan(3), amount=15_500), ReportSignal(account=1, kind="abnormal_login", detail="!")
    )
    life.do(Rescind(account=1, loan=life.loan(2), amount=19_000))
    life.do(LiftFreeze(account=1, officer="rao", note="it was the borrower"))
    life.borrow(10_000)
    life.do(ReportSignal(account=1, kind="card_arrears", detail="two cards"))
    life.do(DecideProposal(account=1, proposal=1, officer="ren", outcome="decline", note="a mistake of the bureau"))
    life.wait(30)
    life.do(ReportSignal(account=1, kind="card_arrears", detail="two cards"))
    life.do(DecideProposal(account=1, proposal=2, officer="ren", outcome="accept", note="income is back in May"))
    life.do(ChangeConsent(account=1, purpose="credit_query", given=False), RestrictBorrower(account=1, officer="lin"))
    life.do(RestrictBorrower(account=1, officer="rao", erase=True))
    life.wait(40)
    life.do(Repay(account=1, amount=9_000))
    return life


def _reviewed(life: Borrowing) -> None:
    """Apply with a document missing, wait for an officer, be approved by another."""
    life.said = {"score": 620}
    life.do(APPLY)
    for number, kind in enumerate(("identity-card", "quotation"), 1):
        life.do(AddDocument(account=1, kind=kind, digest=f"{number:064}"))
        life.do(VerifyDocument(account=1, document=number, officer="lin"))
    life.do(AmendApplication(account=1, application=1, amount=60_000))
    life.do(
        ClaimReview(account=1, application=1, officer="lin"), ReleaseReview(account=1, application=1, officer="lin")
    )
    life.do(ClaimReview(account=1, application=1, officer="ren"), DECIDE)
    life.said = {}


def _paid_out(life: Borrowing) -> None:
    """Have the money out, back from the bank, and out again."""
    request = RequestPayout(account=1, loan=life.loan(1), bank_account=1)
    life.do(request, SettlePayout(account=1, payout=1, status="succeeded", reference="77"))
    life.wait(2)
    life.do(SettlePayout(account=1, payout=1, status="returned", reason="account closed"))
    life.do(request, SettlePayout(account=1, payout=2, status="succeeded"))
