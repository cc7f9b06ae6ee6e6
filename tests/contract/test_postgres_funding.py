"""Funding pools in Postgres: locks, frozen owners, many shards at once, and what operators change."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

import asyncpg
import pytest

from actors.funding import Held, Leases
from actors.protocols import Fenced, JournalUnavailable
from actors.rows import Claim, LeaseRow
from adapters.postgres import book, pools
from adapters.postgres.funding import LEASING_LOCK, PostgresTreasury, write_leases
from adapters.postgres.pools import PoolCode, PoolRefused
from tests.contract.building import TODAY

MAIN = "main"
SHARDS = 4
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A book with four shards, and a pool of 10,000 of which 8,000 may leave on a day."""
    connection = await asyncpg.connect(database)
    await book.open_book(connection, TODAY)
    await book.assign(connection, SHARDS)
    await pools.create_pool(connection, MAIN, "CNY", 8_000, "lin")
    await pools.top_up(connection, MAIN, 10_000, "lin")
    yield connection
    assert await pools.unbalanced(connection) == []
    await connection.close()


@pytest.fixture
async def treasury(database: str, connection: asyncpg.Connection) -> AsyncIterator[PostgresTreasury]:
    """The treasury as shard 0 has it."""
    treasury = PostgresTreasury(database, 0)
    yield treasury
    await treasury.close()


def claim(shard: int = 0, epoch: int = 1) -> Claim:
    return Claim(shard, epoch, TODAY, frozenset())


async def _write(connection: asyncpg.Connection, shard: int, *rows: LeaseRow) -> None:
    async with connection.transaction():
        await write_leases(connection, shard, rows)


async def _refused(change: Awaitable[None]) -> PoolCode:
    with pytest.raises(PoolRefused) as refused:
        await change
    return refused.value.code


async def _one(connection: asyncpg.Connection) -> pools.Pool:
    (pool,) = await pools.pools(connection, TODAY, MAIN)
    return pool


async def test_a_locked_pool_has_nothing_for_now(connection: asyncpg.Connection, treasury: PostgresTreasury) -> None:
    assert await treasury.lease(claim(), MAIN, 100, TODAY) == 400
    async with connection.transaction():
        await connection.execute("SELECT FROM pool FOR UPDATE")
        assert await treasury.lease(claim(), MAIN, 100, TODAY) == 0
        assert not await treasury.give_back(claim(), MAIN, TODAY, 400)
    assert await treasury.give_back(claim(), MAIN, TODAY, 400)


async def test_a_lease_does_not_wait_for_commits_of_others(
    database: str, connection: asyncpg.Connection, treasury: PostgresTreasury
) -> None:
    await treasury.lease(claim(), MAIN, 8_000, TODAY)
    await _write(connection, 0, LeaseRow(MAIN, TODAY, -90, 90, 0))
    await _write(connection, 1, LeaseRow(MAIN, TODAY, 0, -90, 0))
    other = await asyncpg.connect(database)
    transaction = other.transaction()
    await transaction.start()
    await write_leases(other, 1, [LeaseRow(MAIN, TODAY, 0, -1, 1)])
    assert await treasury.lease(claim(), MAIN, 100, TODAY) == 0, "what was released waits with the commit"
    await transaction.rollback()
    assert await treasury.lease(claim(), MAIN, 100, TODAY) == 90
    await other.close()


async def test_a_takeover_waits_for_a_lease_and_no_lease_follows(
    database: str, connection: asyncpg.Connection, treasury: PostgresTreasury
) -> None:
    former = PostgresTreasury(database, 0)
    async with connection.transaction():
        await connection.execute("SELECT FROM pool FOR UPDATE")
        leasing = asyncio.create_task(former.lease(claim(), MAIN, 100, TODAY))
        await asyncio.sleep(0.2)
        await connection.execute("UPDATE shard SET epoch = 2 WHERE shard = 0")
    await asyncio.wait([leasing])
    # Either it came first and its slice was found, or its session was ended.
    held = await treasury.take_over(claim(epoch=2))
    granted = 0 if leasing.exception() else leasing.result()
    assert held == ([Held(MAIN, TODAY, granted)] if granted else [])
    with pytest.raises((Fenced, JournalUnavailable)):
        await former.lease(claim(), MAIN, 100, TODAY)
    with pytest.raises(Fenced):
        await former.lease(claim(), MAIN, 100, TODAY)
    await former.close()


async def test_a_frozen_owner_is_ended_by_the_next(
    database: str, connection: asyncpg.Connection, treasury: PostgresTreasury
) -> None:
    frozen = await asyncpg.connect(database, server_settings={"application_name": "tenor-treasury-0"})
    lock = f"SELECT pg_advisory_xact_lock_shared({LEASING_LOCK}, 0)"
    await frozen.execute(f"BEGIN; {lock}; SELECT FROM pool FOR UPDATE")
    began = time.monotonic()
    await treasury.take_over(claim())
    assert await treasury.lease(claim(), MAIN, 100, TODAY) == 400
    assert time.monotonic() - began < 4, "it does not sit out the five seconds that a lock is waited for"
    frozen.terminate()


async def test_a_server_that_is_not_there_is_unavailable(database: str) -> None:
    treasury = PostgresTreasury(database.replace("host=", "host=/nowhere"), 0)
    with pytest.raises(JournalUnavailable):
        await treasury.lease(claim(), MAIN, 1, TODAY)


async def test_many_shards_use_a_pool_up_and_never_more(database: str, connection: asyncpg.Connection) -> None:
    await pools.set_limit(connection, MAIN, 9_500, TODAY, "lin")
    paid = await asyncio.gather(*(_pay_out(database, shard) for shard in range(SHARDS)))
    found = await _one(connection)
    assert found.reserved + found.spent == sum(paid)
    assert found.spent + found.reserved <= 9_500
    assert found.spent + found.reserved > 9_500 - 37, "what is left would not have paid one more"
    assert found.leased == 0


