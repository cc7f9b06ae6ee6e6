"""Take a payment back: re-decide the account from its facts without it, and book only the difference."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from core.account import Account, Loan, LoanStatus
from core.advance import advance, settle_states
from core.decision import Draft
from core.events import (
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    Event,
    LoanBooked,
    LoanCancelled,
    LoanDisbursed,
    LoanPaidOff,
    LoanRestated,
    RepaymentReceived,
    RepaymentReversed,
    UnappliedRefunded,
)
from core.evolve import evolve
from core.rejections import Code, Rejection
from core.repayment import pay_off, receive, shortfall

History = Sequence[tuple[int, Event]]
"""All events of an account with their sequence numbers, oldest first."""

_FACTS = (
    AccountFrozen,
    AccountUnfrozen,
    CreditLimitSet,
    DepositTaken,
    DepositReleased,
    LoanBooked,
    LoanCancelled,
    LoanDisbursed,
    RepaymentReceived,
    LoanPaidOff,
    UnappliedRefunded,
)
"""What somebody did. Bills, ageing and the like are not here: they follow, and follow anew without a payment."""


def reverse(draft: Draft, payment: int, reason: str, history: History, on: date) -> Rejection | None:
    """Emit the reversal of the payment with this sequence number, or say why not."""
    reversed_before = {event.payment for _, event in history if isinstance(event, RepaymentReversed)}
    event = dict(history).get(payment)
    if not isinstance(event, RepaymentReceived | LoanPaidOff):
        return Rejection(Code.PAYMENT_UNKNOWN, f"account {draft.account.id} has no payment {payment}")
    if payment in reversed_before:
        return Rejection(Code.PAYMENT_REVERSED, f"payment {payment} was reversed before")
    without = [event for seq, event in history if seq not in reversed_before and seq != payment]
    target = rebuild(without, on)
    if isinstance(target, Rejection):
        return target
    draft.emit(_difference(draft.account, target, payment, event, reason, on))
    settle_states(draft, on)
    assert draft.account == target
    return None


def rebuild(events: Sequence[Event], to: date) -> Account | Rejection:
    """Return the account that these facts lead to on a date, everything that follows from them decided anew."""
    opened, *later = events
    draft = Draft(evolve(None, opened))
    for fact in later:
        if isinstance(fact, _FACTS):
            draft.account = _advanced(draft.account, fact.on)
            refused = _apply(draft, fact)
            if refused is not None:
                return refused
    return _advanced(draft.account, to)


def _apply(draft: Draft, fact: Event) -> Rejection | None:
    match fact:
        case RepaymentReceived():
            receive(draft, fact.amount, _named(draft.account, fact.loan), fact.on)
        case LoanPaidOff():
            loan = _named(draft.account, fact.loan)
            if loan is None or shortfall(draft.account, fact.amount, loan, fact.on):
                receive(draft, fact.amount, loan, fact.on)
            else:
                pay_off(draft, fact.amount, loan, fact.on)
        case UnappliedRefunded() if draft.account.unapplied < fact.amount:
            detail = f"{fact.amount} was refunded on {fact.on} from money that the reversal takes away"
            return Rejection(Code.REVERSAL_LEAVES_SHORTFALL, detail)
        case _:
            assert not isinstance(fact, AccountOpened)
            draft.emit(fact)
    return None


def _named(account: Account, number: int | None) -> Loan | None:
    """Return the loan that the payer named, if it still takes payments."""
    if number is None:
        return None
    loan = account.loans[number - 1]
    return loan if loan.status is LoanStatus.ACTIVE else None


def _advanced(account: Account, to: date) -> Account:
    advanced = advance(account, to).account
    assert advanced is not None
    return advanced


def _difference(
    before: Account,
    after: Account,
    payment: int,
    event: RepaymentReceived | LoanPaidOff,
    reason: str,
    on: date,
) -> RepaymentReversed:
    restated = tuple(_restated(was, now) for was, now in zip(before.loans, after.loans, strict=True) if was != now)
    return RepaymentReversed(on, payment, event.amount, reason, after.unapplied - before.unapplied, restated)


def _restated(was: Loan, now: Loan) -> LoanRestated:
    # Ageing state and closing stay as they were, so that a change of them becomes an event with its action.
    open_still = LoanStatus.ACTIVE in (was.status, now.status)
    state = replace(now, status=LoanStatus.ACTIVE, bucket=was.bucket) if open_still else now
    return LoanRestated(
        state,
        principal=now.principal - was.principal,
        interest_due=sum(due.interest for due in now.dues) - sum(due.interest for due in was.dues),
        fee_due=sum(due.fee for due in now.dues) - sum(due.fee for due in was.dues),
        penalty_due=sum(due.penalty for due in now.dues) - sum(due.penalty for due in was.dues),
        interest_billed=now.interest_billed - was.interest_billed,
        penalty_charged=now.penalty_charged - was.penalty_charged,
    )
