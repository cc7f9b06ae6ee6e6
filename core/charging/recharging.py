"""How charges, credits and the like are decided anew when an earlier fact comes or goes."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from core.account import LoanStatus
from core.change_events import Prepaid
from core.charge_events import ChargeReduced, ChargeWaived, PaymentChargedBack, UnappliedUsed
from core.charging.chargebacks import charge_back, still_paid
from core.charging.charges import add_charge, reduce_charge, refused_above_charge, waive
from core.charging.credits import credit, use_unapplied
from core.decision import Draft
from core.events import (
    ChargeAdded,
    CreditReceived,
    DepositTaken,
    Entry,
    Event,
    LoanDisbursed,
    LoanPaidOff,
    PlainEvent,
    RepaymentReceived,
)
from core.rejections import Code, Rejection
from core.servicing.advance import settle_states
from core.servicing.disbursing import pay_out
from core.servicing.sweeping import sweep_new_deposit


def follows(event: Event) -> bool:
    """Return whether an event of a kind that somebody does came by itself this time."""
    match event:
        case CreditReceived():
            return event.follows
        case ChargeAdded():
            return event.fee > 0
        case _:
            return False


def refers_to(event: Event) -> int:
    """Return the sequence number of the fact that an event is about, or 0: as long as it stands, so does that one."""
    match event:
        case ChargeReduced():
            return event.charge
        case PaymentChargedBack():
            return event.payment
        case _:
            return 0


def _charged(draft: Draft, fact: ChargeAdded) -> None:
    loan = draft.account.loans[fact.loan - 1]
    price = fact.amount if fact.price is None else fact.price
    add_charge(draft, loan, fact.component, price, fact.due_date, fact.name, fact.on)


def _credited(draft: Draft, fact: CreditReceived) -> None:
    loan = draft.account.loans[fact.loan - 1]
    credit(draft, fact.amount, loan, fact.on, fact.source, with_interest=fact.with_interest)


def _deposited(draft: Draft, fact: DepositTaken) -> None:
    draft.emit(fact)
    sweep_new_deposit(draft, fact.on)
    settle_states(draft, fact.on)


def _waived(draft: Draft, fact: ChargeWaived) -> None:
    loan = draft.account.loans[fact.loan - 1]
    waive(draft, loan, fact.component, fact.asked, fact.number, fact.reason, fact.on)


def _reduced(draft: Draft, fact: ChargeReduced, done: Iterable[Entry]) -> Rejection | None:
    added = _about(fact, done)
    assert isinstance(added, ChargeAdded)
    refused = refused_above_charge(fact.charge, added, fact.amount, done)
    if refused is not None:
        return refused
    loan, amount, paid_out = draft.account.loans[fact.loan - 1], fact.amount, fact.paid_out
    about = fact.charge, loan, fact.component, added.number, amount, fact.reason, fact.on
    left = fact.returned - fact.unapplied if paid_out else None
    return reduce_charge(draft, *about, paid_out=paid_out, left=left)


def _charged_back(draft: Draft, fact: PaymentChargedBack, done: Iterable[Entry]) -> None:
    payment = _about(fact, done)
    assert isinstance(payment, RepaymentReceived | LoanPaidOff | Prepaid)
    paid = still_paid(payment, fact.payment, fact.loan, (entry.event for entry in done))
    charge_back(draft, fact.payment, paid, fact.amount, draft.account.loans[fact.loan - 1], fact.on)


def _about(fact: PlainEvent, done: Iterable[Entry]) -> PlainEvent | None:
    """Return the fact that a fact refers to, as it came out this time."""
    return next((entry.event for entry in done if entry.seq == refers_to(fact)), None)


def _used(draft: Draft, fact: UnappliedUsed) -> None:
    loan = None if fact.loan is None else draft.account.loans[fact.loan - 1]
    if loan is not None and loan.status is not LoanStatus.ACTIVE:
        loan = None
    use_unapplied(draft, fact.amount, loan, fact.on)


def _on_loan(redecide: Callable[..., Rejection | None]) -> Callable[..., Rejection | None]:
    """Refuse what was done on a loan that now was never paid out."""

    def redecided(draft: Draft, fact: Any, *done: Iterable[Entry]) -> Rejection | None:
        if fact.loan is not None and not draft.account.contracts[fact.loan - 1].schedule:
            return Rejection(Code.LOAN_NOT_ACTIVE, f"loan {fact.loan} was paid out by {fact.on}")
        return redecide(draft, fact, *done)

    return redecided


RECHARGED: Final[dict[type[Event], Callable[..., Rejection | None]]] = {
    ChargeAdded: _on_loan(_charged),
    ChargeWaived: _on_loan(_waived),
    ChargeReduced: _on_loan(_reduced),
    CreditReceived: _on_loan(_credited),
    PaymentChargedBack: _on_loan(_charged_back),
    UnappliedUsed: _on_loan(_used),
    LoanDisbursed: pay_out,
    DepositTaken: _deposited,
}
"""Facts about charges and credits, or that something follows from by itself, and how each is decided anew."""
