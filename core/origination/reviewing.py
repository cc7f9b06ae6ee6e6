"""Officers decide what the rules refer: one claims an application, and for large amounts a second one agrees."""

from datetime import date, timedelta
from typing import assert_never

from core.origination.case import Case, application_of, officer_of, product_of, refused_if_frozen
from core.origination.commands import ClaimReview, DecideReview, ReleaseReview
from core.origination.events import ReviewClaimed, ReviewDecided, ReviewReleased
from core.origination.file import Application, ApplicationStatus, Claim
from core.origination.lender import Officer, Role
from core.origination.product import needs_two_officers
from core.rejections import Code, Rejection

ReviewCommand = ClaimReview | ReleaseReview | DecideReview


def claim_on(application: Application, on: date) -> Claim | None:
    """Return who works on an application on a date; a claim lapses by itself."""
    claim = application.claim
    return None if claim is None or claim.until < on else claim


def decide_review(case: Case, command: ReviewCommand) -> Rejection | None:
    """Decide an officer's act on a referred application; return why not, if it is refused."""
    application = application_of(case, command.application, (ApplicationStatus.REFERRED,))
    if isinstance(application, Rejection):
        return application
    officer = officer_of(case, command.officer)
    if isinstance(officer, Rejection):
        return officer
    match command:
        case ClaimReview():
            return _claim(case, application, officer)
        case ReleaseReview():
            return _release(case, application, officer)
        case DecideReview():
            return _decide(case, command, application, officer)
        case _:
            assert_never(command)


def _claim(case: Case, application: Application, officer: Officer) -> Rejection | None:
    product = product_of(case, application)
    if isinstance(product, Rejection):
        return product
    claim = claim_on(application, case.on)
    if claim is not None and claim.officer != officer.name:
        return _claimed_by(claim)
    if officer.name in application.approvals:
        return Rejection(Code.OWN_CASE, f"{officer.name} approved it; the second one is somebody else")
    until = case.on + timedelta(days=product.review.claim_days)
    case.draft.emit(ReviewClaimed(case.on, application.number, officer.name, until))
    return None


def _release(case: Case, application: Application, officer: Officer) -> Rejection | None:
    claim = claim_on(application, case.on)
    if claim is None:
        return Rejection(Code.REVIEW_NOT_CLAIMED, f"nobody works on application {application.number}")
    if claim.officer != officer.name and officer.role is not Role.ADMINISTRATOR:
        return _claimed_by(claim)
    case.draft.emit(ReviewReleased(case.on, application.number, officer.name))
    return None


def _decide(case: Case, command: DecideReview, application: Application, officer: Officer) -> Rejection | None:
    claim = claim_on(application, case.on)
    if claim is None:
        return Rejection(Code.REVIEW_NOT_CLAIMED, f"claim application {application.number} first")
    if claim.officer != officer.name:
        return _claimed_by(claim)
    status = ApplicationStatus.DECLINED if command.outcome == "decline" else ApplicationStatus.RETURNED
    if command.outcome == "approve":
        product = product_of(case, application)
        if isinstance(product, Rejection):
            return product
        refused = _above_grade(application, officer) or refused_if_frozen(case.account)
        if refused is not None:
            return refused
        enough = bool(application.approvals) or not needs_two_officers(product, application.amount)
        status = ApplicationStatus.APPROVED if enough else ApplicationStatus.REFERRED
    case.draft.emit(ReviewDecided(case.on, application.number, officer.name, command.outcome, command.note, status))
    return None


def _above_grade(application: Application, officer: Officer) -> Rejection | None:
    if application.amount <= officer.approves_up_to:
        return None
    return Rejection(Code.GRADE_INSUFFICIENT, f"{officer.name} approves up to {officer.approves_up_to}")


def _claimed_by(claim: Claim) -> Rejection:
    return Rejection(Code.REVIEW_CLAIMED, f"{claim.officer} works on it until {claim.until}")
