"""Turn an event into a balanced journal entry by the posting rules."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from accounting.charging import of_charge
from accounting.chart import Gl
from accounting.funding import of_origination
from accounting.parts import Movement, charged, paid, used
from accounting.rules import CREDITED_FROM, RULES, Part
from core.book import AccrualBooked
from core.change_events import ChangeEvent, Prepaid, TermsChanged, TrancheDisbursed
from core.charge_events import ChargeEvent, DepositSwept
from core.contract.waterfall import Component
from core.events import (
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountRestated,
    AccountUnfrozen,
    BucketChanged,
    ChargeAdded,
    CreditLimitSet,
    CreditReceived,
    DepositReleased,
    DepositTaken,
    Event,
    InstallmentBilled,
    InstallmentReminded,
    InterestCapped,
    LoanBooked,
    LoanCancelled,
    LoanClosed,
    LoanDisbursed,
    LoanEvent,
    LoanPaidOff,
    LoanReopened,
    MoneyEvent,
    NonAccrualBegun,
    NonAccrualEnded,
    PlainEvent,
    RepaymentReceived,
    ScheduleRestated,
    UnappliedApplied,
    UnappliedRefunded,
)
from core.origination.events import OriginationEvent


class Posting(Struct, frozen=True, gc=False, order=True):
    """One line of an entry: positive debits, negative credits, in minor units."""

    gl: int
    loan: int
    """The loan's number within the account, 0 where no loan is meant."""
    amount: int


def journalize(event: Event) -> list[Posting]:
    """Return the event's entry; the lines sum to zero, events without money give none."""
    if isinstance(event, AccountRestated):
        return _difference(event)
    if isinstance(event, CreditReceived):
        return _debited(_entry(event), CREDITED_FROM[event.source])
    if isinstance(event, DepositSwept):
        return _debited(_entry(event), Gl.DEPOSITS)
    return _entry(event)


def journalize_accrual(event: AccrualBooked) -> list[Posting]:
    """Return the entry of a day's accrual over all loans of a product."""
    return _lines(
        (
            (Part.INTEREST_ACCRUED, 0, event.interest),
            (Part.PENALTY_ACCRUED, 0, event.penalty),
            (Part.INTEREST_SUSPENDED, 0, event.interest_suspended),
            (Part.PENALTY_SUSPENDED, 0, event.penalty_suspended),
        )
    )


def _entry(event: PlainEvent) -> list[Posting]:
    return _lines(movements(event))


def _lines(parts: Iterable[Movement]) -> list[Posting]:
    lines: defaultdict[tuple[int, int], int] = defaultdict(int)
    for part, loan, amount in parts:
        if amount:
            debit, credit = RULES[part]
            lines[debit, loan] += amount
            lines[credit, loan] -= amount
    return [Posting(gl, loan, amount) for (gl, loan), amount in lines.items() if amount]


def movements(event: PlainEvent) -> Iterable[Movement]:
    """Return the parts of an event that are posted."""
    if isinstance(event, MoneyEvent):
        return _of_money(event)
    if isinstance(event, LoanEvent):
        return _of_loan(event)
    if isinstance(event, AccountEvent):
        return _of_account(event)
    if isinstance(event, ChargeEvent):
        return of_charge(event)
    if isinstance(event, ChangeEvent):
        return _of_change(event)
    if isinstance(event, OriginationEvent):
        return of_origination(event)
    assert_never(event)


def _of_money(event: MoneyEvent) -> Iterable[Movement]:
    match event:
        case RepaymentReceived() | CreditReceived():
            return _received(event)
        case UnappliedApplied():
            return used(event)
        case LoanPaidOff():
            return _paid_off(event)
        case _:
            assert_never(event)


