"""The pure core timed alone: CPU of one process, no server, no disk. Each figure is for one of its kind."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from time import process_time
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from actors.execute import decode_command, execute
from actors.messages import Envelope, Refused
from actors.rows import EventRow, GroupCommit
from actors.staging import Cached, Stage
from adapters.postgres.encoding import event_rows, loan_rows, posting_rows, request_rows
from core.account import Account
from core.commands import BookLoan, Command, Disburse, OpenAccount, Repay
from core.contract.terms import Installment, Terms, installment_total
from core.events import Event
from core.evolve import replay
from core.identity import loan_id
from core.schedule.plan import schedule
from loadtests.bench import OPENED_ON, terms
from loadtests.book import CURRENCY
from loadtests.machine import machine

LONG: Final = 360
"""Installments of a long loan: monthly for 30 years."""
GROUP: Final = 500
"""Repayments of one round: a usual group commit."""
PLANS: Final = 120
LONG_PLANS: Final = 4
REPLAYS: Final = 60

_events: Final = msgspec.msgpack.Decoder(Event)


class Costs(Struct, frozen=True, kw_only=True):
    """Microseconds of CPU."""

    decide_us: float
    """A repayment on a loan of 12 installments: from msgpack command to encoded events in their chain, and reply."""
    decide_360_us: float
    """The same on a loan of 360 installments."""
    snapshot_us: float
    """The loan's snapshot row, and the sums of the postings."""
    pack_us: float
    """All rows of a repayment as COPY payloads."""
    schedule_us: float
    """A schedule of 12 installments."""
    schedule_360_us: float
    replay_us: float
    """An account's state from the stored events of a year: 12 installments billed and paid."""


class BenchCore(Costs, frozen=True, kw_only=True):
    """Medians over the rounds, and the lowest of them, which neighbours on the machine disturb least."""

    lowest: Costs
    rounds: int
    machine: str


class Peak(Struct, frozen=True):
    """Accounts whose first installment falls due today, and the repayments that arrive."""

    accounts: list[Account]
    envelopes: list[Envelope]
    seq: int
    on: date


def bench_core(progress: Callable[[str, int, int], None], rounds: int = 40) -> BenchCore:
    """Time every piece once a round, so that whatever else the machine does falls on all of them alike."""
    short, long = due_today(terms(1)), due_today(replace(terms(1), installments=LONG))
    year = paid_on_time(terms(1))
    seen = []
    for number in range(rounds):
        progress("rounds", number, rounds)
        decided, snapshot, packed = _repaid(short)
        seen.append(
            Costs(
                decide_us=decided,
                decide_360_us=_repaid(long)[0],
                snapshot_us=snapshot,
                pack_us=packed,
                schedule_us=_planned(terms(1), number, PLANS),
                schedule_360_us=_planned(replace(terms(1), installments=LONG), number, LONG_PLANS),
                replay_us=_each(lambda: replay(map(_events.decode, year)), REPLAYS),
            )
        )
    progress("rounds", rounds, rounds)
    return BenchCore(**_over(median, seen), lowest=Costs(**_over(min, seen)), rounds=rounds, machine=machine())


def due_today(agreed: Terms) -> Peak:
    """Return accounts of the same loan, brought to the day on which its first installment falls due."""
    rows = schedule(agreed, OPENED_ON)
    cached, events = _serviced(agreed, rows[:1])
    billed = replay(_events.decode(row.body) for row in events[:-1])
    assert billed is not None
    accounts = [replace(billed, id=number) for number in range(1, GROUP + 1)]
    envelopes = [_envelope(Repay(account=one.id, amount=installment_total(rows[0]))) for one in accounts]
    return Peak(accounts, envelopes, cached.seq - 1, rows[0].due_date)


def paid_on_time(agreed: Terms) -> list[bytes]:
    """Return the stored events of a loan that was repaid on time."""
    return [row.body for row in _serviced(agreed, schedule(agreed, OPENED_ON))[1]]


def repay(peak: Peak, marks: list[float]) -> GroupCommit:
    """Carry all repayments out, and mark the CPU spent before and after each step."""
    stage, cached = Stage(), [Cached(account.id, account, peak.seq) for account in peak.accounts]
    marks.append(process_time())
    for one, envelope in zip(cached, peak.envelopes, strict=True):
        _do(stage, one, envelope, peak.on)
    marks.append(process_time())
    commit = stage.seal(peak.on)
    marks.append(process_time())
    _pack(commit)
    marks.append(process_time())
    return commit


def _over(choose: Callable[[list[float]], float], seen: Sequence[Costs]) -> dict[str, float]:
    return {name: round(choose([getattr(costs, name) for costs in seen]), 2) for name in Costs.__struct_fields__}


def _each(work: Callable[[], object], count: int) -> float:
    """Return the microseconds of CPU that one of `count` repetitions takes."""
    began = process_time()
    for _ in range(count):
        work()
    return 1e6 * (process_time() - began) / count


def _repaid(peak: Peak) -> tuple[float, float, float]:
    """Return what a repayment costs to decide, to snapshot and to pack."""
    marks: list[float] = []
    repay(peak, marks)
    decided, snapshot, packed = (1e6 * (after - before) / GROUP for before, after in pairwise(marks))
    return decided, snapshot, packed


def _do(stage: Stage, cached: Cached, envelope: Envelope, on: date) -> None:
    command = decode_command(envelope)
    assert not isinstance(command, Refused)
    execute(stage, cached, envelope, command, on)


def _pack(commit: GroupCommit) -> None:
    event_rows(commit.events)
    posting_rows(commit.entries)
    request_rows(commit.requests)
    loan_rows(commit.loans)


def _planned(agreed: Terms, number: int, count: int) -> float:
    """Return what a schedule costs; plans are remembered, so each is of another amount."""
    first = agreed.principal + number * count
    plans = [replace(agreed, principal=first + n) for n in range(count)]
    plan = iter(plans).__next__
    return _each(lambda: schedule(plan(), OPENED_ON), count)


def _serviced(agreed: Terms, paid: Sequence[Installment]) -> tuple[Cached, list[EventRow]]:
    """Lend, and repay these installments on their due dates."""
    stage, cached = Stage(), Cached(1, None)
    lend = (
        OpenAccount(account=1, currency=CURRENCY, credit_limit=agreed.principal),
        BookLoan(account=1, terms=agreed),
        Disburse(account=1, loan=loan_id(1, 1)),
    )
    for command in lend:
        _do(stage, cached, _envelope(command), OPENED_ON)
    for row in paid:
        _do(stage, cached, _envelope(Repay(account=1, amount=installment_total(row))), row.due_date)
    return cached, stage.commit.events


def _envelope(command: Command) -> Envelope:
    return Envelope(bytes(16), command.account, msgspec.Raw(msgspec.msgpack.encode(command)))
