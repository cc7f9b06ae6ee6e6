"""Have the rules decide an application: what they are told, and what comes of their verdict."""

from typing import Any, Final

from core.account import Account, LoanStatus, exposure, past_due
from core.contract.terms import Terms, installment_total
from core.origination.case import Case
from core.origination.documents import missing_documents
from core.origination.events import ApplicationDecided
from core.origination.file import Application, ApplicationStatus, Outcome, Verdict
from core.origination.lender import Findings
from core.origination.product import Product, needs_two_officers, terms_for
from core.rejections import Rejection
from core.schedule.plan import plan
from core.schedule.refusals import Refusal, terms_invalid
from core.servicing.delinquency import days_past_due
from core.servicing.disbursing import lent_of

SOURCES: Final = ("applicant", "bureau", "income", "debtor_list", "sanctions", "device")
"""Whose answers the rules see."""
_LENT: Final = (LoanStatus.BOOKED, LoanStatus.ACTIVE)


def assess(case: Case, product: Product, number: int) -> Rejection | None:
    """Decide an application by the rules, or say which documents are missing for that."""
    application = case.file.applications[number - 1]
    installment = largest_installment(terms_for(product, application.amount, application.installments), case)
    if isinstance(installment, Rejection):
        return installment
    missing = missing_documents(product, application, case.file.documents, case.on)
    if missing:
        case.draft.emit(ApplicationDecided(case.on, number, ApplicationStatus.INCOMPLETE, None, missing))
        return None
    told = inputs(case, product, application, installment)
    verdict = case.lender.assess(product, told, case.on)
    challenger = case.lender.challenge(product, told, case.on, case.account.id)
    status = _status(verdict, application, product, case.account)
    case.draft.emit(ApplicationDecided(case.on, number, status, verdict, (), challenger))
    return None


def largest_installment(terms: Terms, case: Case) -> int | Rejection:
    """Return the largest payment of a trial schedule, or why the terms give none."""
    lent = lent_of(terms)
    if isinstance(lent, Rejection):
        return lent
    rows = plan(lent[0], case.on)
    if isinstance(rows, Refusal):
        return terms_invalid(rows)
    return max(installment_total(row) for row in rows)


def inputs(case: Case, product: Product, application: Application, installment: int) -> dict[str, Any]:
    """Return everything that a rule set may look at; amounts are minor units."""
    return {
        "application": {
            "product": application.product,
            "amount": application.amount,
            "installments": application.installments,
            "purpose": application.purpose,
            "installment": installment,
        },
        **_answers(case.findings),
        "account": _standing(case, application),
        "missing": list(case.findings.missing),
        "product": {
            "amount": {"least": product.amount.least, "most": product.amount.most},
            "installments": {"least": product.installments.least, "most": product.installments.most},
            "exposure_max": product.payouts.exposure_max,
        },
    }


def _answers(findings: Findings) -> dict[str, Any]:
    return {source: findings.answers[source] for source in SOURCES if source in findings.answers}


def _standing(case: Case, application: Application) -> dict[str, Any]:
    """Return how the borrower stands with us, what other applications were approved for included."""
    account, on = case.account, case.on
    pairs = zip(account.loans, account.contracts, strict=True)
    late = [days_past_due(loan, on, contract.terms.first_late_day) for loan, contract in pairs]
    others = (each for each in case.file.applications if each.number != application.number and on <= each.expires_on)
    approved = sum(each.amount for each in others if each.status is ApplicationStatus.APPROVED)
    return {
        "exposure": exposure(account) + approved,
        "credit_limit": account.credit_limit,
        "frozen": account.frozen is not None,
        "past_due": sum(past_due(loan, on) for loan in account.loans),
        "days_past_due": max(late, default=0),
        "loans": sum(loan.status in _LENT for loan in account.loans),
    }


def _status(verdict: Verdict, application: Application, product: Product, account: Account) -> ApplicationStatus:
    match verdict.outcome:
        case Outcome.APPROVE:
            # Rules do not lift a freeze, do not lend past it, and do not stand in for two officers.
            by_people = account.frozen is not None or needs_two_officers(product, application.amount)
            return ApplicationStatus.REFERRED if by_people else ApplicationStatus.APPROVED
        case Outcome.DECLINE:
            # Who asked for a person is not declined by rules a second time.
            return ApplicationStatus.REFERRED if application.asked_for_review else ApplicationStatus.DECLINED
        case Outcome.REFER:
            return ApplicationStatus.REFERRED
