"""Changes of terms: the rest of a running loan as each makes it."""

from datetime import date
from typing import assert_never

from core.account import Contract, Loan, contract_of
from core.change_events import Replanned, TermsChanged
from core.changing.remaining import SPREAD, with_flat_base
from core.changing.replanning import spread_for_good
from core.changing.rescheduling import accelerate, extend, fix, holiday, pause, reschedule
from core.changing.spreading import spread
from core.contract.changes import (
    Accelerate,
    Change,
    Extend,
    FixIndex,
    Holiday,
    PauseInterest,
    Reage,
    Reamortize,
    Reschedule,
)
from core.decision import Draft
from core.rejections import Rejection
from core.servicing.advance import catch_up, settle_states
from core.servicing.late_interest import claim
from core.servicing.restating import restate
from core.servicing.settling import charged


def change_terms(draft: Draft, loan: Loan, change: Change, on: date) -> Rejection | None:
    """Change the terms of a running loan, with all that comes of it on the same day."""
    contract = with_flat_base(contract_of(draft.account, loan))
    if spread_for_good(contract.terms) and not isinstance(change, Accelerate):
        return SPREAD
    if isinstance(change, Reage | Reamortize):
        charges = claim(draft, on, loan.number)
        loan = charged(draft.account, on, charges).loans[loan.number - 1]
        changed = spread(loan, contract, change, charges, on)
    else:
        planned = _planned(loan, contract, change, on)
        changed = planned if isinstance(planned, Rejection) else TermsChanged(on, loan.number, change, planned)
    if isinstance(changed, Rejection):
        return changed
    draft.emit(changed)
    follow_up(draft, loan.number, on)
    return None


def follow_up(draft: Draft, number: int, on: date) -> None:
    """Do what follows from a new schedule on the same day: interest that follows payments, bills, ageing."""
    restate(draft, number, on)
    catch_up(draft, on)
    settle_states(draft, on)


def _planned(
    loan: Loan,
    contract: Contract,
    change: Reschedule | Extend | Holiday | PauseInterest | FixIndex | Accelerate,
    on: date,
) -> Replanned | Rejection:
    match change:
        case Reschedule():
            return reschedule(loan, contract, change, on)
        case Extend():
            return extend(loan, contract, change, on)
        case Holiday():
            return holiday(loan, contract, change, on)
        case PauseInterest():
            return pause(loan, contract, change, on)
        case FixIndex():
            return fix(loan, contract, change, on)
        case Accelerate():
            return accelerate(loan, contract, on)
        case _:
            assert_never(change)
