"""Facts that make the rest of a running loan another, and how each is decided anew."""

from collections.abc import Callable
from typing import Any, Final

from core.account import LoanStatus
from core.change_events import Prepaid, TermsChanged, TrancheDisbursed
from core.changing.changes import change_terms
from core.changing.prepayment import prepay
from core.changing.tranches import disburse_tranche
from core.decision import Draft
from core.events import Event
from core.rejections import Code, Rejection
from core.servicing.repayment import receive


def _changed(draft: Draft, fact: TermsChanged) -> Rejection | None:
    return _not_running(draft, fact) or change_terms(draft, draft.account.loans[fact.loan - 1], fact.change, fact.on)


def _prepaid(draft: Draft, fact: Prepaid) -> Rejection | None:
    """Take the money as a prepayment, or where that is no longer possible as any other payment."""
    loan = draft.account.loans[fact.loan - 1]
    if loan.status is not LoanStatus.ACTIVE:
        receive(draft, fact.amount, None, fact.on)
    elif prepay(draft, loan, fact.amount, fact.effect, fact.on) is not None:
        receive(draft, fact.amount, loan, fact.on)
    return None


def _paid_out(draft: Draft, fact: TrancheDisbursed) -> Rejection | None:
    return _not_running(draft, fact) or disburse_tranche(
        draft, draft.account.loans[fact.loan - 1], fact.amount, fact.on
    )


def _not_running(draft: Draft, fact: TermsChanged | TrancheDisbursed) -> Rejection | None:
    loan = draft.account.loans[fact.loan - 1]
    if loan.status is LoanStatus.ACTIVE:
        return None
    return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {fact.loan} was changed on {fact.on}")


RECHANGED: Final[dict[type[Event], Callable[[Draft, Any], Rejection | None]]] = {
    TermsChanged: _changed,
    Prepaid: _prepaid,
    TrancheDisbursed: _paid_out,
}
