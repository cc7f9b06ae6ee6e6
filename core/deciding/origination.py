"""Decide what precedes a loan."""

from datetime import date
from typing import Final, assert_never

from core.decision import Draft
from core.origination.applying import ApplicationCommand, decide_application
from core.origination.case import Case
from core.origination.commands import (
    AddBankAccount,
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
    OriginationCommand,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SettlePayout,
    SignContract,
)
from core.origination.contracting import offer
from core.origination.file import CreditFile
from core.origination.handing_in import DocumentCommand, decide_document
from core.origination.identifying import BorrowerCommand, decide_borrower
from core.origination.lender import Findings, Lender
from core.origination.paying import draw, request_payout
from core.origination.proposing import decide_proposal
from core.origination.rescinding import rescind
from core.origination.reviewing import ReviewCommand, decide_review
from core.origination.risk import lift_freeze, report_signal
from core.origination.settling import settle
from core.origination.signing import sign
from core.rejections import Code, Rejection
from core.restatement import History

_MoneyCommand = OfferContract | SignContract | Draw | RequestPayout | SettlePayout | Rescind
_RiskCommand = ReportSignal | LiftFreeze | DecideProposal
_NEW: Final = (
    DocumentCommand
    | AddBankAccount
    | Apply
    | AmendApplication
    | AskForReview
    | ClaimReview
    | DecideReview
    | OfferContract
    | SignContract
)
"""Not for a borrower whose data is restricted. Payouts check that in their turn."""
_OF_SOMEBODY: Final = _NEW | ChangeConsent | RestrictBorrower


def decide_origination(
    draft: Draft, command: OriginationCommand, on: date, lender: Lender | None, heard: Findings | None, history: History
) -> Rejection | None:
    """Decide a command that precedes a loan; return why not, if it is refused."""
    if lender is None:
        return Rejection(Code.PRODUCT_UNKNOWN, "nothing is offered here")
    refused = _refused_to(draft.account.file, command)
    if refused is not None:
        return refused
    case = Case(draft, on, lender, heard, history)
    if isinstance(command, ApplicationCommand):
        return decide_application(case, command)
    if isinstance(command, DocumentCommand):
        return decide_document(case, command)
    if isinstance(command, BorrowerCommand):
        return decide_borrower(case, command)
    if isinstance(command, ReviewCommand):
        return decide_review(case, command)
    if isinstance(command, _RiskCommand):
        return _decide_risk(case, command)
    return _decide_money(case, command)


def _refused_to(file: CreditFile, command: OriginationCommand) -> Rejection | None:
    """Refuse what needs a borrower if there is none, or none with whom anything new is done."""
    if file.borrower is None and isinstance(command, _OF_SOMEBODY):
        return Rejection(Code.BORROWER_UNKNOWN, "it is not known who the borrower is: identify them first")
    if file.borrower is not None and file.borrower.restricted and isinstance(command, _NEW):
        return Rejection(Code.BORROWER_RESTRICTED, "nothing new is done with the borrower's data")
    return None


def _decide_money(case: Case, command: _MoneyCommand) -> Rejection | None:
    match command:
        case OfferContract():
            return offer(case, command)
        case SignContract():
            return sign(case, command)
        case Draw():
            return draw(case, command)
        case RequestPayout():
            return request_payout(case, command)
        case SettlePayout():
            return settle(case, command)
        case Rescind():
            return rescind(case, command)
        case _:
            assert_never(command)


def _decide_risk(case: Case, command: _RiskCommand) -> Rejection | None:
    match command:
        case ReportSignal():
            report_signal(case, command)
            return None
        case LiftFreeze():
            return lift_freeze(case, command)
        case DecideProposal():
            return decide_proposal(case, command)
        case _:
            assert_never(command)
