"""Random lives of a borrower from the first application on: steps that are resolved against the file as it stands."""

from datetime import timedelta

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from core.account import LoanStatus, promised
from core.commands import (
    BookLoan,
    Command,
    Disburse,
    DisburseTranche,
    FreezeAccount,
    PayOff,
    RefundUnapplied,
    Repay,
    Reverse,
    UnfreezeAccount,
)
from core.contract.terms import Rate, Terms, Tranche
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
from core.origination.file import PayoutStatus
from tests.unit.lender import JOINT, LINE, LOAN, OTHER_CARD, PARTS, Borrowing, SmallLender

SCORES = (700, 700, 700, 620, 500)
ACTS = (
    *("apply", "apply", "sign", "sign", "sign", "sign", "draw", "draw", "draw", "draw", "request", "request"),
    *("settle", "settle", "settle", "settle", "return", "return", "review", "review", "review", "rescind", "rescind"),
    *("repay", "repay", "pay off", "refund", "reverse", "reverse", "document", "verify", "bank account"),
    *("amend", "withdraw", "ask", "consent", "unfreeze", "lift", "signal", "propose", "propose"),
    *("amend", "withdraw", "ask", "consent", "unfreeze", "lift", *("book",) * 6, "disburse", "tranche"),
)
SELDOM = ("freeze", "restrict")
OFFICERS = ("lin", "ren", "rao", "ada", "bo")
KINDS = ("identity-card", "income-proof", "quotation")


class Step(Struct, frozen=True):
    """Some days pass, sources change their mind, then somebody asks for something."""

    days: int
    act: str
    size: int
    which: int
    score: int
    listed: bool


steps = st.builds(
    Step,
    days=st.sampled_from([0, 0, 0, 0, 0, 0, 1, 1, 3, 8, 35]),
    act=st.sampled_from(ACTS * 2 + SELDOM),
    size=st.integers(1_000, 120_000),
    which=st.integers(0, 5),
    score=st.sampled_from(SCORES),
    listed=st.sampled_from([False] * 9 + [True]),
)
lives = st.lists(steps, min_size=1, max_size=40)


def start() -> Borrowing:
    """Return somebody who is known, has signed a line and two loans, one paid out in part, and asks for more."""
    borrowing = Borrowing(SmallLender(LOAN, LINE, JOINT, PARTS))
    borrowing.lender.pools = {"main": 30_000, "joint": 40_000}
    borrowing.identify()
    for product, amount in (("line", 60_000), ("joint", 50_000), ("parts", 40_000)):
        borrowing.do(Apply(account=1, product=product, amount=amount, installments=6))
        borrowing.contract(len(borrowing.file.applications))
    borrowing.do(RequestPayout(account=1, loan=borrowing.loan(2), bank_account=1))
    borrowing.do(SettlePayout(account=1, payout=1, status="succeeded"))
    return borrowing


