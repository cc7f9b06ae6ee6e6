"""A shard's slices of the funding pools: when they are leased, and when they go back."""

from datetime import date, timedelta

import pytest

from actors.funding import Held, Leases, slice_of
from actors.rows import Claim, LeaseRow
from adapters.memory_treasury import MemoryTreasury, Pool, Vault

TODAY = date(2026, 5, 4)
TOMORROW = TODAY + timedelta(1)
MAIN = "main"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def pool() -> Pool:
    return Pool(10_000, 8_000)


@pytest.fixture
def vault(pool: Pool) -> Vault:
    return Vault({0: 1, 1: 1}, {MAIN: pool})


async def _leases(vault: Vault, shard: int = 0) -> Leases:
    leases = Leases(MemoryTreasury(vault))
    await leases.take_over(Claim(shard, vault.epochs[shard], TODAY, frozenset()), TODAY)
    return leases


@pytest.mark.parametrize(
    ("left", "needed", "short", "granted"),
    [(1_000, 10, False, 50), (1_000, 60, False, 60), (1_000, 10, True, 10), (30, 60, True, 30), (-5, 60, False, 0)],
)
def test_a_slice_is_a_twentieth_or_what_is_needed(left: int, needed: int, short: bool, granted: int) -> None:
    assert slice_of(left, needed, short=short) == granted


async def test_a_slice_serves_many_payouts(vault: Vault, pool: Pool) -> None:
    leases = await _leases(vault)
    await leases.refill({MAIN: 100, "none": 5}, 0.0)
    assert (leases.available(MAIN), leases.available("none"), pool.free) == (400, 0, 9_600)
    for _ in range(4):
        leases.reserve(MAIN, 100)
        await leases.refill({MAIN: 100}, 0.0)
    assert pool.free == 9_600 - 380
    with pytest.raises(AssertionError):
        leases.reserve(MAIN, 381)


async def test_a_commit_takes_what_was_executed_since_the_last(vault: Vault) -> None:
    leases = await _leases(vault)
    await leases.refill({MAIN: 300}, 0.0)
    leases.reserve(MAIN, 100)
    leases.reserve(MAIN, 50)
    leases.post(MAIN, TODAY, 100)
    leases.void(MAIN, TODAY - timedelta(1), 30)
    leases.restore(MAIN, TODAY, 7)
    assert leases.changes() == [
        LeaseRow(MAIN, TODAY - timedelta(1), 0, -30, 0),
        LeaseRow(MAIN, TODAY, -150, 50, 93),
    ]
    assert leases.changes() == []


async def test_what_cancels_itself_out_is_not_written(vault: Vault) -> None:
    leases = await _leases(vault)
    leases.post(MAIN, TODAY, 100)
    leases.restore(MAIN, TODAY, 100)
    leases.void(MAIN, TODAY, -100)
    assert leases.changes() == []


async def test_idle_money_goes_back(vault: Vault, pool: Pool) -> None:
    leases = await _leases(vault)
    await leases.refill({MAIN: 100}, 0.0)
    await leases.tend(0.5)
    assert leases.available(MAIN)
    await leases.refill({MAIN: 100}, 0.9)
    await leases.tend(1.5)
    assert leases.available(MAIN), "it was asked for lately"
    await leases.tend(2.0)
    assert leases.available(MAIN), "it looks once a second"
    await leases.tend(2.5)
    assert not leases.holds
    assert (pool.free, pool.days) == (10_000, {TODAY: 0})


async def test_yesterdays_money_goes_back_at_once(vault: Vault, pool: Pool) -> None:
    leases = await _leases(vault)
    await leases.refill({MAIN: 100}, 0.0)
    await leases.tend(0.0)
    leases.new_day(TOMORROW)
    assert leases.available(MAIN) == 0
    await leases.refill({MAIN: 100}, 0.1)
    await leases.tend(0.1)
    assert pool.days == {TODAY: 0, TOMORROW: 400}


async def test_money_that_is_missed_elsewhere_goes_back(vault: Vault, pool: Pool) -> None:
    ours, theirs = await _leases(vault), await _leases(vault, 1)
    await ours.refill({MAIN: 100}, 0.0)
    await theirs.refill({MAIN: 8_000}, 0.0)
    assert theirs.available(MAIN) == 7_600
    theirs.reserve(MAIN, 7_600)
    await ours.tend(0.1)
    assert not ours.holds
    await theirs.refill({MAIN: 250}, 0.2)
    assert theirs.available(MAIN) == 250, "no more than what is needed, while the pool is short"
    await ours.refill({MAIN: 150}, 0.3)
    assert (ours.available(MAIN), pool.short) == (150, False)


async def test_what_serves_nobody_is_idle(vault: Vault, pool: Pool) -> None:
    leases, pool.daily_limit = await _leases(vault), 90
    for tenth in range(20):
        await leases.refill({MAIN: 100}, tenth / 10)
    pool.short = False
    await leases.tend(2.0)
    assert not leases.holds


class Busy(MemoryTreasury):
    """Takes nothing back."""

    async def give_back(self, claim: Claim, pool: str, day: date, amount: int) -> bool:
        return False


class AtMidnight(MemoryTreasury):
    """Answers when the day has turned."""

    leases: Leases

    async def lease(self, claim: Claim, pool: str, needed: int, on: date) -> int:
        granted = await super().lease(claim, pool, needed, on)
        self.leases.new_day(TOMORROW)
        return granted


async def test_money_leased_for_a_day_that_turned_is_not_the_next_days(vault: Vault, pool: Pool) -> None:
    treasury = AtMidnight(vault)
    leases = treasury.leases = Leases(treasury)
    await leases.take_over(Claim(0, 1, TODAY, frozenset()), TODAY)
    await leases.refill({MAIN: 100}, 0.0)
    assert leases.available(MAIN) == 0
    await leases.tend(0.0)
    assert (pool.free, pool.days) == (10_000, {TODAY: 0})


async def test_what_is_not_taken_back_stays(vault: Vault) -> None:
    leases = Leases(Busy(vault))
    await leases.take_over(Claim(0, 1, TODAY, frozenset()), TODAY)
    await leases.refill({MAIN: 100}, 0.0)
    await leases.tend(5.0)
    assert leases.available(MAIN) == 400


async def test_memory_comes_back_from_the_rows(vault: Vault, pool: Pool) -> None:
    leases = await _leases(vault)
    await leases.refill({MAIN: 100}, 0.0)
    leases.reserve(MAIN, 60)
    vault.write(0, leases.changes())
    leases.reserve(MAIN, 200)
    await leases.take_over(Claim(0, 1, TODAY, frozenset()), TODAY)
    assert leases.available(MAIN) == 340
    assert leases.changes() == []
    assert await MemoryTreasury(vault).take_over(Claim(0, 1, TODAY, frozenset())) == [Held(MAIN, TODAY, 340)]
