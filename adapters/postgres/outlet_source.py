"""The outlet's source: events in the order of commit, read without a lock and without touching a commit."""

from typing import Final

import asyncpg

from actors.outlet import START, Committed, Cursor
from actors.protocols import JournalUnavailable
from adapters.postgres.session import Session
from adapters.postgres.statements import statements

SQL: Final = statements("outlet.sql")
BEHIND_MAX: Final = 1_000_000
"""Where counting stops."""
SPAN_FIRST: Final = 64
"""Transactions looked at together at first; the span then follows how many events they hold."""
_LOCK: Final = 0x7E40_0002
"""Advisory lock of outlets: any number, the same in every version."""


class PostgresEventSource:
    """Implements actors.outlet.EventSource."""

    def __init__(self, dsn: str, name: str) -> None:
        """Prepare to connect; `name` is the row that keeps the cursor."""
        self._session = Session(dsn, f"tenor-outlet-{name}", {})
        self._name = name
        self._locked_by: asyncpg.Connection | None = None
        self._span = SPAN_FIRST
        self._empty: tuple[Cursor, int] = (START, 0)
        """After this cursor there is nothing below this transaction."""

    async def cursor(self) -> Cursor:
        """Return how far the events have gone out; raises JournalUnavailable, also while another outlet runs."""
        async with self._session.turn() as connection:
            if self._locked_by is not connection:
                if not await connection.fetchval(SQL["only_outlet"], _LOCK):
                    raise JournalUnavailable("another outlet is at work")
                self._locked_by = connection
            return await read_cursor(connection, self._name)

    async def page(self, after: Cursor, limit: int) -> list[Committed]:
        """Return the next events in the order of commit, all of them from transactions that nothing can precede."""
        async with self._session.turn() as connection:
            horizon: int = await connection.fetchval(SQL["horizon"])
            if after.txid >= horizon:
                raise JournalUnavailable("the outlet's cursor is of another server: was the book restored from a dump?")
            start = self._empty[1] if self._empty[0] == after else after.txid
            while start < horizon:
                end = min(start + self._span, horizon)
                events = [Committed(*row) for row in await connection.fetch(SQL["page"], *after, start, end, limit)]
                if len(events) == limit:
                    # The server read and sorted the whole span for this: fit the next one to a page.
                    self._span = max(1, events[-1].txid - start)
                elif len(events) < limit // 2 and end < horizon:
                    self._span *= 2
                if events:
                    return events
                start = end
            self._empty = (after, horizon)
            return []

    async def move(self, cursor: Cursor) -> None:
        """Remember durably how far the events have gone out."""
        async with self._session.turn() as connection:
            await connection.execute(SQL["move"], self._name, *cursor)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()


async def read_cursor(connection: asyncpg.Connection, name: str) -> Cursor:
    """Return how far an outlet has come."""
    row = await connection.fetchrow(SQL["cursor"], name)
    return Cursor(*row) if row else START


async def events_behind(connection: asyncpg.Connection, name: str) -> int:
    """Return how many events an outlet has not published yet, at most BEHIND_MAX: its lag."""
    cursor = await read_cursor(connection, name)
    behind: int = await connection.fetchval(SQL["behind"], *cursor, BEHIND_MAX)
    return behind
