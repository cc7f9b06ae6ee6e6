"""Plays a scenario and compares every row, the journal and the books with it."""

import re
from collections import Counter, deque
from datetime import date, timedelta

from accounting.chart import CHART, Gl
from accounting.journalize import journalize
from core.account import Account
from core.decide import decide
from core.decision import Decision
from core.events import Event
from core.evolve import evolve
from core.identity import loan_id
from core.rejections import Rejection
from core.servicing.advance import advance
from core.servicing.quote import quote
from tests.proving import assert_books_hold
from tests.scenarios.amounts import money
from tests.scenarios.changing import asked_change
from tests.scenarios.originating import FOLLOWS, Desk, asked_lender
from tests.scenarios.reading import Row, Scenario
from tests.scenarios.wording import PARTS, balances, command_of, tell


class Play:
    """A run: the account as decided, and as folded from the events that the rows so far accounted for."""

    def __init__(self, scenario: Scenario, *, daily: bool) -> None:
        self.scenario = scenario
        self.daily = daily
        self.account: Account | None = None
        self.shown: Account | None = None
        self.history: list[tuple[int, Event]] = []
        self.payments: list[int] = []
        self.changes: list[int] = []
        self.charges: list[int] = []
        self.waiting: deque[Event] = deque()
        self.asked: Row | None = None
        """The row that is next and was asked for already: late interest that it found due has a row above it."""
        self.desk = Desk(scenario.products)

    def row(self, index: int) -> None:
        """Play one row and compare every column that the table has."""
        row = self.scenario.rows[index]
        if row is self.asked:
            found = self._shown_next(row)
        elif row.asks:
            self._reach(row.on)
            assert not self.waiting, f"{row.text}\nunaccounted before: {self.waiting[0]}"
            found = self._ask(row)
        elif self.desk.hears(row.what, row.cells.get("amount", "")):
            found = {"amount": row.cells.get("amount", "")}
        elif row.what == "day":
            assert not self.waiting or self.waiting[0].on > row.on, f"{row.text}\nunaccounted: {self.waiting[0]}"
            found = {}
        elif row.what == "of which":
            found = tell(self.history[len(self.history) - len(self.waiting) - 1][1], row.loan)
        else:
            self._reach(row.on if self.daily else self._next_asked(index))
            if row.what == "late interest" and not self.waiting:
                self.asked = self.scenario.rows[index + 1]
                found = self._ask(self.asked, row)
            else:
                found = self._shown_next(row)
        self._compare(row, found)

    def _ask(self, row: Row, first: Row | None = None) -> dict[str, str]:
        if row.what == "quote through":
            return self._quote(row)
        if asked_lender(row.what):
            return self._ask_lender(row)
        reversible = self.changes if row.what == "reverse change" else self.payments
        command = command_of(row, self.scenario.terms, reversible, self.charges)
        decided = decide(self.account, command, row.on, self.history, self.scenario.closed_through)
        if isinstance(decided, Rejection):
            return {"amount": row.cells.get("amount", ""), "note": f"refused: {decided.code}"}
        seq = len(self.history) + (1 if first is None else 2)
        if row.what in {"payment", "payoff"}:
            self.payments.append(seq)
        if asked_change(row.what + row.argument):
            self.changes.append(seq)
        if row.what in {"charge fee", "charge penalty"}:
            self.charges.append(seq)
        self._take(decided)
        return self._shown_next(first or row)

    def _ask_lender(self, row: Row) -> dict[str, str]:
        """Ask for what precedes a loan: what comes of it has rows of its own."""
        amount = row.cells.get("amount", "")
        command, found = self.desk.command(row.what, amount, self.account), self.desk.findings(row.on)
        decided = decide(self.account, command, row.on, self.history, lender=self.desk.lender, findings=found)
        if isinstance(decided, Rejection):
            return {"amount": amount, "note": f"refused: {decided.code}"}
        self._take(decided)
        while self.waiting and not tell(self.waiting[0], None)["what"]:
            self.shown = evolve(self.shown, self.waiting.popleft())
        return {"amount": amount}

    def _quote(self, row: Row) -> dict[str, str]:
        assert self.account is not None
        found = quote(self.account, loan_id(1, row.loan or 1), row.on, date.fromisoformat(row.argument))
        if isinstance(found, Rejection):
            return {"note": f"refused: {found.code}"}
        return {"amount": money(found.to_pay), **{part: money(getattr(found, part)) for part in PARTS}}

    def _shown_next(self, row: Row) -> dict[str, str]:
        assert self.waiting, f"{row.text}\nnothing happened"
        event = self.waiting.popleft()
        self.shown = evolve(self.shown, event)
        found = tell(event, row.loan)
        assert (event.on, found["what"]) == (row.on, FOLLOWS.get(row.what, row.what)), f"{row.text}\nhappened: {event}"
        return found

    def _reach(self, day: date) -> None:
        if self.account is not None:
            passed = (day - self.history[-1][1].on).days if self.daily else 0
            for back in range(passed, -1, -1):
                self._take(advance(self.account, day - timedelta(days=back)))

    def _next_asked(self, index: int) -> date:
        rows = self.scenario.rows
        return next((row.on for row in rows[index:] if row.asks), rows[-1].on)

    def _take(self, decision: Decision) -> None:
        self.account = decision.account
        self.waiting += decision.events
        self.history += enumerate(decision.events, len(self.history) + 1)

    def _compare(self, row: Row, found: dict[str, str]) -> None:
        refused = re.match("refused: [a-z_]+", row.cells.get("note", ""))
        found = balances(self.shown, row) | found
        columns = row.cells.keys() - {"date", "what", "loan"}
        expected = {column: row.cells[column] for column in columns} | {"note": refused[0] if refused else ""}
        assert {column: found.get(column, "") for column in expected} == expected, row.text


def journal_of(history: list[tuple[int, Event]], on: date) -> dict[str, str]:
    """Return what one day debited and credited to each GL account."""
    moved: Counter[str] = Counter()
    for _, event in history:
        for line in journalize(event) if event.on == on else ():
            moved[f"{'debit' if line.amount > 0 else 'credit'} {CHART[Gl(line.gl)]}"] += abs(line.amount)
    return {side: money(amount) for side, amount in moved.items()}


def comes_out(scenario: Scenario, *, daily: bool) -> None:
    """Play a scenario, day by day or with the days between two requests caught up in one go."""
    play = Play(scenario, daily=daily)
    for index in range(len(scenario.rows)):
        play.row(index)
    assert not play.waiting, f"unaccounted at the end: {play.waiting[0]}"
    assert play.shown == play.account
    for on, expected in scenario.journals.items():
        assert journal_of(play.history, on) == expected, on
    assert play.account is not None
    assert_books_hold(play.history, play.account)
