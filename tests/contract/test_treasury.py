"""What every treasury promises, in memory and in Postgres alike."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import asyncpg
import pytest

from actors.funding import Held, Leases, Treasury
from actors.protocols import Fenced, JournalUnavailable
from actors.rows import Claim, LeaseRow
from adapters.memory_treasury import MemoryTreasury, Pool, Vault
from adapters.postgres import pools
from adapters.postgres.funding import PostgresTreasury, return_leases, write_leases
from adapters.postgres.queries import SQL
from tests.contract.building import TODAY, PostgresStore, on_postgres

TOMORROW = TODAY + timedelta(1)
MAIN = "main"


class Sums(NamedTuple):
    """A pool in a few numbers, over all shards."""

    free: int
    remaining: int = 0
    reserved: int = 0
    spent: int = 0
    released: int = 0


class Bank(Protocol):
    """Pools with two shards."""

    async def pool(self, balance: int, daily_limit: int) -> None:
        """Make the pool."""

    async def claim(self, shard: int) -> tuple[Treasury, Claim]:
        """Take a shard over."""

    async def commit(self, shard: int, leases: Sequence[LeaseRow]) -> None:
        """Write what a group commit writes of leases."""

    async def restart(self) -> None:
        """Fence all shards and bring their money home."""

    async def sums(self) -> Sums:
        """Return what became of the pool's money."""


class MemoryBank:
    """Pools in memory."""

    def __init__(self) -> None:
        self.vault = Vault({0: 0, 1: 0})

    async def pool(self, balance: int, daily_limit: int) -> None:
        self.vault.pools[MAIN] = Pool(balance, daily_limit)

    async def claim(self, shard: int) -> tuple[Treasury, Claim]:
        self.vault.epochs[shard] += 1
        return MemoryTreasury(self.vault), Claim(shard, self.vault.epochs[shard], TODAY, frozenset())

    async def commit(self, shard: int, leases: Sequence[LeaseRow]) -> None:
        self.vault.write(shard, leases)

    async def restart(self) -> None:
        self.vault.epochs = {shard: epoch + 1 for shard, epoch in self.vault.epochs.items()}
        self.vault.return_leases()

    async def sums(self) -> Sums:
        pool = self.vault.pools[MAIN]
        rows = [(each.remaining, each.reserved, each.spent, each.released) for each in pool.leases.values()]
        return Sums(pool.free, *(sum(column) for column in zip((0, 0, 0, 0), *rows, strict=True)))


class PostgresBank:
    """Pools in a database."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.treasuries: list[PostgresTreasury] = []
        self._turn = asyncio.Lock()

    async def pool(self, balance: int, daily_limit: int) -> None:
        await pools.create_pool(self.store.connection, MAIN, "CNY", daily_limit, "lin")
        await pools.top_up(self.store.connection, MAIN, balance, "lin")

    async def claim(self, shard: int) -> tuple[Treasury, Claim]:
        self.treasuries.append(PostgresTreasury(self.store.dsn, shard))
        return self.treasuries[-1], await (await self.store.journal(shard)).claim(shard)

    async def commit(self, shard: int, leases: Sequence[LeaseRow]) -> None:
        async with self._turn, self.store.connection.transaction():
            await write_leases(self.store.connection, shard, leases)

    async def restart(self) -> None:
        async with self.store.connection.transaction():
            await self.store.connection.execute(SQL["raise_all_epochs"])
            await return_leases(self.store.connection)

    async def sums(self) -> Sums:
        assert await pools.unbalanced(self.store.connection) == []
        columns = ("remaining", "reserved", "spent", "released")
        held = ", ".join(f"coalesce((SELECT sum({name}) FROM lease), 0)::bigint" for name in columns)
        return Sums(*await self.store.connection.fetchrow(f"SELECT free, {held} FROM pool"))


Run = Callable[[Callable[[Bank], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "postgres"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a test against fresh pools of either kind."""

    async def in_memory(test: Callable[[Bank], Awaitable[None]]) -> None:
        await test(MemoryBank())

    if request.param == "memory":
        return lambda test: asyncio.run(in_memory(test))
    database = request.getfixturevalue("database")

    def in_postgres(test: Callable[[Bank], Awaitable[None]]) -> None:
        async def opened(store: PostgresStore) -> None:
            bank = PostgresBank(store)
            await test(bank)
            for treasury in bank.treasuries:
                await treasury.close()

        on_postgres(database, opened)

    return in_postgres


def reserved(amount: int, day: date = TODAY) -> LeaseRow:
    return LeaseRow(MAIN, day, -amount, amount, 0)


def posted(amount: int, day: date = TODAY) -> LeaseRow:
    return LeaseRow(MAIN, day, 0, -amount, amount)


def voided(amount: int, day: date = TODAY) -> LeaseRow:
    return LeaseRow(MAIN, day, 0, -amount, 0)


def restored(amount: int, day: date = TODAY) -> LeaseRow:
    return LeaseRow(MAIN, day, 0, 0, -amount)


@pytest.mark.parametrize(
    ("balance", "daily_limit", "needed", "granted"),
    [(10_000, 10_000, 100, 500), (10_000, 10_000, 700, 700), (400, 10_000, 700, 400), (10_000, 600, 700, 600)],
    ids=["a twentieth", "as needed", "what is left", "what is left today"],
)
def test_a_slice_is_a_twentieth_or_what_is_needed_of_what_is_left(
    run: Run, balance: int, daily_limit: int, needed: int, granted: int
) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(balance, daily_limit)
        treasury, claim = await bank.claim(0)
        assert await treasury.lease(claim, MAIN, needed, TODAY) == granted
        assert await treasury.short([MAIN, "none"]) == ({MAIN} if granted < needed else set())
        assert await bank.sums() == Sums(balance - granted, granted)

    run(test)


