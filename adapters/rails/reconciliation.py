"""Our orders beside a bank's statement: what agrees, what only one side has, what differs. Nothing is guessed away."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from actors.payout_orders import OrderState
from adapters.rails.bank_api import StatementLine

_COLUMNS: Final = tuple(field.name for field in msgspec.structs.fields(StatementLine))


class Outcome(StrEnum):
    """What comparing an order with a statement finds."""

    MATCH = "match"
    ONLY_OURS = "only_ours"
    """We have it as paid, and the bank has no such payment (yet: it may come with the next day's statement)."""
    ONLY_THEIRS = "only_theirs"
    """The bank paid what we never ordered."""
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"
    """The bank paid, or took back, what we have otherwise: `tenor payout retry` asks it."""
    PAID_TWICE = "paid_twice"


class Ours(Struct, frozen=True, gc=False):
    """An order as we have it."""

    order_number: str
    currency: str
    amount: int
    state: str
    reference: str


class Difference(Struct, frozen=True):
    """An order on which the two sides do not agree."""

    outcome: Outcome
    order_number: str
    currency: str
    ours: int
    """What left by our orders, minor units."""
    theirs: int
    """What left by the statement."""
    state: str


class Reconciliation(Struct, frozen=True):
    """How the two sides compare."""

    outcomes: dict[str, int]
    paid: dict[str, int]
    """Net of what came back, by the statement, by currency."""
    differences: list[Difference]

    @property
    def balanced(self) -> bool:
        """Return whether both sides agree on every order."""
        return not self.differences


class StatementError(Exception):
    """A statement cannot be read; the message says where."""


def reconcile(ours: Iterable[Ours], statement: Iterable[StatementLine]) -> Reconciliation:
    """Compare order by order."""
    theirs: dict[tuple[str, str], list[int]] = defaultdict(list)
    paid: dict[str, int] = defaultdict(int)
    for line in statement:
        theirs[line.order_number, line.currency].append(line.amount)
        paid[line.currency] += line.amount
    found = [_difference(order, theirs.pop((order.order_number, order.currency), [])) for order in ours]
    found += (
        Difference(Outcome.ONLY_THEIRS, number, currency, 0, sum(amounts), "")
        for (number, currency), amounts in theirs.items()
    )
    outcomes = {str(outcome): 0 for outcome in Outcome}
    for each in found:
        outcomes[each.outcome] += 1
    return Reconciliation(outcomes, dict(paid), [each for each in found if each.outcome is not Outcome.MATCH])


def _difference(order: Ours, movements: list[int]) -> Difference:
    left = order.amount if order.state == OrderState.SUCCEEDED else 0
    return Difference(_outcome(order, movements), order.order_number, order.currency, left, sum(movements), order.state)


def _outcome(order: Ours, movements: list[int]) -> Outcome:
    out = [amount for amount in movements if amount > 0]
    if len(out) > 1:
        return Outcome.PAID_TWICE
    was_paid = order.state in (OrderState.SUCCEEDED, OrderState.RETURNED)
    if not out:
        return Outcome.ONLY_OURS if was_paid else Outcome.MATCH
    if out[0] != order.amount:
        return Outcome.AMOUNT_DIFFERS
    expected = OrderState.RETURNED if len(movements) > 1 else OrderState.SUCCEEDED
    if order.state != expected:
        return Outcome.STATE_DIFFERS
    return Outcome.MATCH if sum(movements) in (0, order.amount) else Outcome.AMOUNT_DIFFERS


def read_statement(path: Path) -> list[StatementLine]:
    """Read a CSV file by the names of its columns, whatever others it has, or JSON; raises StatementError."""
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("{"):
        return statement_of(text.encode())
    rows = csv.DictReader(text.splitlines())
    missing = set(_COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise StatementError(f"{path} has no column {', '.join(sorted(missing))}")
    return [_line(row, f"line {number} of {path}") for number, row in enumerate(rows, 2)]


def statement_of(body: bytes) -> list[StatementLine]:
    """Return the lines of a statement in JSON; raises StatementError."""
    try:
        return msgspec.json.decode(body, type=dict[str, list[StatementLine]])["movements"]
    except (msgspec.DecodeError, KeyError) as error:
        raise StatementError(f"this is no statement: {error}") from error


def _line(row: Mapping[str, str], where: str) -> StatementLine:
    try:
        return msgspec.convert({name: row[name] for name in _COLUMNS}, StatementLine, strict=False)
    except msgspec.ValidationError as error:
        raise StatementError(f"{where}: {error}") from error
