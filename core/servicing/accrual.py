"""Interest and penalty accrued: derived from facts on any date, never stored per day."""

from datetime import date
from typing import Final

from core.account import Accrual, Contract, Loan, LoanStatus, deferred
from core.contract.terms import PPB, DayCount, Installment, Rate, RatePer
from core.money import Minor, Rounding, divide
from core.schedule.daycount import BOTH_YEARS, YEAR_FRACTIONS

PENALTY_YEAR: Final = 360
"""Days in a year for a penalty rate per year where no loan says which (Chinese practice: 360)."""


def accrued(installment: Installment, as_of: date, rounding: Rounding) -> Minor:
    """Return the interest earned by `as_of`: none up to the start, all of it from the due date on."""
    if as_of >= installment.due_date:
        return installment.interest
    if as_of <= installment.start:
        return Minor(0)
    elapsed = as_of.toordinal() - installment.start.toordinal()
    period = installment.due_date.toordinal() - installment.start.toordinal()
    return divide(installment.interest * elapsed, period, rounding)


def running(loan: Loan, contract: Contract) -> Accrual | None:
    """Return how the running period's interest is earned; None once every installment has fallen due."""
    if loan.accrual is not None or loan.billed == len(contract.schedule):
        return loan.accrual
    row, collected = contract.schedule[loan.billed], interest_ahead(loan)
    total = row.interest + row.capitalized
    if contract.deferrals:
        total += loan.carried + deferred(contract, loan.billed + 1)
    return Accrual(row.start, loan.carried - collected, total - collected)


def running_interest(loan: Loan, contract: Contract, on: date) -> int:
    """Return interest earned and neither billed nor collected; below zero where it was paid before it was earned."""
    accrual = running(loan, contract) if loan.status is LoanStatus.ACTIVE else None
    if accrual is None:
        return 0
    row = contract.schedule[loan.billed]
    evenly = Installment(accrual.start, row.due_date, Minor(0), Minor(max(0, accrual.total - accrual.earned)))
    return accrual.earned + accrued(evenly, on, contract.terms.rounding)


def interest_ahead(loan: Loan) -> int:
    """Return interest collected of installments that have not fallen due."""
    return sum([paid.interest for paid in loan.ahead])


def penalty_year(day_count: DayCount) -> int:
    """Return the days that a yearly penalty rate of such a loan is divided by: its year's, 365 where years differ."""
    days = YEAR_FRACTIONS[day_count][0]
    return 365 if days == BOTH_YEARS else days


def penalty_ratio(rate: Rate, year: int) -> tuple[int, int]:
    """Return a penalty rate per day as an exact ratio; a rate per month is a twelfth of a year's."""
    match rate.per:
        case RatePer.DAY:
            return rate.ppb, PPB
        case RatePer.MONTH:
            return rate.ppb * 12, PPB * year
        case RatePer.YEAR:
            return rate.ppb, PPB * year


def penalty(principal_past_due: Minor, rate: Rate, days: int, rounding: Rounding, year: int = PENALTY_YEAR) -> Minor:
    """Return the penalty on principal past due for `days`, rounded once."""
    numerator, denominator = penalty_ratio(rate, year)
    return divide(principal_past_due * numerator * days, denominator, rounding)
