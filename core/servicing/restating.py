"""Restate the installments to come after money came early or late, for loans whose interest follows the payments."""

from collections.abc import Collection
from datetime import date

from core.account import Contract, Loan, LoanStatus, contract_of
from core.decision import Draft
from core.events import ScheduleRestated
from core.servicing.accrual import running, running_interest
from core.servicing.recalculation import accrual_of, project


def restate(draft: Draft, number: int, on: date, settled: Collection[int] = (), *, late: bool = False) -> None:
    """Emit the installments as they now come, and how interest is earned, if either changed or principal got late."""
    loan = draft.account.loans[number - 1]
    contract = contract_of(draft.account, loan)
    if contract.terms.recalculation is None or loan.status is not LoanStatus.ACTIVE:
        return
    if loan.billed == len(contract.schedule):
        return
    if came_early_or_late(loan, contract):
        rows = project(loan, contract, on, settled=settled).rows
        accrual, was = accrual_of(loan, contract, on), running(loan, contract)
        evenly = (
            was is not None and was.total == accrual.total and running_interest(loan, contract, on) == accrual.earned
        )
        if late or not evenly or rows != contract.schedule[loan.billed :]:
            draft.emit(ScheduleRestated(on, number, loan.billed + 1, rows, accrual))


def came_early_or_late(loan: Loan, contract: Contract) -> bool:
    """Return whether anything came early or late, so that the schedule may differ from what was agreed."""
    if loan.ahead or loan.balances or loan.carried or loan.dues or contract.planned:
        return True
    # Principal that was prepaid on the first day of a period leaves no other trace.
    return loan.principal != sum(row.principal - row.capitalized for row in contract.schedule[loan.billed :])
