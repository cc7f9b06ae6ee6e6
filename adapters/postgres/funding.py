"""Funding pools in Postgres: the treasury that shards lease from, and what a commit writes of their leases."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Final

import asyncpg

from actors.funding import Held, slice_of
from actors.protocols import Fenced
from actors.rows import Claim, LeaseRow
from adapters.postgres.queries import SQL as JOURNAL
from adapters.postgres.session import Session, roll_back
from adapters.postgres.statements import statements

SQL: Final = statements("funding.sql")
LEASING_LOCK: Final = 0x7E40_0003
"""Advisory locks of leasing, one for each shard: any number, the same in every version."""
_SETTINGS: Final = {
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "3s",
    "transaction_timeout": "10s",
    "lock_timeout": "500ms",
    "tenor.lock": str(LEASING_LOCK),
}
"""An owner that froze must not hold a pool for long, and nobody waits for it longer than for a commit."""


class PostgresTreasury:
    """Implements actors.funding.Treasury for one shard."""

    def __init__(self, dsn: str, shard: int) -> None:
        """Prepare to connect."""
        self._session = Session(dsn, f"tenor-treasury-{shard}", {**_SETTINGS, "tenor.shard": str(shard)})

    async def take_over(self, claim: Claim) -> list[Held]:
        """See Treasury."""
        async with self._session.turn() as connection:
            await connection.execute(JOURNAL["end_sessions"], self._session.name)
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '5s'")
                await connection.execute(SQL["end_leasing"], LEASING_LOCK, claim.shard)
                return [Held(*row) for row in await connection.fetch(SQL["held"], claim.shard)]

    async def lease(self, claim: Claim, pool: str, needed: int, on: date) -> int:
        """See Treasury; a pool that stays locked has nothing for now."""
        async with self._session.turn() as connection:
            try:
                async with _changing(connection, claim, pool, on):
                    return await _lease(connection, claim.shard, pool, needed, on)
            except asyncpg.LockNotAvailableError:
                return 0

    async def give_back(self, claim: Claim, pool: str, day: date, amount: int) -> bool:
        """See Treasury."""
        async with self._session.turn() as connection:
            try:
                async with _changing(connection, claim, pool, day):
                    given = await connection.execute(SQL["take_back"], pool, claim.shard, day, amount)
                    assert given == "UPDATE 1", f"shard {claim.shard} does not hold {amount} of pool {pool}"
            except asyncpg.LockNotAvailableError:
                return False
        return True

    async def short(self, pools: Iterable[str]) -> set[str]:
        """See Treasury."""
        async with self._session.turn() as connection:
            return {pool for (pool,) in await connection.fetch(SQL["short_pools"], list(pools))}

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()


async def write_leases(connection: asyncpg.Connection, shard: int, leases: Sequence[LeaseRow]) -> None:
    """Write a commit's changes of leases, inside of its transaction and last: others wait for these rows."""
    await connection.execute(SQL["write_leases"], shard, *zip(*leases, strict=True))


async def return_leases(connection: asyncpg.Connection) -> None:
    """Bring home what all shards hold unspent, in the transaction that raised all epochs: some shards may be gone."""
    await connection.execute(SQL["end_all_leasing"], LEASING_LOCK)
    await connection.execute(SQL["return_leases"])


@asynccontextmanager
async def _changing(connection: asyncpg.Connection, claim: Claim, pool: str, day: date) -> AsyncIterator[None]:
    """Run a transaction on a shard's lease; raises Fenced if the claim is not its latest."""
    try:
        await connection.execute(SQL["lease_begin"])
        if await connection.fetchval(SQL["lease_own"], claim.shard, claim.epoch, pool, day) is None:
            raise Fenced(f"shard {claim.shard}")
        yield
        await connection.execute("COMMIT")
    except BaseException:
        # Also after a COMMIT without an answer: whether it happened is seen when the shard is taken over.
        await roll_back(connection)
        raise


async def _lease(connection: asyncpg.Connection, shard: int, pool: str, needed: int, on: date) -> int:
    found = await connection.fetchrow(SQL["lock_pool"], pool)
    if found is None:
        return 0
    free, daily_limit, short = found
    # A statement of its own, which sees what was committed before the pool's lock was had.
    freed, leased = await connection.fetchrow(SQL["collect"], pool, on)
    granted = slice_of(min(free + freed, daily_limit - leased), needed, short=short)
    if granted:
        await connection.execute(SQL["grant"], pool, shard, on, granted)
    if granted < needed:
        await connection.execute(SQL["mark_short"], pool)
    return granted
