"""Apply, amend, withdraw, and ask for a person to decide."""

from datetime import date, timedelta
from typing import assert_never

from core.money import Minor
from core.origination.assessing import assess
from core.origination.case import (
    Case,
    application_of,
    product_of,
    refused_if_frozen,
    refused_if_full,
    refused_out_of_range,
)
from core.origination.commands import AmendApplication, Apply, AskForReview, WithdrawApplication
from core.origination.events import ApplicationAmended, ApplicationSubmitted, ApplicationWithdrawn, ReviewAsked
from core.origination.file import OPEN, Application, ApplicationStatus, Outcome
from core.origination.identifying import refused_without_consent
from core.origination.product import Product, purpose_cap
from core.origination.reviewing import claim_on
from core.rejections import Code, Rejection

ApplicationCommand = Apply | AmendApplication | WithdrawApplication | AskForReview
_AMENDABLE = (ApplicationStatus.INCOMPLETE, ApplicationStatus.RETURNED, ApplicationStatus.REFERRED)
_FOLLOWED = (ApplicationStatus.DECLINED, ApplicationStatus.WITHDRAWN)


def decide_application(case: Case, command: ApplicationCommand) -> Rejection | None:
    """Decide what a borrower asks of an application; return why not, if it is refused."""
    match command:
        case Apply():
            return _apply(case, command)
        case AmendApplication():
            return _amend(case, command)
        case WithdrawApplication():
            return _withdraw(case, command)
        case AskForReview():
            return _ask_for_review(case, command)
        case _:
            assert_never(command)


def _apply(case: Case, command: Apply) -> Rejection | None:
    refused = refused_without_consent(case.file) or refused_if_frozen(case.account)
    if refused is not None:
        return refused
    product = case.lender.product(command.product, case.on)
    if product is None:
        return Rejection(Code.PRODUCT_UNKNOWN, f"no product {command.product} is offered on {case.on}")
    refused = refused_if_withdrawn(product, case.on)
    if refused is not None:
        return refused
    application = Application(
        number=len(case.file.applications) + 1,
        product=product.name,
        version=product.version,
        amount=Minor(command.amount),
        installments=command.installments,
        purpose=command.purpose,
        submitted_on=case.on,
        expires_on=case.on + timedelta(days=product.apply_days),
        status=ApplicationStatus.INCOMPLETE,
        previous=command.previous,
    )
    refused = _not_offered(case, product, application) or _duplicate(case, application) or _no_successor(case, command)
    refused = refused or refused_if_full(case.file.applications, "applications")
    if refused is not None:
        return refused
    case.draft.emit(ApplicationSubmitted(case.on, application))
    return assess(case, product, application.number)


def refused_if_withdrawn(product: Product, on: date) -> Rejection | None:
    """Refuse what nobody can apply for any more."""
    if product.sold_until is None or on <= product.sold_until:
        return None
    return Rejection(Code.PRODUCT_WITHDRAWN, f"{product.name} was sold until {product.sold_until}")


def _not_offered(case: Case, product: Product, application: Application) -> Rejection | None:
    """Refuse what is not within a product's bounds."""
    if product.currency != case.account.currency:
        return Rejection(Code.CURRENCY_MISMATCH, f"{product.name} lends {product.currency}")
    refused = refused_out_of_range(product, application.amount, application.installments)
    if refused is not None:
        return refused
    if application.purpose not in product.purposes:
        return Rejection(Code.PURPOSE_UNKNOWN, f"one of {', '.join(product.purposes)}")
    cap = purpose_cap(product, application.purpose)
    if cap is not None and application.amount > cap:
        return Rejection(Code.PURPOSE_CAP_EXCEEDED, f"at most {cap} for {application.purpose}")
    return None


def _duplicate(case: Case, application: Application) -> Rejection | None:
    for other in case.file.applications:
        if other.product == application.product and other.status in OPEN and case.on <= other.expires_on:
            return Rejection(Code.APPLICATION_DUPLICATE, f"application {other.number} is {other.status}")
    return None


def _no_successor(case: Case, command: Apply) -> Rejection | None:
    """Refuse to follow an application of which something came, or still may."""
    if not command.previous:
        return None
    if command.previous > len(case.file.applications):
        return Rejection(Code.APPLICATION_UNKNOWN, f"there is no application {command.previous} to follow")
    previous = case.file.applications[command.previous - 1]
    if previous.status in _FOLLOWED or (previous.status in OPEN and case.on > previous.expires_on):
        return None
    return Rejection(Code.APPLICATION_NOT_OPEN, f"application {previous.number} is {previous.status}: nothing follows")


def _amend(case: Case, command: AmendApplication) -> Rejection | None:
    application = application_of(case, command.application, _AMENDABLE)
    if isinstance(application, Rejection):
        return application
    if (claim := claim_on(application, case.on)) is not None:
        return Rejection(Code.REVIEW_CLAIMED, f"{claim.officer} works on it until {claim.until}")
    refused = refused_without_consent(case.file) or refused_if_frozen(case.account)
    if refused is not None:
        return refused
    product = product_of(case, application)
    if isinstance(product, Rejection):
        return product
    case.draft.emit(
        ApplicationAmended(
            case.on,
            application.number,
            Minor(command.amount or application.amount),
            command.installments or application.installments,
            command.purpose or application.purpose,
        )
    )
    amended = case.file.applications[application.number - 1]
    return _not_offered(case, product, amended) or assess(case, product, application.number)


def _withdraw(case: Case, command: WithdrawApplication) -> Rejection | None:
    application = application_of(case, command.application)
    if isinstance(application, Rejection):
        return application
    case.draft.emit(ApplicationWithdrawn(case.on, application.number))
    return None


def _ask_for_review(case: Case, command: AskForReview) -> Rejection | None:
    application = application_of(case, command.application, (ApplicationStatus.DECLINED,))
    if isinstance(application, Rejection):
        return application
    verdict = application.verdict
    if application.asked_for_review or verdict is None or verdict.outcome is not Outcome.DECLINE:
        return Rejection(Code.APPLICATION_NOT_OPEN, f"a person declined application {application.number}")
    duplicate = _duplicate(case, application)
    if duplicate is not None:
        return duplicate
    case.draft.emit(ReviewAsked(case.on, application.number))
    return None
