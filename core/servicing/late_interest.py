"""Interest on overdue principal where all that comes was paid before: due at once, with the last open installment."""

from datetime import date

from msgspec.structs import replace

from core.account import Loan, LoanStatus, contract_of
from core.charge_events import LateInterestBilled
from core.decision import Draft
from core.facts import PenaltyCharge
from core.money import Minor
from core.servicing.capping import interest_above_cap
from core.servicing.penalties import penalties
from core.servicing.reach import bears_until
from core.servicing.recalculation import earned, last_open


def claim(draft: Draft, on: date, number: int | None = None, paid: int = 0) -> tuple[PenaltyCharge, ...]:
    """Bill late interest of one loan or of all, before something is paid; return the penalty to charge with that."""
    for loan in draft.account.loans if number is None else (draft.account.loans[number - 1],):
        bill_late_interest(draft, loan, on, paid)
    return penalties(draft.account, on, None if number is None else draft.account.loans[number - 1])


def bill_late_interest(draft: Draft, loan: Loan, on: date, paid: int = 0) -> None:
    """Put what such principal earned on what is overdue, before something is paid or the period ends."""
    contract = contract_of(draft.account, loan)
    if loan.status is not LoanStatus.ACTIVE or loan.billed == len(contract.schedule) or not loan.dues:
        return
    number = last_open(loan, contract)
    interest = earned(loan, contract, on, bears_until(loan, contract, paid, on)) if number else 0
    if interest > 0:
        waived = interest_above_cap(loan, contract, interest, on)
        billed = Minor(interest - waived)
        # Penalty ran on what was due before; within a cap, interest comes before it.
        charges = penalties(draft.account, on, replace(loan, interest_billed=loan.interest_billed + billed))
        draft.emit(LateInterestBilled(on, loan.number, number, billed, waived, charges))
