"""The books of the bank on this machine: payments by order number, and each movement of money, in SQLite."""

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from actors.rail import RailState
from adapters.rails.bank_api import Payment, PaymentState, StatementLine

_SCHEMA: Final = """
PRAGMA journal_mode = wal;
PRAGMA synchronous = normal;
CREATE TABLE IF NOT EXISTS payment (
    number INTEGER PRIMARY KEY, order_number TEXT NOT NULL UNIQUE, currency TEXT NOT NULL, amount INTEGER NOT NULL,
    bank TEXT NOT NULL, account_number TEXT NOT NULL, holder TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', asked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS movement (
    number INTEGER PRIMARY KEY, order_number TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL
);
"""
_OPEN: Final = (RailState.ACCEPTED, RailState.PROCESSING)


class OrderNumberReused(Exception):
    """The number names another payment."""


class _Row(NamedTuple):
    number: int
    order_number: str
    currency: str
    amount: int
    bank: str
    account_number: str
    holder: str
    state: str
    reason: str
    asked: int


class BankLedger:
    """What the bank has been asked for, and what it has paid."""

    def __init__(self, path: Path | None = None) -> None:
        """Open a file, or keep everything in memory."""
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.executescript(_SCHEMA)

    def take(self, payment: Payment) -> bool:
        """Take a payment unless it is known; return whether it was new. Raises OrderNumberReused."""
        known = self._row(payment.order_number)
        if known is not None:
            if known[1:7] != _content(payment):
                raise OrderNumberReused(payment.order_number)
            return False
        statement = "INSERT INTO payment (order_number, currency, amount, bank, account_number, holder, state) "
        self._db.execute(statement + "VALUES (?, ?, ?, ?, ?, ?, ?)", (*_content(payment), RailState.ACCEPTED))
        return True

    def state(self, order_number: str) -> PaymentState | None:
        """Return what became of a payment."""
        row = self._row(order_number)
        if row is None:
            return None
        return PaymentState(order_number, RailState(row.state), row.amount, f"B{row.number:010}", row.reason)

    def ask(self, order_number: str) -> int:
        """Count a query; return how many there were before."""
        self._db.execute("UPDATE payment SET asked = asked + 1 WHERE order_number = ?", (order_number,))
        row = self._row(order_number)
        return row.asked - 1 if row else 0

    def settle(self, order_number: str, state: RailState, reason: str = "") -> bool:
        """Move a payment on, with its money, in one transaction; return whether anything changed."""
        row = self._row(order_number)
        if row is None or not _may_become(RailState(row.state), state):
            return False
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "UPDATE payment SET state = ?, reason = ? WHERE order_number = ?", (state, reason, order_number)
            )
            if state in (RailState.SUCCEEDED, RailState.RETURNED):
                amount = row.amount if state is RailState.SUCCEEDED else -row.amount
                statement = "INSERT INTO movement (order_number, currency, amount) VALUES (?, ?, ?)"
                self._db.execute(statement, (order_number, row.currency, amount))
        return True

    def open_orders(self) -> list[str]:
        """Return payments that are not settled, oldest first."""
        rows = self._db.execute("SELECT order_number FROM payment WHERE state IN (?, ?) ORDER BY number", _OPEN)
        return [number for (number,) in rows]

    def statement(self) -> list[StatementLine]:
        """Return every movement of money, oldest first."""
        rows = self._db.execute("SELECT order_number, currency, amount, number FROM movement ORDER BY number")
        return [StatementLine(number, currency, amount, f"M{line:010}") for number, currency, amount, line in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _row(self, order_number: str) -> _Row | None:
        row = self._db.execute("SELECT * FROM payment WHERE order_number = ?", (order_number,)).fetchone()
        return _Row(*row) if row else None


def _content(payment: Payment) -> tuple[str, str, int, str, str, str]:
    return (
        payment.order_number,
        payment.currency,
        payment.amount,
        payment.bank,
        payment.account_number,
        payment.holder,
    )


def _may_become(now: RailState, then: RailState) -> bool:
    if then is RailState.RETURNED:
        return now is RailState.SUCCEEDED
    return now in _OPEN and now is not then
