"""What a simulation tells is what then happens."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import encode

from accounting.chart import dotted
from accounting.journalize import journalize
from actors.execute import Surroundings
from actors.messages import Refused
from actors.naming import fields_of
from actors.queries import SIMULATED_MAX, Simulate
from actors.staging import Cached
from actors.what_if import SimulatedEvent, Simulation, simulate
from core.commands import Command
from core.events import Event
from core.rejections import Rejection
from tests.properties.histories import Book, Life, Step, lend, lives, resolve, steps, take


def told(events: list[SimulatedEvent]) -> list[tuple[object, ...]]:
    """Return simulated events with their entries, as plain as real ones can be made."""
    lines = [[(line.account, line.debit - line.credit) for line in event.entry] for event in events]
    return [(e.seq, e.type, e.on, e.event, entry) for e, entry in zip(events, lines, strict=True)]


def real(events: list[tuple[int, Event]]) -> list[tuple[object, ...]]:
    """Return real events with their entries."""
    return [
        (seq, type(e).__name__, e.on, fields_of(e), [(dotted(line.gl), line.amount) for line in journalize(e)])
        for seq, e in events
    ]


def simulated(book: Book, commands: tuple[Command, ...], days: int) -> Simulation:
    """Try commands on a book that stays as it is."""
    before = encode(book.account)
    scratch = Cached(1, book.account, len(book.history))
    query = Simulate(commands, book.on + timedelta(days=days) if days else None)
    found = simulate(query, scratch, book.on, Surroundings(book.history))
    assert encode(book.account) == before
    assert isinstance(found, Simulation)
    return found


@given(lives, steps)
def test_a_simulated_command_and_then_the_real_one_give_the_same_events(life: Life, last: Step) -> None:
    book = lend(life.terms)
    for step in life.steps:
        take(book, step, life.terms)
    ahead = lend(life.terms)
    for step in life.steps:
        take(ahead, step, life.terms)
    ahead.reach(ahead.on + timedelta(days=last.days))
    command, due = resolve(ahead, last, life.terms), len(ahead.history)
    found = simulated(book, (command,), last.days)
    refused = ahead.ask(command)
    assert told(found.due) == real(ahead.history[len(book.history) : due])
    assert told(found.outcomes[0].events) == real(ahead.history[due:])
    reply = found.outcomes[0].reply
    assert (reply.code if isinstance(reply, Refused) else None) == (refused.code if refused else None)
    assert found.after is not None
    assert (found.after.seq, found.after.unapplied) == (len(ahead.history), ahead.account.unapplied)


@given(lives, st.lists(steps, min_size=1, max_size=SIMULATED_MAX))
def test_commands_tried_in_a_row_are_what_the_same_commands_do(life: Life, more: list[Step]) -> None:
    book, real_book = lend(life.terms), lend(life.terms)
    for step in life.steps:
        take(book, step, life.terms)
        take(real_book, step, life.terms)
    commands, ends, refusals = [], [len(real_book.history)], list[Rejection | None]()
    for step in more:
        commands.append(resolve(real_book, step, life.terms))
        refusals.append(real_book.ask(commands[-1]))
        ends.append(len(real_book.history))
    found = simulated(book, tuple(commands), 0)
    for outcome, refused, start, end in zip(found.outcomes, refusals, ends, ends[1:], strict=False):
        assert told(outcome.events) == real(real_book.history[start:end])
        assert isinstance(outcome.reply, Refused) == (refused is not None)