def resolve(borrowing: Borrowing, step: Step) -> Command:
    """Return the command that a step means as things stand."""
    file, loans = borrowing.file, len(borrowing.account.loans)
    loan = borrowing.loan(1 + step.which % max(1, loans))
    application, officer = 1 + step.which % max(1, len(file.applications)), OFFICERS[step.which % len(OFFICERS)]
    match step.act:
        case "apply":
            product = ("cash", "line", "joint", "parts")[step.which % 4]
            return Apply(account=1, product=product, amount=step.size, installments=1 + step.which, previous=0)
        case "sign":
            waiting = len(file.agreements)
            if not waiting or file.agreements[-1].status != "offered":
                approved = [each.number for each in file.applications if each.status == "approved"] or [1]
                return OfferContract(account=1, application=approved[-1])
            signer = "guarantor" if file.agreements[-1].signatures else "borrower"
            return borrowing.sign(waiting, signer)
        case "draw":
            lines = [each.number for each in file.agreements if not each.loan and each.status == "signed"] or [1]
            return Draw(account=1, agreement=lines[-1], amount=step.size // 3, installments=3, bank_account=1)
        case "request":
            waits = [
                loan.number
                for loan, contract in zip(borrowing.account.loans, borrowing.account.contracts, strict=True)
                if loan.status is LoanStatus.BOOKED or (loan.status is LoanStatus.ACTIVE and promised(contract))
            ]
            which = (waits or [1])[-1 - step.which % max(1, len(waits))]
            return RequestPayout(account=1, loan=borrowing.loan(which), bank_account=1 + step.which // 5)
        case "settle":
            open_ones = [each.number for each in file.payouts if each.status is PayoutStatus.REQUESTED] or [1]
            return SettlePayout(account=1, payout=open_ones[0], status="failed" if step.which == 0 else "succeeded")
        case "return":
            return SettlePayout(account=1, payout=1 + step.which % max(1, len(file.payouts)), status="returned")
        case _:
            return _of_the_rest(borrowing, step, loan, application, officer)


def _of_the_rest(borrowing: Borrowing, step: Step, loan: int, application: int, officer: str) -> Command:
    history, documents = len(borrowing.history), len(borrowing.file.documents)
    rest: dict[str, Command] = {
        "review": _review(borrowing, step, officer),
        "rescind": Rescind(account=1, loan=loan, amount=step.size),
        "repay": Repay(account=1, amount=step.size // 4),
        "pay off": PayOff(account=1, loan=loan, amount=step.size),
        "document": AddDocument(account=1, kind=KINDS[step.which % 3], digest=f"{step.size:064}"),
        "verify": VerifyDocument(account=1, document=max(1, documents), officer=officer),
        "bank account": AddBankAccount(account=1, bank="icbc", number=OTHER_CARD, holder="Li Hua"),
        "amend": AmendApplication(account=1, application=application, amount=step.size),
        "withdraw": WithdrawApplication(account=1, application=application),
        "ask": AskForReview(account=1, application=application),
        "refund": RefundUnapplied(account=1, amount=step.size // 50),
        "reverse": Reverse(account=1, seq=1 + step.size % history),
        "book": _by_hand(borrowing, step),
        "disburse": Disburse(account=1, loan=loan),
        "tranche": DisburseTranche(account=1, loan=loan),
        "freeze": FreezeAccount(account=1, reason="a check"),
        "unfreeze": UnfreezeAccount(account=1),
        "lift": LiftFreeze(account=1, officer=officer, note="seen"),
        "propose": DecideProposal(
            account=1,
            proposal=max(1, len(borrowing.file.proposals)),
            officer=officer,
            outcome="decline" if step.which == 2 else "accept",
            note="seen",
        ),
        "signal": ReportSignal(account=1, kind="card_arrears", detail="a month"),
        "consent": ChangeConsent(account=1, purpose="credit_query", given=step.which > 0),
        "restrict": RestrictBorrower(account=1, officer=officer, erase=step.which == 1),
    }
    return rest[step.act]


def _by_hand(borrowing: Borrowing, step: Step) -> Command:
    """Book a loan past the contracts, then ask for its money."""
    last, contracted = borrowing.account.loans[-1], {each.loan for each in borrowing.file.agreements}
    if last.status is LoanStatus.BOOKED and last.number not in contracted:
        return RequestPayout(account=1, loan=borrowing.loan(last.number), bank_account=1)
    return BookLoan(account=1, terms=_terms(borrowing, step))


def _terms(borrowing: Borrowing, step: Step) -> Terms:
    """Return terms as somebody books them past the contracts: those of the line, others, or of another product."""
    lines = [each.terms for each in borrowing.file.agreements if each.product == "line"]
    drawn = replace(lines[-1], principal=step.size // 6, installments=4)
    later = Tranche(borrowing.on + timedelta(days=40), step.size // 12)
    return (
        drawn,
        drawn,
        replace(drawn, rate=Rate(900_000_000)),
        replace(drawn, tranches=(later,)),
        replace(drawn, product="cash"),
        replace(drawn, installments=25),
    )[step.which]


def _review(borrowing: Borrowing, step: Step, officer: str) -> Command:
    """Claim what is referred, then decide it."""
    referred = [each for each in borrowing.file.applications if each.status == "referred"]
    if not referred:
        return ClaimReview(account=1, application=1, officer=officer)
    application = referred[-1]
    if application.claim is None:
        return ClaimReview(account=1, application=application.number, officer=officer)
    by = application.claim.officer
    if step.which == 5:
        return ReleaseReview(account=1, application=application.number, officer=by)
    decided = DecideReview(account=1, application=application.number, officer=by, outcome="approve", note="seen")
    return replace(decided, outcome=("return", "decline")[step.which]) if step.which < 2 else decided
