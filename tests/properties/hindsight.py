"""The same life told again as if all had been known on its day: what a restatement has to come out at."""

from collections.abc import Collection
from datetime import date, timedelta

from msgspec.structs import replace

from core.account import Account, LoanStatus
from core.charge_events import ChargeReduced, UnappliedUsed
from core.commands import (
    AdjustCharge,
    ApplyUnapplied,
    ChangeTerms,
    ChargeBack,
    Command,
    PayOff,
    Prepay,
    Repay,
    Reverse,
    Waive,
)
from core.contract.changes import Change, Effect, Extend, Holiday, Reage, Reamortize, Reschedule
from core.contract.terms import Terms
from core.decide import BACKDATE_DAYS_MAX
from core.events import AccountRestated, Event
from core.identity import loan_id
from core.redeciding import is_fact
from core.rejections import Code, Rejection
from core.request import Dated
from core.restatement import facts
from tests.properties.charging import charge_command
from tests.properties.histories import START, Book, Step

BOUND = {Code.UNAPPLIED_INSUFFICIENT, Code.DEPOSIT_INSUFFICIENT}
"""What was paid out stays paid out: told again, it must not find too little."""


class Untold(Exception):
    """The life cannot be told with commands: what is then to be done, no command asks for."""


def asked(book: Book) -> list[tuple[date, int, Command]]:
    """Return what was asked and holds, in the order of the days on which it took effect, with the number it goes by."""
    gone = {command.seq for _, command, _ in book.accepted if isinstance(command, Reverse)}
    kept = [
        (effective(command, on), _number(book.history, first), command)
        for on, command, first in book.accepted
        if not isinstance(command, Reverse)
    ]
    return sorted((each for each in kept if each[1] not in gone), key=lambda each: each[:2])


def told_in_time(book: Book, gone: Collection[int] = (), also: tuple[date, Command] | None = None) -> Book | Rejection:
    """Return a book in which all came on its day, without some and with another; or why that cannot be."""
    told = [each for each in asked(book) if each[1] not in gone]
    if also is not None:
        told.append((also[0], len(book.history) + 1, also[1]))
    other, numbers, known = Book(), dict[int, int](), dict(_known(book))
    for on, number, command in sorted(told, key=lambda each: each[:2]):
        other.reach(on)
        first, plain = len(other.history) + 1, _plain(command, numbers)
        if isinstance(plain, Rejection):
            return plain
        refused = _ask(other, _as_recorded(other, plain, known[number])) if number in known else other.ask(plain)
        if refused is not None:
            return refused
        if len(other.history) >= first:
            numbers[number] = _number(other.history, first)
            refused = _paid_back(known.get(number), other.history[numbers[number] - 1][1])
            if refused is not None:
                return refused
    other.reach(book.on)
    return other


def effective(command: Command, on: date) -> date:
    """Return the day on which a command takes effect that is given on a day."""
    return (command.effective_on or on) if isinstance(command, Dated) else on


def earlier(book: Book, step: Step, terms: tuple[Terms, ...]) -> Command:
    """Return what a step means as things stand, to take effect on some day of the book's life if it may."""
    command = charge_command(book, step, terms) if step.loan < 3 else _change(step)
    if not isinstance(command, Dated):
        return command
    back = step.share * 7919 % (min((book.on - START).days, BACKDATE_DAYS_MAX) + 1)
    return replace(command, effective_on=book.on - timedelta(days=back))


def _change(step: Step) -> Command:
    """Return a change of a loan's terms, or a prepayment."""
    loan = loan_id(1, 1 + step.share % 2)
    changes: tuple[Change, ...] = (
        Extend(installments=1),
        Holiday(installments=1),
        Reamortize(),
        Reage(installments=1 + step.share % 4),
        Reschedule(installments=1 + step.share % 7),
    )
    place = step.share % (len(changes) + 2)
    if place < len(changes):
        return ChangeTerms(account=1, loan=loan, change=changes[place])
    return Prepay(account=1, loan=loan, amount=step.share * 577, effect=tuple(Effect)[step.share % 3])


def _plain(command: Command, numbers: dict[int, int]) -> Command | Rejection:
    """Return a command for the day itself, about the fact that goes by another number in this telling."""
    if isinstance(command, AdjustCharge | ChargeBack):
        name = "charge" if isinstance(command, AdjustCharge) else "payment"
        number = numbers.get(getattr(command, name))
        if number is None:
            return Rejection(Code.EVENT_UNKNOWN, "it has not been told yet")
        return replace(command, effective_on=None, **{name: number})
    return replace(command, effective_on=None) if isinstance(command, Dated) else command


def _as_recorded(book: Book, command: Command, fact: Event) -> Command:
    """Return a command for all that there is as the amount that it came to; no more of it is asked for later."""
    if isinstance(command, ApplyUnapplied):
        assert isinstance(fact, UnappliedUsed)
        amount = min(fact.amount, book.account.unapplied)
        is_closed = fact.loan is not None and book.account.loans[fact.loan - 1].status is LoanStatus.CLOSED
        return replace(command, amount=amount, loan=None if is_closed else command.loan)
    return command


def _ask(book: Book, command: Command) -> Rejection | None:
    """Ask again what was done; what can do nothing now does nothing."""
    if isinstance(command, ApplyUnapplied) and not command.amount:
        return None
    refused = book.ask(command)
    if refused is None or refused.code in BOUND or isinstance(command, ChangeTerms):
        return refused
    if isinstance(command, Waive | ApplyUnapplied) and refused.code is Code.NOTHING_TO_DO:
        return None
    if isinstance(command, PayOff | Prepay | Repay):
        assert book.ask(_instead(book.account, command)) is None
        return None
    raise Untold(refused)


def _paid_back(fact: Event | None, told: Event) -> Rejection | None:
    """Refuse where less of a charge would have been paid back than was; more than was is paid back by no command."""
    if not isinstance(fact, ChargeReduced) or not fact.paid_out:
        return None
    assert isinstance(told, ChargeReduced)
    if told.returned > (left := fact.returned - fact.unapplied):
        raise Untold(fact)
    return Rejection(Code.REVERSAL_LEAVES_SHORTFALL, "it stays paid out") if told.returned < left else None


def _instead(account: Account, command: PayOff | Prepay | Repay) -> Command:
    """Return what a payment becomes that does not fit any more: money for the loan if it is open, else for all."""
    assert command.loan is not None
    is_open = account.loans[command.loan % 10_000 - 1].status is LoanStatus.ACTIVE
    return Repay(account=1, amount=command.amount, loan=command.loan if is_open else None)


def _known(book: Book) -> list[tuple[int, Event]]:
    return [(fact.seq, fact.event) for fact in facts(book.history)]


def _number(history: list[tuple[int, Event]], first: int) -> int:
    """Return the number of the fact among the events of a command."""
    return next(seq for seq, event in history[first - 1 :] if is_fact(event) or isinstance(event, AccountRestated))
