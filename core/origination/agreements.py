"""Which contract a loan rests on, and what of it is in use."""

from typing import Final

from core.account import Account, Loan, committed, contract_of, exposure
from core.origination.file import Agreement, AgreementStatus, PayoutStatus

_LEFT: Final = (PayoutStatus.REQUESTED, PayoutStatus.SUCCEEDED)


def agreement_behind(account: Account, loan: Loan) -> Agreement | None:
    """Return the signed contract that a loan is, or the line that it was drawn on."""
    agreements = account.file.agreements
    own = next((each for each in agreements if each.loan == loan.number), None)
    return own or line_of(account, contract_of(account, loan).terms.product)


def line_of(account: Account, product: str) -> Agreement | None:
    """Return the line of a product that may be drawn on: the newest signed one stands for all before it."""
    signed = (each for each in reversed(account.file.agreements) if each.status is AgreementStatus.SIGNED)
    return next((each for each in signed if each.product == product and not each.loan), None)


def drawn(account: Account, product: str) -> int:
    """Return the principal lent and promised under a product."""
    pairs = zip(account.loans, account.contracts, strict=True)
    return sum(committed(loan, contract) for loan, contract in pairs if contract.terms.product == product)


def lent_for(account: Account, product: str, purpose: str) -> int:
    """Return the principal lent and promised under a product for a purpose."""
    applications = account.file.applications
    return sum(
        committed(loan, contract_of(account, loan))
        for loan in account.loans
        if (behind := agreement_behind(account, loan)) is not None
        and behind.product == product
        and applications[behind.application - 1].purpose == purpose
    )


def has_left(account: Account, loan: int) -> bool:
    """Return whether a loan's money is on its way, or left and did not come back."""
    return any(each.loan == loan and each.status in _LEFT for each in account.file.payouts)


def limit_with(account: Account, agreement: Agreement, *, line: bool) -> int:
    """Return the credit limit that makes room for what was signed too: other lines stay as usable as they were."""
    lines = {each.product for each in account.file.agreements if each.status is AgreementStatus.SIGNED}
    committed = exposure(account) + sum(_undrawn(account, product) for product in lines)
    replaced = drawn(account, agreement.product) + _undrawn(account, agreement.product) if line else 0
    more = max(0, agreement.terms.principal - replaced)
    return account.credit_limit + max(0, more - max(0, account.credit_limit - committed))


def _undrawn(account: Account, product: str) -> int:
    line = line_of(account, product)
    return 0 if line is None else max(0, line.terms.principal - drawn(account, product))
