"""Penalty that accrued and is to be charged, and what a cap on all costs leaves of it."""

from datetime import date

from msgspec.structs import replace

from core.account import Account, Contract, Loan, contract_of
from core.cost.caps import Costs, allowance, balance_days, excess
from core.facts import PenaltyCharge
from core.money import Minor
from core.servicing.accrual import interest_ahead
from core.servicing.lateness import accrued_penalty, running_penalties
from core.servicing.settling import charged


def penalties(account: Account, on: date, loan: Loan | None = None) -> tuple[PenaltyCharge, ...]:
    """Return the penalty accrued up to a date on what is overdue, of one loan or of all."""
    return tuple(
        charge
        for each in (account.loans if loan is None else (loan,))
        if each.dues
        for charge in _of_loan(each, contract_of(account, each), on)
    )


def charge(account: Account, on: date, charges: tuple[PenaltyCharge, ...]) -> Account:
    """Return the account as it is once these penalties are charged."""
    return charged(account, on, charges)


def within_cap(loan: Loan, contract: Contract, amount: int, on: date) -> Minor:
    """Return how much of a further cost a cap on all costs allows: over the loan's life, as it is now scheduled."""
    use = loan.use
    if use is None:
        return Minor(amount)
    used = use.principal_days + loan.principal * max(0, (on - use.since).days)
    allowed = allowance(contract.terms.cost_cap_ppb, used + _planned_days(loan, contract, on))
    coming = sum(row.interest for row in contract.schedule[loan.billed :]) - interest_ahead(loan) + loan.carried
    capitalized = sum(row.capitalized for row in contract.schedule)
    costs = Costs(
        interest=Minor(loan.interest_billed + coming + capitalized),
        penalty=Minor(loan.penalty_charged + amount),
        fee=use.charges,
    )
    return Minor(max(0, amount - excess(allowed, costs).excess))


def _of_loan(loan: Loan, contract: Contract, on: date) -> list[PenaltyCharge]:
    terms = contract.terms
    if on <= loan.dues[0].due_date:
        return []  # Most payments come in time.
    if not terms.penalty_rate.ppb and not terms.compound_rate.ppb:
        return []
    amounts: dict[int, tuple[int, int]] = {}
    for running in running_penalties(loan, terms):
        accrued = accrued_penalty(running, terms, on)
        total, compound = amounts.get(running.number, (0, 0))
        amounts[running.number] = total + accrued, compound + accrued * running.compound
    charges = [
        PenaltyCharge(loan.number, number, Minor(total), Minor(compound))
        for number, (total, compound) in amounts.items()
        if total
    ]
    return charges if loan.use is None else _capped(loan, contract, charges, on)


def _capped(loan: Loan, contract: Contract, charges: list[PenaltyCharge], on: date) -> list[PenaltyCharge]:
    room = within_cap(loan, contract, sum(charge.amount for charge in charges), on)
    kept = []
    for each in charges:
        amount = min(each.amount, room)
        room = Minor(room - amount)
        # Interest on interest is waived before penalty.
        compound = max(0, each.compound - (each.amount - amount))
        kept.append(replace(each, amount=amount, compound=Minor(compound), waived=Minor(each.amount - amount)))
    return kept


def _planned_days(loan: Loan, contract: Contract, on: date) -> int:
    """Return principal in use times days from a date on, if all is paid when due; a row due that day is not in use."""
    coming = contract.schedule[loan.billed :]
    if not coming:
        return 0
    balance = loan.principal - sum(due.principal for due in loan.dues)
    balances = [(on, balance)]
    for row in coming:
        balance = max(0, balance + row.capitalized - row.principal)
        balances.append((max(on, row.due_date), balance))
    return balance_days(balances, max(on, coming[-1].due_date))
