"""Offer the contract of an approved application: its terms with the clauses that were agreed, its text by its hash."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from core.contract.terms import Terms
from core.money import Minor
from core.origination.case import Case, application_of, officer_of, product_of, refused_if_frozen, refused_if_full
from core.origination.commands import OfferContract
from core.origination.events import ContractOffered
from core.origination.file import Agreement, Application, ApplicationStatus
from core.origination.product import Product, Range, in_parts, terms_for, under_law
from core.rejections import Code, Rejection
from core.servicing.disbursing import refused_terms

_CLAUSES: Final[dict[str, Callable[[Terms, int], Terms]]] = {
    "prepayment_fee_ppb": lambda terms, value: replace(terms, prepayment=replace(terms.prepayment, fee_ppb=value)),
    "grace_days": lambda terms, value: replace(terms, grace_days=value),
    "rate_ppb": lambda terms, value: replace(terms, rate=replace(terms.rate, ppb=value)),
}
"""What each clause sets of the terms."""


def offer(case: Case, command: OfferContract) -> Rejection | None:
    """Offer a contract; return why not, if it is refused. The newest offer of an application is the one that counts."""
    application = application_of(case, command.application, (ApplicationStatus.APPROVED,))
    if isinstance(application, Rejection):
        return application
    product = product_of(case, application)
    if isinstance(product, Rejection):
        return product
    terms = _agreed(case, command, product, application)
    if isinstance(terms, Rejection):
        return terms
    refused = refused_if_frozen(case.account) or refused_if_full(case.file.agreements, "contracts")
    refused = refused or refused_terms(terms, case.on)
    if refused is None and not case.findings.person:
        refused = Rejection(Code.BORROWER_UNKNOWN, "nobody can be named in the contract: the data is not at hand")
    if refused is not None:
        return refused
    agreement = _texted(case, product, application, terms)
    if isinstance(agreement, Rejection):
        return agreement
    case.draft.emit(ContractOffered(case.on, agreement, dict(command.clauses), command.officer or ""))
    return None


def _agreed(case: Case, command: OfferContract, product: Product, application: Application) -> Terms | Rejection:
    """Return the product's terms with the clauses that an officer set."""
    if command.officer is not None:
        officer = officer_of(case, command.officer)
        if isinstance(officer, Rejection):
            return officer
    elif command.clauses:
        return Rejection(Code.OFFICER_UNKNOWN, "an officer sets clauses: say which one")
    terms = in_parts(product, terms_for(product, application.amount, application.installments), case.on)
    bounds = _bounds(product)
    for name, value in command.clauses.items():
        within = bounds.get(name)
        if within is None or not within.least <= value <= within.most:
            allowed = ", ".join(f"{each} from {its.least} to {its.most}" for each, its in bounds.items()) or "none"
            return Rejection(Code.CLAUSE_INVALID, f"{name} = {value}; the product allows {allowed}")
        terms = _CLAUSES[name](terms, value)
    return under_law(product, terms, case.on, case.lender.indexes)


def _bounds(product: Product) -> dict[str, Range]:
    """Return what may be set, and within what."""
    rate = {} if product.rate_ppb is None else {"rate_ppb": product.rate_ppb}
    return rate | {each.name: Range(least=each.least, most=each.most) for each in product.clauses}


def _texted(case: Case, product: Product, application: Application, terms: Terms) -> Agreement | Rejection:
    """Return the agreement with the hash of its text, which of course does not contain it."""
    agreement = Agreement(
        number=len(case.file.agreements) + 1,
        application=application.number,
        product=product.name,
        version=product.version,
        template=_template(product, application.amount, application.installments),
        digest="",
        terms=terms,
        offered_on=case.on,
        # What came of the application elsewhere since does not stand beside it.
        expires_on=min(case.on + timedelta(days=product.offer_days), application.expires_on),
    )
    text = case.lender.render(agreement.template, agreement, application, product, case.findings.person)
    if text is None:
        return Rejection(Code.CONTRACT_TEXT_FAILED, f"{agreement.template} cannot be rendered: operators were told")
    return replace(agreement, digest=sha256(text).hexdigest())


def _template(product: Product, amount: Minor, installments: int) -> str:
    """Return the first template that fits; the catalogue sees to it that one does."""
    return next(
        each.name
        for each in product.templates
        if (not each.to_amount or amount <= each.to_amount)
        and (not each.to_installments or installments <= each.to_installments)
    )