def test_a_pool_that_nobody_made_has_nothing(run: Run) -> None:
    async def test(bank: Bank) -> None:
        treasury, claim = await bank.claim(0)
        assert await treasury.lease(claim, "none", 1, TODAY) == 0

    run(test)


def test_a_days_limit_ends_with_the_day(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 600)
        treasury, claim = await bank.claim(0)
        assert await treasury.lease(claim, MAIN, 900, TODAY) == 600
        assert await treasury.lease(claim, MAIN, 900, TODAY) == 0
        assert await treasury.lease(claim, MAIN, 900, TOMORROW) == 400
        assert await treasury.give_back(claim, MAIN, TODAY, 600)
        assert await treasury.lease(claim, MAIN, 900, TOMORROW) == 200

    run(test)


def test_money_on_its_way_arrives_or_comes_home(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 800)
        treasury, claim = await bank.claim(0)
        await treasury.lease(claim, MAIN, 800, TODAY)
        await bank.commit(0, [reserved(700)])
        await bank.commit(0, [posted(300)])
        await bank.commit(0, [voided(400)])
        assert await bank.sums() == Sums(200, 100, 0, 300, 400)
        await bank.commit(0, [restored(50)])
        assert await bank.sums() == Sums(200, 100, 0, 250, 450)
        assert await treasury.lease(claim, MAIN, 700, TODAY) == 450, "what came home may leave again on that day"
        assert await bank.sums() == Sums(200, 550, 0, 250)

    run(test)


def test_a_payout_that_fails_later_frees_its_own_day(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 300)
        treasury, claim = await bank.claim(0)
        await treasury.lease(claim, MAIN, 300, TODAY)
        await bank.commit(0, [reserved(300)])
        assert await treasury.lease(claim, MAIN, 300, TOMORROW) == 300
        await bank.commit(0, [voided(300), reserved(200, TOMORROW)])
        assert await treasury.lease(claim, MAIN, 300, TOMORROW) == 0
        assert await bank.sums() == Sums(700, 100, 200)

    run(test)


def test_what_one_shard_reserved_another_settles(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 1_000)
        treasury, claim = await bank.claim(0)
        await treasury.lease(claim, MAIN, 500, TODAY)
        await bank.commit(0, [reserved(500)])
        await bank.restart()
        await bank.commit(1, [posted(200)])
        await bank.commit(1, [voided(300)])
        other, later = await bank.claim(1)
        assert await bank.sums() == Sums(500, 0, 0, 200, 300)
        assert await other.lease(later, MAIN, 800, TODAY) == 800

    run(test)


def test_a_shard_cannot_spend_what_it_does_not_hold(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 1_000)
        treasury, claim = await bank.claim(0)
        await treasury.lease(claim, MAIN, 100, TODAY)
        for shard in (0, 1):
            with pytest.raises((AssertionError, asyncpg.CheckViolationError)):
                await bank.commit(shard, [reserved(101)])
        with pytest.raises(AssertionError):
            await treasury.give_back(claim, MAIN, TODAY, 101)
        assert await bank.sums() == Sums(900, 100)

    run(test)


def test_a_stale_owner_is_fenced(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 1_000)
        treasury, stale = await bank.claim(0)
        await treasury.lease(stale, MAIN, 300, TODAY)
        await bank.commit(0, [reserved(100)])
        successor, claim = await bank.claim(0)
        assert await successor.take_over(claim) == [Held(MAIN, TODAY, 200)]
        with pytest.raises((Fenced, JournalUnavailable)):
            # Its session may have been ended, which it notices only now.
            await treasury.lease(stale, MAIN, 1, TODAY)
        with pytest.raises(Fenced):
            await treasury.lease(stale, MAIN, 1, TODAY)
        with pytest.raises(Fenced):
            await treasury.give_back(stale, MAIN, TODAY, 1)
        assert await successor.give_back(claim, MAIN, TODAY, 200)
        assert await bank.sums() == Sums(900, 0, 100)

    run(test)


def test_after_a_restart_everything_unspent_is_home(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000, 1_000)
        for shard, day in ((0, TODAY), (0, TOMORROW), (1, TODAY)):
            treasury, claim = await bank.claim(shard)
            await treasury.lease(claim, MAIN, 100, day)
        await bank.commit(1, [reserved(40)])
        await bank.restart()
        assert await bank.sums() == Sums(960, 0, 40)

    run(test)


def test_shards_that_race_for_the_last_money_never_overdraw(run: Run) -> None:
    async def test(bank: Bank) -> None:
        await bank.pool(1_000_000, 700_000)
        paid = await asyncio.gather(*(_pay_out(bank, shard, amount=7_001) for shard in (0, 1)))
        sums = await bank.sums()
        assert sums.reserved == sum(paid) * 7_001
        assert sum(sums) == 1_000_000
        assert 700_000 - 7_001 < sums.reserved <= 700_000

    run(test)


async def _pay_out(bank: Bank, shard: int, amount: int) -> int:
    """Pay out until nothing was left for two rounds, tending in between; return how often."""
    treasury, claim = await bank.claim(shard)
    leases, paid, now, in_vain = Leases(treasury), 0, 0.0, 0
    await leases.take_over(claim, TODAY)
    while in_vain < 5:
        await leases.refill({MAIN: 3 * amount}, now)
        before = paid
        while leases.available(MAIN) >= amount and paid < before + 3:
            leases.reserve(MAIN, amount)
            paid += 1
        if rows := leases.changes():
            await bank.commit(shard, rows)
        in_vain = 0 if paid > before else in_vain + 1
        now += 1
        await leases.tend(now)
    return paid
