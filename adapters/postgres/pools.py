"""Funding pools as operators see and change them."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import asyncpg
from msgspec import Struct

from adapters.postgres.funding import SQL

CHANGES_MAX: Final = 1_000


class PoolCode(StrEnum):
    """Why a pool is not changed."""

    POOL_UNKNOWN = "pool_unknown"
    POOL_EXISTS = "pool_exists"
    BALANCE_TOO_LOW = "balance_too_low"
    """The pool does not hold so much."""
    BALANCE_LEASED = "balance_leased"
    """The pool holds it, but shards have some of it for payouts; they give it back within seconds. Ask again."""
    LIMIT_BELOW_SPENT = "limit_below_spent"
    """More than that was reserved or spent today."""
    LIMIT_BELOW_LEASED = "limit_below_leased"
    """Shards may spend more than that today; they give it back within seconds. Ask again."""


class PoolRefused(Exception):
    """A pool was not changed."""

    def __init__(self, code: PoolCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Pool(Struct, frozen=True, kw_only=True):
    """A funding pool; amounts in minor units of its currency."""

    pool: str
    currency: str
    balance: int
    """What may still be paid out; what is with shards is part of it."""
    leased: int
    """Of the balance, what is with shards."""
    reserved: int
    """On its way to borrowers."""
    daily_limit: int
    reserved_today: int
    spent_today: int
    """What left of the money that was reserved today, and has not come back."""
    spent: int
    """What ever left and has not come back."""


class PoolChange(Struct, frozen=True):
    """What an officer did to a pool."""

    changed_at: datetime
    officer: str
    amount: int
    """Put in; below zero, taken out."""
    daily_limit: int
    """As it is since."""


async def changes(connection: asyncpg.Connection, pool: str) -> list[PoolChange]:
    """Return what was done to a pool, the newest first, at most CHANGES_MAX."""
    return [PoolChange(*row) for row in await connection.fetch(SQL["changes"], pool, CHANGES_MAX)]


async def pools(connection: asyncpg.Connection, on: date, pool: str | None = None) -> list[Pool]:
    """Return one pool or all; `on` is the business date that is today's."""
    return [Pool(**row) for row in await connection.fetch(SQL["pools"], pool, on)]


async def create_pool(connection: asyncpg.Connection, pool: str, currency: str, daily_limit: int, officer: str) -> None:
    """Make an empty pool; raises PoolRefused."""
    assert daily_limit >= 0
    async with connection.transaction():
        if await connection.execute(SQL["create_pool"], pool, currency, daily_limit) != "INSERT 0 1":
            raise PoolRefused(PoolCode.POOL_EXISTS, f"there is a pool {pool}")
        await connection.execute(SQL["record_change"], pool, 0, daily_limit, officer)


async def top_up(connection: asyncpg.Connection, pool: str, amount: int, officer: str) -> None:
    """Put money into a pool, or take some out (below zero); raises PoolRefused."""
    async with connection.transaction():
        free, daily_limit = await _locked(connection, pool)
        if free + amount >= 0:
            await _change(connection, pool, amount, daily_limit, officer)
            return
        held = free + await connection.fetchval(SQL["with_shards"], pool)
        if held + amount >= 0:
            await connection.execute(SQL["mark_short"], pool)
    if held + amount < 0:
        raise PoolRefused(PoolCode.BALANCE_TOO_LOW, f"pool {pool} holds {held}")
    raise PoolRefused(PoolCode.BALANCE_LEASED, f"shards have {held - free} of it and give it back: ask again")


async def set_limit(connection: asyncpg.Connection, pool: str, daily_limit: int, on: date, officer: str) -> None:
    """Set what may leave a pool on a day, from this business date on; raises PoolRefused."""
    assert daily_limit >= 0
    async with connection.transaction():
        await _locked(connection, pool)
        used, leased = await connection.fetchrow(SQL["used"], pool, on)
        if leased <= daily_limit:
            await _change(connection, pool, 0, daily_limit, officer)
            return
        if used <= daily_limit:
            await connection.execute(SQL["mark_short"], pool)
    if used > daily_limit:
        raise PoolRefused(PoolCode.LIMIT_BELOW_SPENT, f"{used} of pool {pool} is reserved or spent today")
    raise PoolRefused(PoolCode.LIMIT_BELOW_LEASED, f"shards may spend {leased} today and give it back: ask again")


async def unbalanced(connection: asyncpg.Connection) -> Sequence[tuple[str, str]]:
    """Return pools whose parts do not add up, and what is wrong with them; none if all is well."""
    return [(pool, fault) for pool, fault in await connection.fetch(SQL["unbalanced"])]


async def _locked(connection: asyncpg.Connection, pool: str) -> tuple[int, int]:
    """Return what is free of a pool and its limit, with what was released collected; it stays locked."""
    if await connection.fetchrow(SQL["lock_pool"], pool) is None:
        raise PoolRefused(PoolCode.POOL_UNKNOWN, f"there is no pool {pool}")
    await connection.fetchrow(SQL["collect"], pool, date.min)
    free, daily_limit, _ = await connection.fetchrow(SQL["lock_pool"], pool)
    return free, daily_limit


async def _change(connection: asyncpg.Connection, pool: str, amount: int, daily_limit: int, officer: str) -> None:
    await connection.execute(SQL["change_pool"], pool, amount, daily_limit)
    await connection.execute(SQL["record_change"], pool, amount, daily_limit, officer)
