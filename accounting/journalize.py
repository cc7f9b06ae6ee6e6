"""Turn an event into a balanced journal entry by the posting rules."""

from collections.abc import Iterable
from typing import NamedTuple, assert_never

from accounting.chart import Gl
from accounting.rules import RULES, Part
from core.events import (
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    Allocation,
    BucketChanged,
    CreditLimitSet,
    DepositReleased,
    DepositTaken,
    Event,
    InstallmentBilled,
    InstallmentReminded,
    LoanBooked,
    LoanCancelled,
    LoanClosed,
    LoanDisbursed,
    LoanPaidOff,
    PenaltyCharge,
    RepaymentReceived,
    RepaymentReversed,
    UnappliedApplied,
    UnappliedRefunded,
)


class Posting(NamedTuple):
    """One line of an entry: positive debits, negative credits, in minor units."""

    gl: int
    loan: int
    """The loan's number within the account, 0 where no loan is meant."""
    amount: int


Movement = tuple[Part, int, int]
"""(part, loan number or 0, amount); a negative amount posts the other way round."""


def journalize(event: Event) -> list[Posting]:
    """Return the event's entry; the lines sum to zero, events without money give none."""
    if isinstance(event, RepaymentReversed):
        return _reversal(event)
    lines: dict[tuple[int, int], int] = {}
    for part, loan, amount in movements(event):
        if not amount:
            continue
        debit, credit = RULES[part]
        line = debit, loan
        lines[line] = lines.get(line, 0) + amount
        line = credit, loan
        lines[line] = lines.get(line, 0) - amount
    return [Posting(gl, loan, amount) for (gl, loan), amount in lines.items() if amount]


def movements(event: Event) -> Iterable[Movement]:
    """Return the parts of an event that are posted."""
    match event:
        case RepaymentReceived():
            return _received(event)
        case InstallmentBilled():
            return ((Part.INTEREST_BILLED, event.loan, event.interest),)
        case LoanDisbursed():
            return ((Part.DISBURSED, event.loan, event.amount),)
        case UnappliedApplied():
            return (*_charged(event.charges), *_from_unapplied(event.allocations))
        case LoanPaidOff():
            return _paid_off(event)
        case UnappliedRefunded():
            return ((Part.UNAPPLIED_REFUNDED, 0, event.amount),)
        case DepositTaken():
            return ((Part.DEPOSIT_TAKEN, 0, event.amount),)
        case DepositReleased():
            return ((Part.DEPOSIT_RELEASED, 0, event.amount),)
        case (
            AccountOpened()
            | CreditLimitSet()
            | AccountFrozen()
            | AccountUnfrozen()
            | LoanBooked()
            | LoanCancelled()
            | InstallmentReminded()
            | BucketChanged()
            | LoanClosed()
            | RepaymentReversed()
        ):
            return ()
        case _:
            assert_never(event)


def _received(event: RepaymentReceived) -> list[Movement]:
    parts = _paid(event.allocations)
    if event.charges:
        parts += _charged(event.charges)
    if event.unapplied:
        parts.append((Part.UNAPPLIED_RECEIVED, 0, event.unapplied))
    return parts


def _paid_off(event: LoanPaidOff) -> list[Movement]:
    return [
        *_charged(event.charges),
        *_paid(event.allocations),
        (Part.PRINCIPAL_PAID, event.loan, event.principal),
        (Part.ACCRUED_INTEREST_PAID, event.loan, event.interest),
        # On the loan, so that the bank line nets to the money that came in.
        (Part.UNAPPLIED_USED, event.loan, event.from_unapplied),
        (Part.UNAPPLIED_RECEIVED, event.loan, event.unapplied),
    ]


def _charged(charges: tuple[PenaltyCharge, ...]) -> list[Movement]:
    return [(Part.PENALTY_CHARGED, charge.loan, charge.amount) for charge in charges]


def _paid(allocations: tuple[Allocation, ...]) -> list[Movement]:
    parts: list[Movement] = []
    for paid in allocations:
        parts.append((Part.INTEREST_PAID, paid.loan, paid.interest))
        parts.append((Part.PRINCIPAL_PAID, paid.loan, paid.principal))
        if paid.penalty or paid.fee:
            parts.append((Part.PENALTY_PAID, paid.loan, paid.penalty))
            parts.append((Part.FEE_PAID, paid.loan, paid.fee))
    return parts


def _from_unapplied(allocations: tuple[Allocation, ...]) -> list[Movement]:
    return [
        movement
        for paid in allocations
        for movement in (
            (Part.INTEREST_FROM_UNAPPLIED, paid.loan, paid.interest),
            (Part.PRINCIPAL_FROM_UNAPPLIED, paid.loan, paid.principal),
            (Part.PENALTY_FROM_UNAPPLIED, paid.loan, paid.penalty),
            (Part.FEE_FROM_UNAPPLIED, paid.loan, paid.fee),
        )
    ]


def _reversal(event: RepaymentReversed) -> list[Posting]:
    """Post by how much each balance differs from what stood; the money goes back to the payer."""
    lines = [Posting(Gl.BANK, 0, -event.amount), Posting(Gl.UNAPPLIED, 0, -event.unapplied)]
    for restated in event.loans:
        number = restated.state.number
        lines += (
            Posting(Gl.LOAN_PRINCIPAL, number, restated.principal),
            Posting(Gl.INTEREST_RECEIVABLE, number, restated.interest_due),
            Posting(Gl.FEE_RECEIVABLE, number, restated.fee_due),
            Posting(Gl.PENALTY_RECEIVABLE, number, restated.penalty_due),
            Posting(Gl.ACCRUED_INTEREST, number, -restated.interest_billed),
            Posting(Gl.ACCRUED_PENALTY, number, -restated.penalty_charged),
        )
    lines = [line for line in lines if line.amount]
    assert sum(line.amount for line in lines) == 0
    return lines
