"""Book a fact on an earlier day, or take one back: the account is decided anew from its facts, the difference booked.

History is never edited. What the events say is a timeline: some of them are undone, others done in their place, and
the next restatement starts from the timeline that this one left.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from core.account import Account, Contract, Loan, LoanStatus
from core.charging.recharging import refers_to
from core.decision import Draft
from core.events import AccountOpened, AccountRestated, Entry, Event, PlainEvent, ScheduleRestated
from core.evolve import evolve
from core.origination.events import OriginationEvent
from core.redeciding import is_fact, is_undoable, redecide
from core.rejections import Code, Rejection
from core.servicing.advance import advance, settle_states

History = Sequence[tuple[int, Event]]
"""All events of an account with their sequence numbers, oldest first."""
_PAID_OUT: Final = (LoanStatus.ACTIVE, LoanStatus.CLOSED)
NEW: Final = -1
"""Stands for the number of the restatement itself: its fact is known by it from then on."""


def timeline(history: History) -> list[Entry]:
    """Return what holds of a history: facts with their sequence numbers, what followed by itself with 0.

    Without schedules that payments moved: each is long, books nothing, and a restatement states how they came out.
    Without what precedes the loans: it is never decided anew.
    """
    held: Counter[Entry] = Counter()
    for seq, event in history:
        if isinstance(event, AccountRestated):
            held.subtract(event.undone)
            held.update(Entry(seq, entry.event) if entry.seq == NEW else entry for entry in event.done)
        elif not isinstance(event, ScheduleRestated | OriginationEvent):
            held[_entry(seq, event)] += 1
    assert min(held.values(), default=0) >= 0, "what was undone had been done"
    return list(held.elements())


def facts(history: History) -> list[Entry]:
    """Return what somebody did and nobody took back, as it was done: how it came out may have been restated since."""
    held: dict[int, Entry] = {}
    for seq, event in history:
        if isinstance(event, AccountRestated):
            held.pop(event.reverses, None)
            held.update((seq, Entry(seq, entry.event)) for entry in event.done if entry.seq == NEW)
        elif (entry := _entry(seq, event)).seq:
            held[seq] = entry
    return list(held.values())


def recorded_fact(event: AccountRestated) -> PlainEvent | None:
    """Return the fact that a restatement books on an earlier day; None if it takes one back."""
    return next((entry.event for entry in event.done if entry.seq == NEW), None)


def rebuild(facts: Iterable[Entry], to: date) -> tuple[Account, list[Entry]] | Rejection:
    """Return the account that facts, in the order of their days, lead to on a date, with all that then follows."""
    opened, *later = sorted(facts, key=lambda fact: (fact.event.on, fact.seq == NEW, fact.seq))
    assert isinstance(opened.event, AccountOpened)
    draft, done = Draft(evolve(None, opened.event)), [opened]
    for fact in later:
        done += _catch_up(draft, fact.event.on)
        refused = redecide(draft, fact.event, done)
        if refused is not None:
            return refused if fact.seq == NEW else Rejection(refused.code, f"event {fact.seq}: {refused.detail}")
        done += _collect(draft, fact.seq)
    done += _catch_up(draft, to)
    return draft.account, done


def backdate(
    draft: Draft, history: History, on: date, effective_on: date, decide_then: Callable[[Draft], Rejection | None]
) -> Rejection | None:
    """Decide something as of an earlier day, after all that was done up to that day, and book the difference."""
    known = facts(history)
    then = rebuild([fact for fact in known if fact.event.on <= effective_on], effective_on)
    if isinstance(then, Rejection):
        return then
    past = Draft(then[0])
    refused = decide_then(past)
    if refused is not None:
        return refused
    new = [Entry(NEW, event) for event in past.events if is_fact(event)]
    assert len(new) == 1, "a command records one fact"
    return restate(draft, history, [*known, *new], on, effective_on)


def take_back(draft: Draft, history: History, seq: int, reason: str, on: date) -> Rejection | None:
    """Undo a fact, and decide anew all that followed from it."""
    known = facts(history)
    undone = next((fact for fact in known if fact.seq == seq), None)
    if undone is None:
        was = any(number == seq for number, _ in history)
        code = Code.EVENT_REVERSED if was and seq in _ever(history) else Code.EVENT_UNKNOWN
        return Rejection(code, f"account {draft.account.id} has no event {seq} that can be taken back")
    if not is_undoable(undone.event):
        return Rejection(
            Code.EVENT_NOT_REVERSIBLE, f"{type(undone.event).__name__} stays; see what else undoes its effect"
        )
    about = next((fact.seq for fact in known if refers_to(fact.event) == seq), None)
    if about is not None:
        return Rejection(Code.EVENT_NOT_REVERSIBLE, f"event {about} is about event {seq}: take that back first")
    return restate(draft, history, [fact for fact in known if fact is not undone], on, undone.event.on, seq, reason)


def _ever(history: History) -> set[int]:
    """Return the sequence numbers of everything that was taken back."""
    return {event.reverses for _, event in history if isinstance(event, AccountRestated)}


def restate(
    draft: Draft,
    history: History,
    facts: Iterable[Entry],
    on: date,
    effective_on: date,
    reverses: int = 0,
    reason: str = "",
) -> Rejection | None:
    """Emit the difference between what holds now and what these facts lead to, posted on the business date."""
    rebuilt = rebuild(facts, on)
    if isinstance(rebuilt, Rejection):
        if rebuilt.code is Code.REVERSAL_LEAVES_SHORTFALL:
            return rebuilt
        return Rejection(Code.RESTATEMENT_REFUSED, f"something done later would be {rebuilt.code}, {rebuilt.detail}")
    target, done = rebuilt
    held, now, before = Counter(timeline(history)), Counter(done), draft.account
    draft.emit(
        AccountRestated(
            on,
            effective_on,
            reverses,
            reason,
            undone=tuple((held - now).elements()),
            done=tuple((now - held).elements()),
            unapplied=target.unapplied,
            deposit=target.deposit,
            loans=_changed_loans(before, target),
            contracts=_changed_contracts(before, target),
        )
    )
    settle_states(draft, on)
    assert replace(draft.account, file=target.file) == target
    return None


def _changed_loans(before: Account, target: Account) -> tuple[Loan, ...]:
    """Return the loans that differ, but for ageing and closing: a change of them is an event with its action."""
    changed = []
    for was, now in zip(before.loans, target.loans, strict=True):
        if was != now:
            moved = now.status in _PAID_OUT and not was.status is now.status is LoanStatus.CLOSED
            changed.append(replace(now, status=LoanStatus.ACTIVE, bucket=was.bucket) if moved else now)
    return tuple(changed)


def _changed_contracts(before: Account, target: Account) -> tuple[tuple[int, Contract], ...]:
    pairs = zip(before.contracts, target.contracts, strict=True)
    return tuple((number, now) for number, (was, now) in enumerate(pairs, 1) if was != now)


def _catch_up(draft: Draft, to: date) -> list[Entry]:
    for event in advance(draft.account, to).events:
        draft.emit(event)
    return _collect(draft, 0)


def _collect(draft: Draft, seq: int) -> list[Entry]:
    """Return the draft's events so far, the fact among them under its number, and empty the draft."""
    entries = [
        _entry(seq, event) for event in draft.events if not isinstance(event, AccountRestated | ScheduleRestated)
    ]
    draft.events.clear()
    return entries


def _entry(seq: int, event: PlainEvent) -> Entry:
    return Entry(seq if isinstance(event, AccountOpened) or is_fact(event) else 0, event)
