"""The security deposit pays what has been overdue for so many days."""

from datetime import date, timedelta
from typing import Final

from core.account import Contract, Loan, LoanStatus, contract_of
from core.charge_events import DepositSwept
from core.contract.terms import Terms
from core.contract.waterfall import Step
from core.decision import Draft
from core.money import Minor
from core.servicing.allocation import allocate_owed
from core.servicing.late_interest import claim
from core.servicing.restating import restate
from core.servicing.settling import charged

OLDEST_FIRST: Final = Step()


def next_sweep_day(loan: Loan, contract: Contract) -> date | None:
    """Return the next day on which the security deposit is claimed, whether or not there is any."""
    if not contract.terms.sweep_deposit_after_days:
        return None
    days = (_sweep_day(due.due_date, contract.terms) for due in loan.dues if due.number > loan.swept)
    return next(days, None)


def sweep(draft: Draft, loan: Loan, day: date) -> None:
    """Claim the deposit for what is overdue long enough; it pays the oldest first, as far as it goes."""
    contract, held = contract_of(draft.account, loan), draft.account.deposit
    charges = claim(draft, day, loan.number) if held else ()
    dues = charged(draft.account, day, charges).loans[loan.number - 1].dues
    late = [due for due in dues if _sweep_day(due.due_date, contract.terms) <= day]
    allocations, left = allocate_owed(held, loan.number, late, OLDEST_FIRST)
    number = max(loan.swept, *(due.number for due in late))
    draft.emit(DepositSwept(day, loan.number, number, Minor(held - left), tuple(allocations), charges))
    if allocations:
        restate(draft, loan.number, day)


def sweep_new_deposit(draft: Draft, day: date) -> None:
    """Claim a deposit that comes when something is overdue long enough already."""
    for loan in draft.account.loans:
        terms = contract_of(draft.account, loan).terms
        claims = loan.status is LoanStatus.ACTIVE and terms.sweep_deposit_after_days and draft.account.deposit
        if claims and any(_sweep_day(due.due_date, terms) <= day for due in loan.dues):
            sweep(draft, loan, day)


def _sweep_day(due_date: date, terms: Terms) -> date:
    return due_date + timedelta(days=terms.sweep_deposit_after_days - terms.first_late_day)
