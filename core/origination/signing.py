"""Sign a contract; the last signature books its loan, or opens its line."""

from hashlib import sha256

from core.events import CreditLimitSet, LoanBooked
from core.identity import LOANS_MAX
from core.money import Minor
from core.origination.agreements import limit_with
from core.origination.case import Case, product_of, refused_if_frozen
from core.origination.commands import SignContract
from core.origination.events import ContractSigned
from core.origination.file import Agreement, AgreementStatus, ApplicationStatus, Signature
from core.origination.product import Kind, Product, under_law
from core.rejections import Code, Rejection
from core.servicing.disbursing import refused_terms


def sign(case: Case, command: SignContract) -> Rejection | None:
    """Take a signature; return why not, if it is refused."""
    agreement = _open(case, command.agreement)
    if isinstance(agreement, Rejection):
        return agreement
    product = product_of(case, agreement)
    if isinstance(product, Rejection):
        return product
    certificate = sha256(command.certificate).hexdigest()
    refused = _not_signed(case, command, agreement, product, certificate)
    if refused is not None:
        return refused
    signature = Signature(command.signer, case.on, certificate, command.signature)
    if len(agreement.signatures) + 1 < len(product.signers):
        case.draft.emit(ContractSigned(case.on, agreement.number, signature, agreement.status, 0))
        return None
    return _conclude(case, agreement, product, signature)


def _open(case: Case, number: int) -> Agreement | Rejection:
    """Return a contract that can be signed: offered, the newest of its application, not expired."""
    agreements = case.file.agreements
    if number > len(agreements):
        return Rejection(Code.AGREEMENT_UNKNOWN, f"account {case.account.id} has no contract {number}")
    agreement = agreements[number - 1]
    newer = any(each.application == agreement.application for each in agreements[number:])
    application = case.file.applications[agreement.application - 1]
    if newer or agreement.status is not AgreementStatus.OFFERED:
        status = "replaced by a newer one" if newer else agreement.status
        return Rejection(Code.AGREEMENT_NOT_OPEN, f"contract {number} is {status}")
    if application.status is not ApplicationStatus.APPROVED:
        return Rejection(Code.AGREEMENT_NOT_OPEN, f"application {application.number} is {application.status}")
    if case.on > agreement.expires_on:
        return Rejection(Code.AGREEMENT_EXPIRED, f"contract {number} expired after {agreement.expires_on}")
    return agreement


def _not_signed(
    case: Case, command: SignContract, agreement: Agreement, product: Product, certificate: str
) -> Rejection | None:
    """Return why a signature does not count."""
    expected = product.signers[len(agreement.signatures)]
    if command.signer != expected:
        return Rejection(Code.SIGNER_OUT_OF_ORDER, f"the next to sign is the {expected}")
    if any(each.certificate == certificate for each in agreement.signatures):
        return Rejection(Code.SIGNATURE_INVALID, "somebody else signed with this certificate")
    subject = f"{command.signer} {case.account.id}"
    withdrawn = case.lender.revoked(command.certificate, case.on)
    if withdrawn:
        return Rejection(Code.CERTIFICATE_REVOKED, withdrawn)
    wrong = case.lender.verifies(agreement.digest, command.certificate, command.signature, case.on, subject)
    if wrong:
        return Rejection(Code.SIGNATURE_INVALID, wrong)
    return refused_if_frozen(case.account)


def _above_law(case: Case, agreement: Agreement, product: Product) -> Rejection | None:
    """Refuse a cap that became lower since the offer: what the text says is no longer the law."""
    lawful = under_law(product, agreement.terms, case.on, case.lender.indexes)
    if isinstance(lawful, Rejection):
        return lawful
    if lawful == agreement.terms:
        return None
    return Rejection(Code.COST_ABOVE_CAP, f"the cap is {lawful.cost_cap_ppb} by now: offer the contract anew")


def _conclude(case: Case, agreement: Agreement, product: Product, signature: Signature) -> Rejection | None:
    """Book what the contract makes, with the limit that its approval grants."""
    line = product.kind is Kind.LINE
    number = 0 if line else len(case.account.loans) + 1
    if number > LOANS_MAX:
        return Rejection(Code.TOO_MANY_LOANS, f"an account holds at most {LOANS_MAX} loans")
    wrong = refused_terms(agreement.terms, case.on) or _above_law(case, agreement, product)
    if wrong is not None:
        return wrong
    limit = limit_with(case.account, agreement, line=line)
    case.draft.emit(ContractSigned(case.on, agreement.number, signature, AgreementStatus.SIGNED, number))
    if limit > case.account.credit_limit:
        case.draft.emit(CreditLimitSet(case.on, Minor(limit)))
    if number:
        case.draft.emit(LoanBooked(case.on, number, agreement.terms))
    return None
