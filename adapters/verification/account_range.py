"""The part of a proof that one process does: the accounts of a range, all tables streamed side by side."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from itertools import groupby
from multiprocessing.sharedctypes import Synchronized
from operator import itemgetter
from typing import Final

import asyncpg

from adapters.postgres.statements import statements
from adapters.verification.account import AccountRows, check_account
from adapters.verification.signatures import Seals, Signatures
from adapters.verification.snapshots import Row
from adapters.verification.tally import Tally

SQL: Final = statements("verify.sql")
BLOCK: Final = 1_000
"""Accounts in memory at one time."""
FETCH: Final = 4_000
"""Rows asked for at one time."""
STREAMS: Final = AccountRows._fields
"""Statements by name."""
SETTINGS: Final = {"application_name": "tenor-verify", "work_mem": "128MB", "jit": "off"}

_done: "Synchronized[int]"


def share(done: "Synchronized[int]") -> None:
    """Take the counter of accounts that all processes count up."""
    global _done
    _done = done


def check_range(dsn: str, snapshot: str, low: int, high: int, on: date, seals: Seals | None) -> Tally:
    """Check the accounts from `low` up to, not including, `high`; called in a process of its own."""
    return asyncio.run(_check(dsn, snapshot, low, high, on, seals))


@asynccontextmanager
async def reading(dsn: str, snapshot: str | None) -> AsyncIterator[asyncpg.Connection]:
    """Open a read-only view of the database as it is now, or as another session exported it."""
    connection = await asyncpg.connect(dsn, server_settings=SETTINGS)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if snapshot is not None:
                assert snapshot.replace("-", "").isalnum()
                # This statement takes no parameters.
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            yield connection
    finally:
        await connection.close()


async def _check(dsn: str, snapshot: str, low: int, high: int, on: date, seals: Seals | None) -> Tally:
    tally, signatures = Tally(), None if seals is None else Signatures(seals)
    async with reading(dsn, snapshot) as connection:
        streams = [Stream(await connection.cursor(SQL[name], low, high)) for name in STREAMS]
        border = low
        while border < high:
            border = await streams[STREAMS.index("accounts")].border(BLOCK, high)
            blocks = [await stream.below(border) for stream in streams]
            for account in sorted(set().union(*blocks)):
                check_account(
                    tally, account, AccountRows(*(block.get(account, ()) for block in blocks)), on, signatures
                )
            with _done.get_lock():
                _done.value += len(blocks[STREAMS.index("accounts")])
    return tally


class Stream:
    """Rows of one table in the order of accounts; the first column is the account's id."""

    def __init__(self, cursor: "asyncpg.cursor.Cursor") -> None:
        self._cursor = cursor
        self._rows: list[Row] = []
        self._ended = False

    async def border(self, count: int, high: int) -> int:
        """Return the id after the next `count` rows, or `high` if no more are left."""
        while len(self._rows) <= count and not self._ended:
            await self._more()
        return int(self._rows[count][0]) if len(self._rows) > count else high

    async def below(self, border: int) -> dict[int, list[Row]]:
        """Return the rows of accounts below the border."""
        while not self._ended and (not self._rows or self._rows[-1][0] < border):
            await self._more()
        count = bisect_left(self._rows, border, key=itemgetter(0))
        taken = {account: list(rows) for account, rows in groupby(self._rows[:count], itemgetter(0))}
        del self._rows[:count]
        return taken

    async def _more(self) -> None:
        rows = await self._cursor.fetch(FETCH)
        self._rows += rows
        self._ended = len(rows) < FETCH
