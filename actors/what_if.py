"""Try commands on a copy of an account, by the very code that carries them out; the copy is thrown away."""

from datetime import date
from typing import Final

from msgspec import Raw, Struct
from msgspec.msgpack import Decoder
from msgspec.structs import replace

from accounting.chart import CHART, Gl, dotted
from accounting.journalize import Posting, journalize
from actors.execute import ALONE, Surroundings, execute, roll_forward
from actors.messages import Envelope, Reply, encoder, reply_decoder
from actors.naming import fields_of
from actors.queries import Simulate
from actors.staging import Cached, Stage
from actors.views import AccountView, LoanView, ScheduleRow, account_view, loan_view, schedule_rows
from core.account import Account, Loan, LoanStatus
from core.commands import Command
from core.events import Event
from core.identity import loan_id
from core.origination.lender import Unasked
from core.rejections import Code, Rejection
from core.servicing.quote import QUOTE_DAYS_MAX, Quote, quote

LOANS_MAX: Final = 20
"""Loans that are shown in full."""

_event_decoder: Decoder[Event] = Decoder(Event)


class EntryLine(Struct, frozen=True):
    """One line of a journal entry; debit or credit is 0."""

    account: str
    """GL code, as 1303.01."""
    name: str
    loan: int | None
    debit: int
    credit: int


class SimulatedEvent(Struct, frozen=True):
    """An event that would happen, under the number that it would have now, with its journal entry."""

    seq: int
    type: str
    on: date
    event: dict[str, object]
    entry: list[EntryLine]


class Outcome(Struct, frozen=True):
    """What one command would be answered, and what would happen."""

    reply: Reply
    events: list[SimulatedEvent]


class SimulatedLoan(Struct, frozen=True):
    """A loan as the commands would leave it."""

    after: LoanView
    schedule_before: list[ScheduleRow]
    """On the same day, without the commands."""
    schedule: list[ScheduleRow]
    quote: Quote | None
    """The payoff on that day; none if the loan is not active."""


class Simulation(Struct, frozen=True):
    """What commands would do if they came on a day."""

    account: int
    on: date
    due: list[SimulatedEvent]
    """What the days up to then would do by themselves, before the commands."""
    outcomes: list[Outcome]
    """One for each command, in order; a refused one changes nothing for those after it."""
    after: AccountView | None
    """None if the account does not exist even then."""
    loans: list[SimulatedLoan]
    """Those that the commands would change, then the others that are active."""
    loans_left_out: int
    """How many there are beyond the first 20."""


def simulate(query: Simulate, scratch: Cached, today: date, around: Surroundings = ALONE) -> Simulation | Rejection:
    """Try the commands of a query on a copy of their account, in the surroundings that a command of them needs.

    Refused are commands of other accounts, and days before the business date or too far after it. Without findings it
    raises Unasked, with the first command that would look at them.
    """
    on = query.on or today
    if any(command.account != scratch.id for command in query.commands):
        return Rejection(Code.MALFORMED, "all commands of a simulation are for one account")
    if not 0 <= (on - today).days <= QUOTE_DAYS_MAX:
        return Rejection(Code.QUOTE_DATE_INVALID, f"a simulation is of {today} or up to {QUOTE_DAYS_MAX} days later")
    trial = _Trial(scratch, around)
    roll_forward(trial.stage, scratch, on)
    due, before = trial.happened(), scratch.account
    outcomes = [trial.outcome(command, on) for command in query.commands]
    after = scratch.account
    loans = _shown(before, after)
    return Simulation(
        scratch.id,
        on,
        due,
        outcomes,
        None if after is None else account_view(after, scratch.seq, on),
        [] if after is None else [_loan(before, after, loan, on) for loan in loans[:LOANS_MAX]],
        len(loans[LOANS_MAX:]),
    )


class _Trial:
    """A stage that is never committed, and what of it was told already."""

    def __init__(self, scratch: Cached, around: Surroundings) -> None:
        self.stage = Stage()
        self._scratch = scratch
        self._around = around
        self._history = [*around.history]
        self._told = 0

    def outcome(self, command: Command, on: date) -> Outcome:
        """Carry a command out on the copy."""
        # No shard ever sees this envelope: it needs no key.
        envelope = Envelope(b"", command.account, Raw(encoder.encode(command)))
        around = replace(self._around, history=self._history)
        try:
            _, reply = execute(self.stage, self._scratch, envelope, command, on, around)
        except Unasked:
            raise Unasked(command) from None
        return Outcome(reply_decoder.decode(reply), self.happened())

    def happened(self) -> list[SimulatedEvent]:
        """Return the events since this was asked last."""
        rows = self.stage.commit.events[self._told :]
        self._told += len(rows)
        events = [(row.seq, _event_decoder.decode(row.body)) for row in rows]
        self._history += events
        return [_event(self._scratch.id, seq, event) for seq, event in events]


def _event(account: int, seq: int, event: Event) -> SimulatedEvent:
    lines = [_line(account, posting) for posting in journalize(event)]
    return SimulatedEvent(seq, type(event).__name__, event.on, fields_of(event), lines)


def _line(account: int, posting: Posting) -> EntryLine:
    loan = loan_id(account, posting.loan) if posting.loan else None
    debit, credit = max(0, posting.amount), max(0, -posting.amount)
    return EntryLine(dotted(posting.gl), CHART[Gl(posting.gl)], loan, debit, credit)


def _shown(before: Account | None, after: Account | None) -> list[Loan]:
    """Return the loans as they are now: first those that differ in state or contract, then the other active ones."""
    if after is None:
        return []
    former = () if before is None else tuple(zip(before.loans, before.contracts, strict=True))
    changed, others = list[Loan](), list[Loan]()
    for loan, contract in zip(after.loans, after.contracts, strict=True):
        if loan.number > len(former) or (loan, contract) != former[loan.number - 1]:
            changed.append(loan)
        elif loan.status is LoanStatus.ACTIVE:
            others.append(loan)
    return changed + others


def _loan(before: Account | None, after: Account, loan: Loan, on: date) -> SimulatedLoan:
    former = before.loans[loan.number - 1] if before is not None and loan.number <= len(before.loans) else None
    offer = quote(after, loan_id(after.id, loan.number), on, on) if loan.status is LoanStatus.ACTIVE else None
    assert not isinstance(offer, Rejection)
    return SimulatedLoan(
        loan_view(after, loan, on),
        [] if before is None or former is None else schedule_rows(before, former, on),
        schedule_rows(after, loan, on),
        offer,
    )
