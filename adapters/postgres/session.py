"""One Postgres connection, opened when first needed and again after it was lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg

from actors.protocols import JournalUnavailable

COMMAND_TIMEOUT: Final = 35
"""Seconds; a little above the server's own transaction_timeout, for a server that has vanished."""
POINT_ACCESS: Final = {"enable_seqscan": "off", "enable_mergejoin": "off"}
"""Everything is found by key: plans made while tables were small must not scan them when they are large."""
_PASSING: Final = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""SQLSTATE classes of a server that cannot serve now, as against a statement that is wrong."""


class Session:
    """A connection under its own application name; its users take turns."""

    def __init__(self, dsn: str, name: str, settings: dict[str, str]) -> None:
        """Remember how to connect."""
        self._dsn = dsn
        self.name = name
        self._settings = {"application_name": name, **POINT_ACCESS, **settings}
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the connection; raises JournalUnavailable if there is none to be had or it is lost."""
        async with self._turn:
            try:
                with unavailable():
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await self._connect()
                    yield self._connection
            except JournalUnavailable:
                # What failed once may be half open: the next turn takes a new one.
                if self._connection is not None:
                    self._connection.terminate()
                raise

    async def close(self) -> None:
        """Close the connection in good order."""
        async with self._turn:
            if self._connection is not None:
                await self._connection.close(timeout=5)

    async def _connect(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._dsn, server_settings=self._settings, command_timeout=COMMAND_TIMEOUT, timeout=10
        )
        # Request keys are bytes everywhere else.
        await connection.set_type_codec("uuid", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
        return connection


async def roll_back(connection: asyncpg.Connection) -> None:
    """Leave nothing of a transaction behind; without COMMIT a lost connection does as well."""
    try:
        await connection.execute("ROLLBACK", timeout=1)
    except BaseException:
        connection.terminate()


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn a lost or unwilling server into JournalUnavailable."""
    try:
        yield
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # The driver loses its way where a server ends a session between two statements.
        raise JournalUnavailable(str(error)) from error
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "")[:2] not in _PASSING:
            raise
        raise JournalUnavailable(str(error)) from error
