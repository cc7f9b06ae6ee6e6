"""Interest on overdue principal where all that comes was paid before: due at once, with the last open installment."""

from datetime import date

from core.account import Loan, LoanStatus, contract_of
from core.charge_events import LateInterestBilled
from core.decision import Draft
from core.money import Minor
from core.servicing.capping import interest_above_cap
from core.servicing.reach import bears_until
from core.servicing.recalculation import earned, last_open


def bill_late_interest(draft: Draft, loan: Loan, on: date, paid: int = 0) -> None:
    """Put what such principal earned on what is overdue, before something is paid or the period ends."""
    contract = contract_of(draft.account, loan)
    if loan.status is not LoanStatus.ACTIVE or loan.billed == len(contract.schedule) or not loan.dues:
        return
    number = last_open(loan, contract)
    interest = earned(loan, contract, on, bears_until(loan, contract, paid, on)) if number else 0
    if interest > 0:
        waived = interest_above_cap(loan, contract, interest, on)
        draft.emit(LateInterestBilled(on, loan.number, number, Minor(interest - waived), waived))
