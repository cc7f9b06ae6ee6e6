"""A payment that the payer's bank takes back later: owed again from its own day on, the payment itself stands."""

from collections.abc import Iterable, Mapping
from datetime import date

from core.account import Contract, Loan, LoanStatus, contract_of
from core.change_events import Prepaid
from core.charge_events import PaymentChargedBack
from core.charging.charges import installment_at, reopen
from core.contract.waterfall import Component
from core.decision import Draft
from core.events import Event, LoanPaidOff, RepaymentReceived
from core.facts import Allocation
from core.money import Minor
from core.servicing.advance import catch_up, settle_states
from core.servicing.penalties import penalties
from core.servicing.restating import restate


def charge_back(draft: Draft, seq: int, paid: Mapping[Component, int], amount: int, loan: Loan, on: date) -> None:
    """Make an amount of a payment owed again, in the day's installment; unapplied money covers it first."""
    contract = contract_of(draft.account, loan)
    from_unapplied = min(amount, draft.account.unapplied)
    number, extra = _installment(contract, on) if amount > from_unapplied else (0, False)
    parts = _parts(contract, paid, amount - from_unapplied)
    owed = Allocation(loan.number, number, *(Minor(parts[component]) for component in Component))
    charges = penalties(draft.account, on, loan)
    late = _late(loan, number, owed.interest + owed.principal)
    draft.emit(
        PaymentChargedBack(
            on,
            loan.number,
            seq,
            Minor(amount),
            Minor(from_unapplied),
            owed,
            Minor(late),
            extra,
            number <= loan.billed,
            charges,
        )
    )
    if loan.status is LoanStatus.CLOSED and amount > from_unapplied:
        reopen(draft, loan, on)
    else:
        catch_up(draft, on)
    restate(draft, loan.number, on)
    settle_states(draft, on)


def _paid_by(payment: RepaymentReceived | LoanPaidOff | Prepaid, loan: int) -> dict[Component, int]:
    """Return what a loan received of a payment, by component."""
    ahead = payment.ahead if isinstance(payment, RepaymentReceived) else ()
    allocations = [part for part in (*payment.allocations, *ahead) if part.loan == loan]
    paid = {component: sum(getattr(part, component) for part in allocations) for component in Component}
    if isinstance(payment, LoanPaidOff):
        paid[Component.PENALTY] += payment.penalty
        paid[Component.FEE] += payment.prepayment_fee
    if isinstance(payment, LoanPaidOff | Prepaid):
        paid[Component.FEE] += payment.fee
        paid[Component.INTEREST] += payment.interest
        paid[Component.PRINCIPAL] += payment.principal
    return paid


def still_paid(
    payment: RepaymentReceived | LoanPaidOff | Prepaid, seq: int, loan: int, before: Iterable[Event]
) -> dict[Component, int]:
    """Return what a loan received of a payment and no earlier chargeback made owed again, by component."""
    paid = _paid_by(payment, loan)
    for fact in before:
        if isinstance(fact, PaymentChargedBack) and (fact.payment, fact.loan) == (seq, loan):
            paid = {component: max(0, paid[component] - getattr(fact.owed, component)) for component in Component}
    return paid


def _installment(contract: Contract, on: date) -> tuple[int, bool]:
    """Return the number of the installment of the day, also where it was paid early; a new one after the last."""
    number = installment_at(contract, on)
    return number, number > len(contract.schedule)


def _parts(contract: Contract, paid: Mapping[Component, int], amount: int) -> dict[Component, int]:
    """Return what is owed again: what the payment still pays, in the order of the terms; the rest is principal."""
    parts = dict.fromkeys(Component, 0)
    for component in contract.terms.credit_order:
        part = min(amount, paid[component])
        parts[component] += part
        amount -= part
    parts[Component.PRINCIPAL] += amount
    return parts


def _late(loan: Loan, number: int, owed: int) -> int:
    """Return what is late at once: all but what was paid of the installment before and covers no earlier chargeback."""
    paid = sum(part.interest + part.principal for part in loan.ahead if part.number == number)
    paid -= sum(each.covered for each in loan.reopened if each.number == number)
    return max(0, owed - max(0, paid))
