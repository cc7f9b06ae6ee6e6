"""What a cap on all costs leaves of what is to be charged: over the loan's life, as it is now scheduled."""

from datetime import date

from core.account import Contract, Loan, principal_to_come
from core.cost.caps import allowance, balance_days
from core.money import Minor
from core.servicing.accrual import interest_ahead


def within_cap(loan: Loan, contract: Contract, amount: int, on: date) -> Minor:
    """Return how much of a further cost the cap allows."""
    return Minor(max(0, amount - above_cap(loan, contract, on, amount)))


def interest_above_cap(loan: Loan, contract: Contract, interest: int, on: date) -> Minor:
    """Return what is waived of interest charged now: its share of what all interest to come is above the cap."""
    above = above_cap(loan, contract, on) if loan.use is not None and interest > 0 else 0
    return Minor(min(interest, -(-above * interest // max(interest, _coming(loan, contract))))) if above else Minor(0)


def above_cap(loan: Loan, contract: Contract, on: date, more: int = 0) -> Minor:
    """Return by how much all costs, charged and to come, with so much more are above the cap."""
    use = loan.use
    if use is None:
        return Minor(0)
    used = use.principal_days + loan.principal * max(0, (on - use.since).days)
    allowed = allowance(contract.terms.cost_cap_ppb, used + _planned_days(loan, contract, on))
    capitalized = sum(row.capitalized for row in contract.schedule)
    interest = loan.interest_billed + _coming(loan, contract) + capitalized
    return Minor(max(0, interest + loan.penalty_charged + use.charges + more - allowed))


def _coming(loan: Loan, contract: Contract) -> int:
    """Return the interest of the rows that have not fallen due, without what was paid of it."""
    return sum(row.interest for row in contract.schedule[loan.billed :]) - interest_ahead(loan)


def _planned_days(loan: Loan, contract: Contract, on: date) -> int:
    """Return principal in use times days from a date on, if all is paid when due; a row due that day is not in use."""
    coming = contract.schedule[loan.billed :]
    if not coming:
        return 0
    balance: int = principal_to_come(loan)
    balances = [(on, balance)]
    for row in coming:
        balance = max(0, balance + row.capitalized - row.principal)
        balances.append((max(on, row.due_date), balance))
    return balance_days(balances, max(on, coming[-1].due_date))
