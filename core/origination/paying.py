"""Have money leave: for a loan that a signed contract made, or for a new one drawn on a line."""

from msgspec.structs import replace

from core.account import Loan, LoanStatus, contract_of, promised
from core.changing.tranches import disburse_tranche
from core.deciding.lending import named_loan
from core.decision import Draft
from core.events import LoanBooked
from core.identity import LOANS_MAX
from core.money import Minor
from core.origination.agreements import line_of
from core.origination.case import Case, contract_behind, product_of, refused_if_full, refused_out_of_range
from core.origination.checks import refused_payout
from core.origination.commands import Draw, RequestPayout
from core.origination.events import PayoutRequested
from core.origination.file import Agreement, AgreementStatus, Payout
from core.origination.product import Product
from core.origination.shares import own_part, split
from core.rejections import Code, Rejection
from core.servicing.disbursing import lent_of, refused_terms


def request_payout(case: Case, command: RequestPayout) -> Rejection | None:
    """Have a booked loan paid out, or the next part of one that runs; return why not, if it is refused."""
    loan = named_loan(case.account, command.loan)
    if isinstance(loan, Rejection):
        return loan
    later = loan.status is LoanStatus.ACTIVE and promised(contract_of(case.account, loan)) > 0
    if loan.status is not LoanStatus.BOOKED and not later:
        return Rejection(Code.LOAN_NOT_BOOKED, f"loan {command.loan} is {loan.status}")
    behind = contract_behind(case, loan.number)
    if isinstance(behind, Rejection):
        return behind
    if not later:
        return _pay(case, loan, *behind, command.bank_account)
    part = _next_part(case, loan)
    return part if isinstance(part, Rejection) else _order(case, loan, *behind, command.bank_account, part)


def draw(case: Case, command: Draw) -> Rejection | None:
    """Book a loan on a line and have it paid out; return why not, if it is refused."""
    agreement = _line(case, command.agreement)
    if isinstance(agreement, Rejection):
        return agreement
    product = product_of(case, agreement)
    if isinstance(product, Rejection):
        return product
    if len(case.account.loans) == LOANS_MAX:
        return Rejection(Code.TOO_MANY_LOANS, f"an account holds at most {LOANS_MAX} loans")
    terms = replace(agreement.terms, principal=command.amount, installments=command.installments)
    case.draft.emit(LoanBooked(case.on, len(case.account.loans) + 1, terms))
    return _pay(case, case.account.loans[-1], agreement, product, command.bank_account)


def _line(case: Case, number: int) -> Agreement | Rejection:
    """Return a line that can be drawn on."""
    if number > len(case.file.agreements):
        return Rejection(Code.AGREEMENT_UNKNOWN, f"account {case.account.id} has no contract {number}")
    agreement = case.file.agreements[number - 1]
    if agreement.status is not AgreementStatus.SIGNED:
        return Rejection(Code.CONTRACT_UNSIGNED, f"contract {number} is {agreement.status}")
    if line_of(case.account, agreement.product) != agreement:
        return Rejection(Code.AGREEMENT_NOT_OPEN, f"contract {number} is no line, or was followed by a newer one")
    return agreement


def _pay(case: Case, loan: Loan, agreement: Agreement, product: Product, bank_account: int) -> Rejection | None:
    """Have all of a booked loan paid out, or its first part, without the fees that are kept back."""
    terms = case.account.contracts[loan.number - 1].terms
    refused = refused_out_of_range(product, terms.principal, terms.installments)
    refused = refused or refused_terms(terms, case.on)
    if refused is not None:
        return refused
    lent = lent_of(terms)
    assert not isinstance(lent, Rejection)
    return _order(case, loan, agreement, product, bank_account, lent[1])


def _next_part(case: Case, loan: Loan) -> int | Rejection:
    """Return what is promised next of a loan that runs, if its day has come and the loan can take it."""
    tranche = contract_of(case.account, loan).terms.tranches[0]
    if case.on < tranche.on:
        return Rejection(Code.PART_NOT_DUE, f"the next part of the loan is promised for {tranche.on}")
    return disburse_tranche(Draft(case.account), loan, tranche.amount, case.on) or tranche.amount


def _order(
    case: Case, loan: Loan, agreement: Agreement, product: Product, bank_account: int, amount: int
) -> Rejection | None:
    """Send an order for money of a loan, once every check holds."""
    payout = Payout(
        number=len(case.file.payouts) + 1,
        loan=loan.number,
        amount=Minor(amount),
        bank_account=bank_account,
        pool=product.funding.pool,
        requested_on=case.on,
        shares=split(amount, product.funding.shares),
        own=own_part(amount, product.funding),
    )
    refused = refused_payout(case, payout, agreement, product) or refused_if_full(case.file.payouts, "payouts")
    if refused is not None:
        return refused
    case.draft.emit(PayoutRequested(case.on, payout))
    return None