def _of_loan(event: LoanEvent) -> Iterable[Movement]:
    match event:
        case InstallmentBilled():
            added = (Part.INTEREST_CAPITALIZED, event.loan, event.capitalized)
            return (Part.INTEREST_BILLED, event.loan, event.interest), added
        case InterestCapped():
            return ((Part.ACCRUED_INTEREST_WAIVED, event.loan, event.amount),)
        case LoanDisbursed():
            return ((Part.DISBURSED, event.loan, event.amount),)
        case ChargeAdded():
            part = Part.FEE_ADDED if event.component is Component.FEE else Part.PENALTY_ADDED
            return (*charged(event.charges), (part, event.loan, event.amount))
        case (
            LoanBooked()
            | LoanCancelled()
            | InstallmentReminded()
            | ScheduleRestated()
            | LoanReopened()
            | BucketChanged()
            | NonAccrualBegun()
            | NonAccrualEnded()
            | LoanClosed()
        ):
            return ()
        case _:
            assert_never(event)


def _of_account(event: AccountEvent) -> Iterable[Movement]:
    match event:
        case UnappliedRefunded():
            return ((Part.UNAPPLIED_REFUNDED, 0, event.amount),)
        case DepositTaken():
            return ((Part.DEPOSIT_TAKEN, 0, event.amount),)
        case DepositReleased():
            return ((Part.DEPOSIT_RELEASED, 0, event.amount),)
        case AccountOpened() | CreditLimitSet() | AccountFrozen() | AccountUnfrozen():
            return ()
        case _:
            assert_never(event)


def _of_change(event: ChangeEvent) -> Iterable[Movement]:
    match event:
        case TermsChanged():
            return [
                *charged(event.charges),
                (Part.INTEREST_DEFERRED, event.loan, event.interest),
                (Part.INTEREST_WAIVED, event.loan, event.waived),
                (Part.ACCRUED_INTEREST_WAIVED, event.loan, event.accrued_waived),
            ]
        case Prepaid():
            return [
                *charged(event.charges),
                *paid(event.allocations),
                (Part.ACCRUED_INTEREST_PAID, event.loan, event.interest),
                (Part.PREPAYMENT_FEE_PAID, event.loan, event.fee),
                (Part.PRINCIPAL_PAID, event.loan, event.principal),
                (Part.UNAPPLIED_RECEIVED, 0, event.unapplied),
            ]
        case TrancheDisbursed():
            return [(Part.DISBURSED, event.loan, event.amount)]
        case _:
            assert_never(event)


def _received(event: RepaymentReceived | CreditReceived) -> list[Movement]:
    parts = paid(event.allocations)
    if event.ahead:
        parts += paid(event.ahead, Part.ACCRUED_INTEREST_PAID)
    if event.charges:
        parts += charged(event.charges)
    if event.unapplied:
        parts.append((Part.UNAPPLIED_RECEIVED, 0, event.unapplied))
    return parts


def _paid_off(event: LoanPaidOff) -> list[Movement]:
    return [
        *charged(event.charges),
        *paid(event.allocations),
        (Part.PRINCIPAL_PAID, event.loan, event.principal),
        (Part.ACCRUED_INTEREST_PAID, event.loan, event.interest),
        (Part.PENALTY_PAID, event.loan, event.penalty),
        (Part.FEE_PAID, event.loan, event.fee),
        (Part.PREPAYMENT_FEE_PAID, event.loan, event.prepayment_fee),
        # On the loan, so that the bank line nets to the money that came in.
        (Part.UNAPPLIED_USED, event.loan, event.from_unapplied),
        (Part.UNAPPLIED_RECEIVED, event.loan, event.unapplied),
    ]


def _debited(lines: list[Posting], gl: Gl) -> list[Posting]:
    """Return the entry of a credit: what a repayment would have brought to the bank comes from elsewhere."""
    return [replace(line, gl=gl) if line.gl == Gl.BANK else line for line in lines]


def _difference(event: AccountRestated) -> list[Posting]:
    """Post what holds now less what held: every account moves by the difference only."""
    lines: Counter[tuple[int, int]] = Counter()
    for entries, sign in ((event.done, 1), (event.undone, -1)):
        for entry in entries:
            for line in journalize(entry.event):
                # What came in or went out counts as a whole, whichever loan it is allocated to.
                lines[line.gl, 0 if line.gl == Gl.BANK else line.loan] += sign * line.amount
    return [Posting(gl, loan, amount) for (gl, loan), amount in lines.items() if amount]
