"""What is checked before money leaves, in this order; each check has its code."""

from datetime import timedelta

from msgspec.structs import replace

from core.account import LoanStatus, exposure, past_due
from core.identity import loan_id
from core.origination.agreements import drawn, lent_for
from core.origination.case import Case, refused_if_frozen
from core.origination.file import Agreement, Payout, PayoutStatus
from core.origination.product import Product, purpose_cap
from core.rejections import Code, Rejection


def refused_payout(case: Case, payout: Payout, agreement: Agreement, product: Product) -> Rejection | None:
    """Return the first check that does not hold, of a loan that is booked under a signed contract."""
    return (
        _paid_before(case, payout)
        or refused_if_frozen(case.account)
        or _restricted(case)
        or _late(case, product)
        or _not_agreed(case, payout, agreement)
        or _lapsed(case, payout, agreement, product)
        or _above_agreed(case, payout, agreement)
        or _wrong_bank_account(case, payout)
        or _listed(case, product)
        or _too_much(case, payout, product)
        or _too_much_for_purpose(case, agreement, product)
        or _not_funded(case, payout)
    )


def _paid_before(case: Case, payout: Payout) -> Rejection | None:
    for other in case.file.payouts:
        if other.loan == payout.loan and other.status is PayoutStatus.REQUESTED:
            return Rejection(Code.PAYOUT_PENDING, f"payout {other.number} is on its way")
        if other.loan == payout.loan and other.status is PayoutStatus.SUCCEEDED and not _runs(case, payout):
            return Rejection(Code.PAYOUT_SETTLED, f"payout {other.number} reached the borrower")
    return None


def _runs(case: Case, payout: Payout) -> bool:
    """Return whether a payout is a later part of a loan that runs."""
    return case.account.loans[payout.loan - 1].status is LoanStatus.ACTIVE


def _restricted(case: Case) -> Rejection | None:
    borrower = case.file.borrower
    if borrower is not None and not borrower.restricted:
        return None
    return Rejection(Code.BORROWER_RESTRICTED, "nothing new is done with the borrower's data")


def _late(case: Case, product: Product) -> Rejection | None:
    late = sum(past_due(loan, case.on) for loan in case.account.loans)
    if not late or not product.payouts.refuse_if_past_due:
        return None
    return Rejection(Code.PAST_DUE_ON_ACCOUNT, f"{late} is past due")


def _not_agreed(case: Case, payout: Payout, agreement: Agreement) -> Rejection | None:
    """Refuse terms that nobody signed: amount and number of installments are all that a draw on a line sets itself."""
    terms = case.account.contracts[payout.loan - 1].terms
    # A loan that runs may have come to other terms since; its parts are what was signed.
    if _runs(case, payout) or terms == replace(
        agreement.terms, principal=terms.principal, installments=terms.installments
    ):
        return None
    loan = loan_id(case.account.id, payout.loan)
    return Rejection(Code.CONTRACT_UNSIGNED, f"contract {agreement.number} does not hold the terms of loan {loan}")


def _lapsed(case: Case, payout: Payout, agreement: Agreement, product: Product) -> Rejection | None:
    """Refuse money of a contract that was signed too long ago; the parts of a loan that runs have days of their own."""
    days = product.payouts.available_days
    last = agreement.signatures[-1].on + timedelta(days=days)
    if not days or case.on <= last or _runs(case, payout):
        return None
    return Rejection(Code.CONTRACT_LAPSED, f"money of contract {agreement.number} could be asked for until {last}")


def _above_agreed(case: Case, payout: Payout, agreement: Agreement) -> Rejection | None:
    """Refuse more than was signed, or than the credit limit holds; the loan itself counts already."""
    account, agreed = case.account, agreement.terms.principal
    own = account.contracts[payout.loan - 1].terms.principal
    taken = own if agreement.loan else drawn(account, agreement.product)
    if taken > agreed:
        return Rejection(Code.AMOUNT_ABOVE_CONTRACT, f"{max(0, agreed - taken + own)} of the contract is left")
    over = exposure(account) - account.credit_limit
    if over > 0:
        return Rejection(Code.LIMIT_EXCEEDED, f"{max(0, own - over)} of the limit is available")
    return None


def _wrong_bank_account(case: Case, payout: Payout) -> Rejection | None:
    number = payout.bank_account
    if number > len(case.file.bank_accounts):
        return Rejection(Code.BANK_ACCOUNT_UNKNOWN, f"account {case.account.id} has no bank account {number}")
    if not case.file.bank_accounts[number - 1].verified:
        return Rejection(Code.BANK_ACCOUNT_UNVERIFIED, f"the bank has not said that account {number} is theirs")
    return None


def _listed(case: Case, product: Product) -> Rejection | None:
    findings, oldest = case.findings, case.on - timedelta(days=product.payouts.debtor_list_days)
    for source in ("debtor_list", "sanctions"):
        answer, as_of = findings.answers.get(source), findings.as_of.get(source)
        if answer is None or as_of is None or as_of < oldest:
            return Rejection(Code.DEBTOR_LIST_STALE, f"no answer of {source} since {oldest}")
        if answer.get("listed") is not False:
            return Rejection(Code.ON_DEBTOR_LIST, f"the borrower is on a list: {source}")
    return None


def _too_much(case: Case, payout: Payout, product: Product) -> Rejection | None:
    """Refuse more than one customer gets on a day, and in all."""
    bounds = product.payouts
    today = (each for each in case.file.payouts if each.requested_on == case.on)
    sent = sum(each.amount for each in today if each.status is not PayoutStatus.FAILED)
    if bounds.daily_max and sent + payout.amount > bounds.daily_max:
        return Rejection(Code.DAILY_PAYOUT_EXCEEDED, f"{max(0, bounds.daily_max - sent)} is left today")
    lent = exposure(case.account)
    if bounds.exposure_max and lent > bounds.exposure_max:
        return Rejection(Code.EXPOSURE_EXCEEDED, f"{lent} would be lent; one customer gets {bounds.exposure_max}")
    return None


def _too_much_for_purpose(case: Case, agreement: Agreement, product: Product) -> Rejection | None:
    """Refuse more than one customer gets for what the money is for; the loan itself counts already."""
    purpose = case.file.applications[agreement.application - 1].purpose
    cap = purpose_cap(product, purpose)
    if cap is None or lent_for(case.account, product.name, purpose) <= cap:
        return None
    return Rejection(Code.PURPOSE_CAP_EXCEEDED, f"one customer owes at most {cap} for {purpose}")


def _not_funded(case: Case, payout: Payout) -> Rejection | None:
    """Refuse what the pool cannot pay: of several funders, each brings its own part."""
    available = case.lender.available(payout.pool)
    if payout.own <= available:
        return None
    return Rejection(Code.POOL_EXHAUSTED, f"{available} is left in pool {payout.pool} today")
