"""What it costs to repay early: a share of the principal repaid, or months of its interest, less and less often."""

from datetime import date

from core.account import Contract, Loan
from core.contract.terms import PPB, RatePer, Terms
from core.money import Minor, divide
from core.schedule.dates import add_months
from core.schedule.floating import rate_on, rates_of
from core.servicing.capping import within_cap


def prepayment_fee(loan: Loan, contract: Contract, principal: int, on: date) -> Minor:
    """Return what it costs to repay so much principal early."""
    terms = contract.terms
    agreed = terms.prepayment
    assert contract.disbursed_on is not None
    if agreed.free_after_months:
        free = add_months(contract.disbursed_on, agreed.free_after_months, contract.disbursed_on.day)
        if free is not None and on >= free:
            return Minor(0)
    if not principal or loan.billed == len(contract.schedule):
        return Minor(0)
    fee = divide(principal * agreed.fee_ppb, PPB, terms.rounding)
    if agreed.fee_months:
        fee = Minor(fee + _interest_of_months(terms, principal, agreed.fee_months, on))
    fee = Minor(max(fee, agreed.least))
    return within_cap(loan, contract, min(fee, agreed.most) if agreed.most else fee, on)


def _interest_of_months(terms: Terms, principal: int, months: int, on: date) -> int:
    rate = rate_on(rates_of(terms, on), on)
    numerator, denominator = {RatePer.DAY: (30, 1), RatePer.MONTH: (1, 1), RatePer.YEAR: (1, 12)}[rate.per]
    return divide(principal * rate.ppb * months * numerator, PPB * denominator, terms.rounding)
