"""Penalty that accrued and is to be charged, and what a cap on all costs leaves of it."""

from datetime import date

from msgspec.structs import replace

from core.account import Account, Contract, Loan, contract_of
from core.facts import PenaltyCharge
from core.money import Minor
from core.servicing.capping import within_cap
from core.servicing.lateness import accrued_penalty, running_penalties


def penalties(account: Account, on: date, loan: Loan | None = None) -> tuple[PenaltyCharge, ...]:
    """Return the penalty accrued up to a date on what is overdue, of one loan or of all."""
    return tuple(
        charge
        for each in (account.loans if loan is None else (loan,))
        if each.dues
        for charge in _of_loan(each, contract_of(account, each), on)
    )


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
