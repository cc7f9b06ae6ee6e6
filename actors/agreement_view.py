"""What of a credit file is agreed and paid: contracts, lines, bank accounts, payouts, proposals, as they are shown."""

from datetime import date

from msgspec import Struct

from core.account import Account, LoanStatus, contract_of, exposure
from core.contract.changes import Relief
from core.contract.terms import Terms
from core.identity import loan_id
from core.origination.agreements import drawn, line_of
from core.origination.file import (
    Agreement,
    AgreementStatus,
    BankAccount,
    CreditFile,
    Payout,
    Proposal,
    ProposalStatus,
    order_number,
)


class LimitView(Struct, frozen=True):
    """What of a line is in use; a freeze, arrears or the daily bound may still stop a draw."""

    granted: int
    used: int
    """Principal lent."""
    reserved: int
    """Drawn, and not paid out yet."""
    available: int
    """Within the account's credit limit too."""


class AgreementView(Struct, frozen=True):
    """A contract; its text is found under account and number."""

    agreement: int
    application: int
    product: str
    version: int
    template: str
    digest: str
    status: str
    """`expired` or `replaced` where an offer can be signed no more."""
    offered_on: date
    expires_on: date
    signed_by: tuple[str, ...]
    loan: int | None
    terms: Terms
    limit: LimitView | None
    """Of a line that can be drawn on; None for any other contract."""


class BankAccountView(Struct, frozen=True):
    """A bank account that money may go to."""

    bank_account: int
    bank: str
    masked: str
    verified: bool


class PayoutView(Struct, frozen=True):
    """Money on its way, or arrived."""

    payout: int
    order_number: str
    loan: int
    amount: int
    bank_account: int
    pool: str
    status: str
    requested_on: date
    settled_on: date | None
    shares: dict[str, int]


class ProposalView(Struct, frozen=True):
    """A change of a loan's terms that signals of risk led to."""

    proposal: int
    loan: int
    change: Relief
    signal: str
    months: int
    """In how many months in a row it was reported: what the rule asks for."""
    product: str
    version: int
    proposed_on: date
    status: str
    """`lapsed` where it waits and the loan runs no more."""
    officer: str | None
    decided_on: date | None
    note: str | None


def agreement_status(file: CreditFile, agreement: Agreement, on: date) -> str:
    """Return where a contract is; one that was offered may have been replaced or have expired since."""
    if agreement.status is not AgreementStatus.OFFERED:
        return agreement.status
    if any(each.application == agreement.application for each in file.agreements[agreement.number :]):
        return "replaced"
    return "expired" if on > agreement.expires_on else agreement.status


def agreement_view(account: Account, agreement: Agreement, status: str) -> AgreementView:
    return AgreementView(
        agreement.number,
        agreement.application,
        agreement.product,
        agreement.version,
        agreement.template,
        agreement.digest,
        status,
        agreement.offered_on,
        agreement.expires_on,
        tuple(each.signer for each in agreement.signatures),
        loan_id(account.id, agreement.loan) if agreement.loan else None,
        agreement.terms,
        _limit(account, agreement) if line_of(account, agreement.product) == agreement else None,
    )


def _limit(account: Account, line: Agreement) -> LimitView:
    granted, taken = line.terms.principal, drawn(account, line.product)
    loans = (loan for loan in account.loans if contract_of(account, loan).terms.product == line.product)
    used = sum(loan.principal for loan in loans)
    left = min(granted - taken, account.credit_limit - exposure(account))
    return LimitView(granted, used, taken - used, max(0, left))


def bank_account_view(to: BankAccount) -> BankAccountView:
    return BankAccountView(to.number, to.bank, to.masked, to.verified)


def payout_view(account: int, payout: Payout) -> PayoutView:
    return PayoutView(
        payout.number,
        order_number(account, payout.number),
        loan_id(account, payout.loan),
        payout.amount,
        payout.bank_account,
        payout.pool,
        payout.status,
        payout.requested_on,
        payout.settled_on,
        dict(payout.shares),
    )


def proposal_view(account: Account, proposal: Proposal) -> ProposalView:
    waits = proposal.status is ProposalStatus.WAITING
    lapsed = waits and account.loans[proposal.loan - 1].status is not LoanStatus.ACTIVE
    return ProposalView(
        proposal.number,
        loan_id(account.id, proposal.loan),
        proposal.change,
        proposal.signal,
        proposal.months,
        proposal.product,
        proposal.version,
        proposal.proposed_on,
        "lapsed" if lapsed else proposal.status,
        proposal.officer or None,
        proposal.decided_on,
        proposal.note or None,
    )
