"""Facts: what somebody did. Each is decided anew from what it says when an earlier one comes or goes."""

from collections.abc import Callable, Iterable
from typing import Final, TypeGuard

from core.account import Account, Loan, LoanStatus
from core.changing.rechanging import RECHANGED
from core.charging.recharging import RECHARGED, follows, refers_to
from core.decision import Draft
from core.events import (
    AccountFrozen,
    AccountUnfrozen,
    CreditLimitSet,
    DepositReleased,
    Entry,
    Event,
    LoanBooked,
    LoanCancelled,
    LoanPaidOff,
    PlainEvent,
    RepaymentReceived,
    UnappliedRefunded,
)
from core.rejections import Code, Rejection
from core.servicing.repayment import pay_off, receive, shortfall

_Redecide = Callable[..., Rejection | None]


def is_fact(event: Event) -> TypeGuard[PlainEvent]:
    """Return whether somebody did this; bills, ageing and the like follow by themselves, and follow anew."""
    return type(event) in _REDECIDED and not follows(event)


def is_undoable(event: Event) -> bool:
    """Return whether a fact can be taken back; opening, booking, limits and freezes have commands of their own."""
    return is_fact(event) and not isinstance(event, _STAYS)


def redecide(draft: Draft, fact: PlainEvent, done: Iterable[Entry]) -> Rejection | None:
    """Do again what somebody did, on the account as it now is; `done` is what was done before, as it came out."""
    again = _REDECIDED[type(fact)]
    return again(draft, fact, done) if refers_to(fact) else again(draft, fact)


def _as_it_was(draft: Draft, fact: PlainEvent) -> None:
    draft.emit(fact)


def _repayment(draft: Draft, fact: RepaymentReceived) -> None:
    receive(draft, fact.amount, _named(draft.account, fact.loan), fact.on)


def _payoff(draft: Draft, fact: LoanPaidOff) -> None:
    loan = _named(draft.account, fact.loan)
    if loan is None or shortfall(draft.account, fact.amount, loan, fact.on):
        receive(draft, fact.amount, loan, fact.on)
    else:
        pay_off(draft, fact.amount, loan, fact.on)


def _refund(draft: Draft, fact: UnappliedRefunded) -> Rejection | None:
    if draft.account.unapplied < fact.amount:
        detail = f"{fact.amount} was refunded on {fact.on} from money that is then missing"
        return Rejection(Code.REVERSAL_LEAVES_SHORTFALL, detail)
    draft.emit(fact)
    return None


def _release(draft: Draft, fact: DepositReleased) -> Rejection | None:
    if draft.account.deposit < fact.amount:
        return Rejection(Code.REVERSAL_LEAVES_SHORTFALL, f"{fact.amount} of deposit was released on {fact.on}")
    draft.emit(fact)
    return None


def _named(account: Account, number: int | None) -> Loan | None:
    """Return the loan that the payer named, if it still takes payments."""
    if number is None:
        return None
    loan = account.loans[number - 1]
    return loan if loan.status is LoanStatus.ACTIVE else None


_STAYS: Final = (AccountFrozen, AccountUnfrozen, CreditLimitSet, LoanBooked, LoanCancelled)
_REDECIDED: Final[dict[type[Event], _Redecide]] = {
    AccountFrozen: _as_it_was,
    AccountUnfrozen: _as_it_was,
    CreditLimitSet: _as_it_was,
    DepositReleased: _release,
    LoanBooked: _as_it_was,
    LoanCancelled: _as_it_was,
    RepaymentReceived: _repayment,
    LoanPaidOff: _payoff,
    UnappliedRefunded: _refund,
    **RECHANGED,
    **RECHARGED,
}
"""Every kind of fact, and how it is decided anew. What is not here follows from these."""
