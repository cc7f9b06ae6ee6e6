"""What a payment of one loan can reach on a day: what is owed, and what it may pay in advance."""

from datetime import date

from core.account import NOTHING_AHEAD, Ahead, Charge, Contract, Loan, owed, principal_to_come, running_start
from core.contract.servicing import Source
from core.contract.terms import Installment, Terms, installment_total
from core.contract.waterfall import Component, Reach, Step, Waterfall
from core.schedule.walk import LEVEL
from core.servicing.allocation import Open, Payable, payable
from core.servicing.delinquency import days_past_due
from core.servicing.recalculation import (
    agreed_rows,
    asking_nothing,
    paid_whole,
    payoff_interest,
    payoff_until,
    project,
)


def waterfall_of(terms: Terms, loan: Loan, on: date, source: Source | None) -> Waterfall:
    """Return a payment's waterfall: of non-accrual, of the days past due that are reached, of its source, or any's."""
    if loan.non_accrual_since is not None and terms.non_accrual is not None and terms.non_accrual.waterfall:
        return terms.non_accrual.waterfall
    if terms.late_waterfalls:
        days = days_past_due(loan, on, terms.first_late_day)
        late = [each for each in terms.late_waterfalls if each.days_past_due <= days]
        if late:
            return max(late, key=lambda each: each.days_past_due).waterfall
    for each in terms.source_waterfalls:
        if each.source is source:
            return each.waterfall
    return terms.waterfall


def reach(loan: Loan, contract: Contract, waterfall: Waterfall, amount: int, on: date) -> Open:
    """Return everything that a payment can reach by this waterfall."""
    past_due = [_due(loan, index) for index, due in enumerate(loan.dues) if due.due_date < on]
    due = [_due(loan, index) for index, due in enumerate(loan.dues) if due.due_date >= on]
    seen = [charge for charge in loan.charges if waterfall.later_charges or charge.due_date <= on]
    now = [charge for charge in seen if charge.due_date <= on]
    if not any(step.reach is Reach.CHARGES_DUE for step in waterfall.steps):
        now = []
    later = [charge for charge in seen if charge not in now]
    running = loan.billed + 1 if running_start(loan, contract) <= on else 0
    whole = contract.terms.recalculation is not None and any(_principal_alone(step) for step in waterfall.steps)
    in_advance = _in_advance(loan, contract, later, amount, on, whole)
    return Open(past_due, due, _charges(now), in_advance, running, principal_to_come(loan), whole)


def _principal_alone(step: Step) -> bool:
    return step.reach is Reach.IN_ADVANCE and Component.PRINCIPAL in step.order and Component.INTEREST not in step.order


def _due(loan: Loan, index: int) -> Payable:
    due = loan.dues[index]
    return payable(due.number, due.penalty, due.fee, due.interest, due.principal)


def _charges(charges: list[Charge]) -> list[Payable]:
    rows: dict[int, Payable] = {}
    for charge in charges:
        row = rows.setdefault(charge.number, payable(charge.number, 0, 0, 0, 0))
        row.owed[0] += charge.penalty
        row.owed[1] += charge.fee
    return [rows[number] for number in sorted(rows)]


def _in_advance(
    loan: Loan, contract: Contract, charges: list[Charge], amount: int, on: date, whole: bool
) -> list[Payable]:
    """Return the installments that have not fallen due with what they owe today, next one first."""
    ahead, agreed = {paid.number: paid for paid in loan.ahead}, agreed_rows(contract)
    in_full, today = ahead, _as_agreed(contract.schedule[loan.billed :])
    if contract.terms.recalculation is not None:
        in_full = _in_full(loan, contract)
        today = _rows_today(loan, contract, in_full, amount, on)
    rows = []
    for number, (interest, principal) in enumerate(today, loan.billed + 1):
        paid = ahead.get(number, NOTHING_AHEAD)
        if whole and number <= len(agreed):
            # Principal comes alone and pays installments whole: interest is left to the next one.
            principal = installment_total(agreed[number - 1]) - paid.interest
        owing = [charge for charge in charges if charge.number == number]
        penalty, fee = sum(charge.penalty for charge in owing), sum(charge.fee for charge in owing)
        if not owing and number in in_full and (interest, principal) == (paid.interest, paid.principal):
            continue  # Paid in full: it absorbs nothing more.
        rows.append(payable(number, penalty, fee, interest - paid.interest, max(0, principal - paid.principal)))
    return rows


def _in_full(loan: Loan, contract: Contract) -> dict[int, Ahead]:
    """Return what was paid of the installments to come that were paid whole, or of which payments left nothing."""
    whole = {*paid_whole(loan, contract)}
    return {
        **dict.fromkeys(asking_nothing(loan, contract), NOTHING_AHEAD),
        **{paid.number: paid for paid in loan.ahead if paid.number in whole},
    }


def _rows_today(
    loan: Loan, contract: Contract, in_full: dict[int, Ahead], amount: int, on: date
) -> list[tuple[int, int]]:
    """Return interest and principal that each later row asks for if it is paid today, where interest follows that."""
    until = bears_until(loan, contract, amount, on)
    rows = []
    for number, row in enumerate(project(loan, contract, on, until, late_to=until).rows, loan.billed + 1):
        paid = in_full.get(number)
        if paid is None:
            rows.append((int(row.interest), _principal_today(contract, number, row, loan.billed + 1)))
        else:
            rows.append((int(paid.interest), int(paid.principal)))
    return rows


def _as_agreed(schedule: tuple[Installment, ...]) -> list[tuple[int, int]]:
    """Return interest and principal of rows, but for what the last ones repay of interest that is yet to be added."""
    to_add: int = sum(row.capitalized for row in schedule)
    if not to_add:
        return [(row.interest, row.principal) for row in schedule]
    rows = []
    for row in reversed(schedule):
        added = min(to_add, row.principal)
        to_add -= added
        rows.append((int(row.interest), row.principal - added))
    return rows[::-1]


def bears_until(loan: Loan, contract: Contract, amount: int, on: date) -> date:
    """Return up to when a payment owes interest: its day, or later if the terms say so and it covers all."""
    if loan.billed < len(contract.schedule) and amount >= _payoff(loan, contract, on):
        return payoff_until(contract, loan.billed, on)
    return on


def _principal_today(contract: Contract, number: int, row: Installment, running: int) -> int:
    """Return the principal of an installment as agreed, or what the agreed installment leaves after its interest."""
    agreed = agreed_rows(contract)
    if number > len(agreed):
        return 0
    if contract.terms.method is not LEVEL:
        return agreed[number - 1].principal
    if running == number == len(agreed):
        return int(row.principal)  # Alone it owes all that is left, whatever late payments made of it.
    # The last one holds the rest of rounding: what counts is the installment before it, while others come too.
    before = agreed[max(0, number - 2)]
    last = number == len(agreed) and before.start < before.due_date
    return max(0, installment_total(before if last else agreed[number - 1]) - row.interest)


def _payoff(loan: Loan, contract: Contract, on: date) -> int:
    charges = sum(charge.penalty + charge.fee for charge in loan.charges)
    return sum(owed(due) for due in loan.dues) + principal_to_come(loan) + payoff_interest(loan, contract, on) + charges
