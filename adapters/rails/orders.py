"""Payout orders in Postgres. Payers take them in bounded batches that no other payer sees; a lease ends by itself."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from actors.payout_orders import STUCK_TRIES, Change, Claimed, OrderState, Progress
from actors.rail import PayoutOrder
from adapters.postgres.session import Session
from adapters.postgres.statements import statements

SQL: Final = statements("rails.sql")
LIST_MAX: Final = 1_000
PAGE: Final = 10_000
_ORDER_FIELDS: Final = 7


class PostgresOrders:
    """Implements actors.payout_orders.Orders; operators' lists besides."""

    def __init__(self, session: Session) -> None:
        """Work through a session, which its owner closes."""
        self._session = session

    async def claim_asks(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """See Orders."""
        return await self._claim("claim_asks", limit, lease_seconds)

    async def claim_tells(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """See Orders."""
        return await self._claim("claim_tells", limit, lease_seconds)

    async def change(self, changes: Sequence[tuple[str, Change]]) -> set[str]:
        """See Orders."""
        numbers = {number for number, _ in changes}
        async with self._session.turn() as connection, connection.transaction():
            before = await _locked(connection, numbers)
            after = dict(before)
            for number, change in changes:
                if number in after:
                    after[number] = change(after[number])
            await _write(connection, {number: now for number, now in after.items() if now != before[number]})
        return numbers - before.keys()

    async def change_by(
        self, officer: str, number: str, change: Change, what: str, note: str = ""
    ) -> tuple[Progress, Progress] | None:
        """Change an order by hand and keep who did it; return it before and after, None if there is no such order."""
        async with self._session.turn() as connection, connection.transaction():
            before = (await _locked(connection, {number})).get(number)
            if before is None:
                return None
            after = change(before)
            if after != before:
                await _write(connection, {number: after})
                await connection.execute(SQL["record_change"], number, officer, what, note)
        return before, after

    async def show(self, number: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """Return an order and what officers did to it, the newest first; None if there is no such order."""
        async with self._session.turn() as connection:
            order = await connection.fetchrow(SQL["order"], number)
            changes = await connection.fetch(SQL["changes"], number, LIST_MAX)
        return None if order is None else (dict(order), [dict(each) for each in changes])

    async def open_orders(self, *, only_stuck: bool) -> list[dict[str, object]]:
        """Return orders that are not over, the longest waiting first, at most LIST_MAX."""
        async with self._session.turn() as connection:
            rows = await connection.fetch(SQL["open_orders"], only_stuck, STUCK_TRIES, LIST_MAX)
            return [dict(row) for row in rows]

    async def to_reconcile(self) -> list[tuple[str, str, int, str, str]]:
        """Return (order number, currency, amount, state, reference) of all orders that a bank may have."""
        found: list[tuple[str, str, int, str, str]] = []
        after = ""
        while True:
            async with self._session.turn() as connection:
                page = await connection.fetch(SQL["to_reconcile"], after, PAGE)
            found += (tuple(row) for row in page)
            if len(page) < PAGE:
                return found
            after = page[-1][0]

    async def _claim(self, statement: str, limit: int, lease_seconds: float) -> list[Claimed]:
        async with self._session.turn() as connection:
            rows = await connection.fetch(SQL[statement], limit, lease_seconds)
        return [Claimed(PayoutOrder(*row[:_ORDER_FIELDS]), _progress(row[_ORDER_FIELDS:])) for row in map(tuple, rows)]


def _progress(row: Sequence[Any]) -> Progress:
    """Return how far an order has come, from columns in the order of the struct."""
    state, *others = row
    return Progress(OrderState(state), *others)


async def _locked(connection: asyncpg.Connection, numbers: set[str]) -> dict[str, Progress]:
    """Return how far orders have come, kept as they are until the transaction ends."""
    return {row[0]: _progress(row[1:]) for row in await connection.fetch(SQL["lock"], list(numbers))}


async def _write(connection: asyncpg.Connection, after: dict[str, Progress]) -> None:
    if not after:
        return
    rows = [
        (number, now.state, now.told, now.tries, now.rounds, now.reference, now.reason, now.due_in)
        for number, now in after.items()
    ]
    await connection.execute(SQL["write"], *map(list, zip(*rows, strict=True)))
