"""Pay a loan out: what is kept back, what falls due at once, what is collected on the same day."""

from datetime import date

from msgspec.structs import replace

from core.account import Loan, contract_of
from core.changing.replanning import first_deferrals
from core.changing.tranches import first_part
from core.charge_events import FeesWithheld
from core.charging.fees import disbursement_fees, withheld
from core.contract.servicing import Source
from core.decision import Draft
from core.events import LoanDisbursed
from core.money import Minor
from core.rejections import Code, Rejection
from core.schedule.plan import Refusal, plan
from core.servicing.advance import catch_up, settle_states
from core.servicing.repayment import receive


def disburse(draft: Draft, loan: Loan, on: date) -> Rejection | None:
    """Fix the schedule on what is really lent and pay it out, less what the terms keep back."""
    terms = contract_of(draft.account, loan).terms
    kept, lowers = withheld(terms)
    first = first_part(terms)
    if kept >= first.principal:
        return Rejection(Code.TERMS_INVALID, "fees_exceed_principal")
    lent = replace(first, principal=first.principal - lowers) if lowers else first
    planned = plan(lent, on)
    if isinstance(planned, Refusal):
        return Rejection(Code.TERMS_INVALID, planned.value)
    pay_out(draft, LoanDisbursed(on, loan.number, Minor(lent.principal), planned, first_deferrals(lent, on, planned)))
    return None


def pay_out(draft: Draft, disbursed: LoanDisbursed) -> None:
    """Pay out, with all that comes of it on the same day."""
    draft.emit(disbursed)
    on, loan = disbursed.on, draft.account.loans[disbursed.loan - 1]
    terms = contract_of(draft.account, loan).terms
    kept, lowers = withheld(terms)
    if kept:
        draft.emit(FeesWithheld(on, loan.number, Minor(kept), Minor(lowers)))
    for event in disbursement_fees(loan, contract_of(draft.account, loan), on):
        draft.emit(event)
    catch_up(draft, on)
    if terms.collect_down_payment:
        _collect_down_payment(draft, loan.number, on)
    settle_states(draft, on)


def _collect_down_payment(draft: Draft, number: int, on: date) -> None:
    loan = draft.account.loans[number - 1]
    due = sum(due.principal for due in loan.dues if due.number)
    if due:
        receive(draft, due, loan, on, Source.DOWN_PAYMENT, follows=True)
