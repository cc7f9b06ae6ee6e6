"""Decide charges and what is taken off them, credits, chargebacks, and the use of money that waits."""

from datetime import date
from typing import assert_never

from core.account import Account, Loan, contract_of
from core.change_events import Prepaid
from core.charge_events import PaymentChargedBack
from core.charging.chargebacks import charge_back, still_paid
from core.charging.charges import add_charge, reduce_charge, refused_above_charge, waive
from core.charging.credits import credit, missing, use_unapplied
from core.commands import AddCharge, AdjustCharge, ApplyUnapplied, ChargeBack, ChargeCommand, ReceiveCredit, Waive
from core.contract.servicing import Price, Source
from core.contract.waterfall import Component
from core.deciding.account import refused_above_balance
from core.deciding.lending import running_loan
from core.decision import Draft
from core.events import ChargeAdded, LoanPaidOff, RepaymentReceived
from core.rejections import Code, Rejection
from core.restatement import History, timeline
from core.servicing.accrual import running_interest


def decide_charge(draft: Draft, command: ChargeCommand, on: date, history: History) -> Rejection | None:
    """Decide a command on charges and credits; return why not, if it is refused."""
    if isinstance(command, AdjustCharge):
        return _adjust(draft, command, on, history)
    if isinstance(command, ApplyUnapplied) and command.loan is None:
        return _apply(draft, command, None, on)
    assert command.loan is not None
    loan = running_loan(draft.account, command.loan, closed_too=_closed_too(command))
    if isinstance(loan, Rejection):
        return loan
    match command:
        case AddCharge():
            return _add(draft, command, loan, on)
        case ReceiveCredit():
            return _credit(draft, command, loan, on)
        case Waive():
            component = Component(command.component)
            if not waive(draft, loan, component, command.amount, command.installment, command.reason, on):
                return Rejection(Code.NOTHING_TO_DO, f"no {component} is due or charged")
        case ChargeBack():
            return _charge_back(draft, command, loan, on, history)
        case ApplyUnapplied():
            return _apply(draft, command, loan, on)
        case _:
            assert_never(command)
    return None


def _closed_too(command: ChargeCommand) -> bool:
    """Return whether a command makes sense on a closed loan: a charge, a chargeback, a refund of what was bought."""
    refund = isinstance(command, ReceiveCredit) and command.source not in (Source.GOODWILL_CREDIT, Source.DOWN_PAYMENT)
    return refund or isinstance(command, AddCharge | ChargeBack)


def _credit(draft: Draft, command: ReceiveCredit, loan: Loan, on: date) -> Rejection | None:
    refused = refused_above_balance(draft.account, command.amount)
    if refused is not None:
        return refused
    if command.source is Source.GOODWILL_CREDIT and command.amount > (most := missing(draft.account, loan, on)):
        return Rejection(Code.AMOUNT_TOO_HIGH, f"{most} is owed: goodwill is no money to be paid out")
    if command.source is Source.INTEREST_REFUND and command.amount > (most := _interest(draft.account, loan, on)):
        return Rejection(Code.AMOUNT_TOO_HIGH, f"{most} of interest can be given back")
    credit(draft, command.amount, loan, on, command.source, with_interest=command.with_interest)
    return None


def _interest(account: Account, loan: Loan, on: date) -> int:
    """Return the interest that was charged or earned by a day, and was not given back before."""
    earned = loan.interest_billed + max(0, running_interest(loan, contract_of(account, loan), on))
    return max(0, earned - loan.interest_refunded)


def _add(draft: Draft, command: AddCharge, loan: Loan, on: date) -> Rejection | None:
    price = Price(flat=command.amount, share_ppb=command.share_ppb, of=command.of)
    add_charge(draft, loan, Component(command.component), price, command.due_date or on, command.name, on)
    added = next(event for event in draft.events if isinstance(event, ChargeAdded))
    if not added.amount and not added.waived:
        return Rejection(Code.NOTHING_TO_DO, "the charge comes to nothing")
    return None


def _adjust(draft: Draft, command: AdjustCharge, on: date, history: History) -> Rejection | None:
    # What was done later is decided anew on what this leaves.
    known = [entry for entry in timeline(history) if entry.event.on <= on]
    added = next((entry.event for entry in known if entry.seq == command.charge), None)
    if not isinstance(added, ChargeAdded):
        return Rejection(Code.EVENT_UNKNOWN, f"account {draft.account.id} has no charge {command.charge}")
    refused = refused_above_charge(command.charge, added, command.amount, known)
    refused = refused or refused_above_balance(draft.account, command.amount)
    if refused is not None:
        return refused
    loan = draft.account.loans[added.loan - 1]
    return reduce_charge(
        draft,
        command.charge,
        loan,
        added.component,
        added.number,
        command.amount,
        command.reason,
        on,
        paid_out=command.pay_out,
    )


def _charge_back(draft: Draft, command: ChargeBack, loan: Loan, on: date, history: History) -> Rejection | None:
    facts = [(entry.seq, entry.event) for entry in timeline(history)]
    payment = dict(facts).get(command.payment)
    if not isinstance(payment, RepaymentReceived | LoanPaidOff | Prepaid) or payment.on > on:
        return Rejection(Code.EVENT_UNKNOWN, f"account {draft.account.id} has no payment {command.payment}")
    back = [fact for _, fact in facts if isinstance(fact, PaymentChargedBack) and fact.payment == command.payment]
    left = payment.amount - sum(fact.amount for fact in back)
    if command.amount > left:
        return Rejection(Code.AMOUNT_TOO_HIGH, f"{left} is left of payment {command.payment}")
    paid = still_paid(payment, command.payment, loan.number, (fact for fact in back if fact.on <= on))
    charge_back(draft, command.payment, paid, command.amount, loan, on)
    return None


def _apply(draft: Draft, command: ApplyUnapplied, loan: Loan | None, on: date) -> Rejection | None:
    wanted = draft.account.unapplied if command.amount is None else command.amount
    if wanted > draft.account.unapplied:
        return Rejection(Code.UNAPPLIED_INSUFFICIENT, f"the unapplied balance is {draft.account.unapplied}")
    if not wanted or not use_unapplied(draft, wanted, loan, on):
        return Rejection(Code.NOTHING_TO_DO, "there is nothing to pay, or nothing to pay with")
    return None