async def _pay_out(database: str, shard: int) -> int:
    """Pay out and settle, every seventh payout in vain, until nothing is left; return what left."""
    treasury, connection = PostgresTreasury(database, shard), await asyncpg.connect(database)
    leases, left, now, in_vain, number = Leases(treasury), 0, 0.0, 0, 0
    await leases.take_over(claim(shard), TODAY)
    while in_vain < 6:
        await leases.refill({MAIN: 3 * 37}, now)
        before = number
        while leases.available(MAIN) >= 37 and number < before + 3:
            leases.reserve(MAIN, 37)
            number += 1
            if number % 7 == 0:
                leases.void(MAIN, TODAY, 37)
            else:
                left += 37
                if number % 2:
                    leases.post(MAIN, TODAY, 37)
        in_vain = 0 if number > before else in_vain + 1
        if rows := leases.changes():
            await _write(connection, shard, *rows)
        now += 0.5
        await leases.tend(now)
    await leases.tend(now + 10)
    await treasury.close()
    await connection.close()
    return left


async def test_an_update_of_a_lease_is_hot(connection: asyncpg.Connection, treasury: PostgresTreasury) -> None:
    await treasury.lease(claim(), MAIN, 100, TODAY)
    for _ in range(20):
        await _write(connection, 0, LeaseRow(MAIN, TODAY, -10, 10, 0))
    await connection.execute("SELECT pg_stat_force_next_flush()")
    counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'lease'"
    updated, hot = await connection.fetchrow(counts)
    assert updated == hot == 20


async def test_operators_see_where_the_money_is(connection: asyncpg.Connection, treasury: PostgresTreasury) -> None:
    await treasury.lease(claim(), MAIN, 100, TODAY)
    await _write(connection, 0, LeaseRow(MAIN, TODAY, -200, 150, 40), LeaseRow(MAIN, TODAY - timedelta(1), 0, -50, 50))
    found = await _one(connection)
    assert found == pools.Pool(
        pool=MAIN,
        currency="CNY",
        balance=9_810,
        leased=200,
        reserved=100,
        daily_limit=8_000,
        reserved_today=150,
        spent_today=40,
        spent=90,
    )
    await _write(connection, 0, LeaseRow(MAIN, TODAY - timedelta(1), 0, 50, -50))


async def test_a_pool_is_made_once(connection: asyncpg.Connection) -> None:
    assert await _refused(pools.create_pool(connection, MAIN, "CNY", 1, "lin")) == PoolCode.POOL_EXISTS
    assert await _refused(pools.top_up(connection, "none", 1, "lin")) == PoolCode.POOL_UNKNOWN
    assert await _refused(pools.set_limit(connection, "none", 1, TODAY, "lin")) == PoolCode.POOL_UNKNOWN


async def test_only_what_is_in_a_pool_is_taken_out(connection: asyncpg.Connection, treasury: PostgresTreasury) -> None:
    await treasury.lease(claim(), MAIN, 3_000, TODAY)
    await _write(connection, 0, LeaseRow(MAIN, TODAY, -1_000, 1_000, 0))
    assert await _refused(pools.top_up(connection, MAIN, -9_001, "lin")) == PoolCode.BALANCE_TOO_LOW
    assert await treasury.short([MAIN]) == set()
    assert await _refused(pools.top_up(connection, MAIN, -7_001, "lin")) == PoolCode.BALANCE_LEASED
    assert await treasury.short([MAIN]) == {MAIN}, "shards give back what is asked for"
    await treasury.give_back(claim(), MAIN, TODAY, 2_000)
    await _write(connection, 0, LeaseRow(MAIN, TODAY, 0, -1_000, 0))
    await pools.top_up(connection, MAIN, -10_000, "lin")
    assert (await _one(connection)).balance == 0
    changes = await connection.fetch("SELECT amount, daily_limit, officer FROM pool_change ORDER BY changed_at")
    assert [tuple(change) for change in changes] == [(0, 8_000, "lin"), (10_000, 8_000, "lin"), (-10_000, 8_000, "lin")]


async def test_a_limit_does_not_go_below_what_left(connection: asyncpg.Connection, treasury: PostgresTreasury) -> None:
    await treasury.lease(claim(), MAIN, 3_000, TODAY)
    await _write(connection, 0, LeaseRow(MAIN, TODAY, -1_000, 1_000, 0))
    assert await _refused(pools.set_limit(connection, MAIN, 999, TODAY, "lin")) == PoolCode.LIMIT_BELOW_SPENT
    assert await _refused(pools.set_limit(connection, MAIN, 2_999, TODAY, "lin")) == PoolCode.LIMIT_BELOW_LEASED
    await treasury.give_back(claim(), MAIN, TODAY, 2_000)
    await pools.set_limit(connection, MAIN, 1_000, TODAY, "lin")
    assert await treasury.lease(claim(), MAIN, 1, TODAY) == 0
    assert await treasury.lease(claim(), MAIN, 1, TODAY + timedelta(1)) == 1
    await pools.set_limit(connection, MAIN, 1_000, TODAY + timedelta(1), "lin")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE pool SET free = free + 1",
        "UPDATE lease SET spent = spent + 1",
        "UPDATE pool_day SET leased = leased - 1",
    ],
)
async def test_planted_damage_is_found(connection: asyncpg.Connection, treasury: PostgresTreasury, damage: str) -> None:
    await treasury.lease(claim(), MAIN, 100, TODAY)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(damage)
    assert await pools.unbalanced(connection) != []
    await transaction.rollback()
