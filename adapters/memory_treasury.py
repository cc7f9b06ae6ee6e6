"""Funding pools in memory, for simulations and properties: the same promises."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date

from msgspec import Struct, field

from actors.funding import Held, slice_of
from actors.protocols import Fenced
from actors.rows import Claim, LeaseRow


class Lease(Struct):
    """What a shard holds of a pool on a day."""

    remaining: int = 0
    reserved: int = 0
    spent: int = 0
    released: int = 0

    @property
    def all(self) -> int:
        """What of the pool's money it accounts for."""
        return self.remaining + self.reserved + self.spent + self.released


class Pool(Struct):
    """A pool."""

    free: int
    daily_limit: int
    short: bool = False
    days: dict[date, int] = field(default_factory=dict)
    """What of each day's limit is leased."""
    leases: dict[tuple[int, date], Lease] = field(default_factory=dict)
    """By shard and day."""


class Vault(Struct):
    """What survives a crash; several treasuries may share it."""

    epochs: dict[int, int]
    """The journal's: a lease is fenced like a commit."""
    pools: dict[str, Pool] = field(default_factory=dict)

    def write(self, shard: int, leases: Sequence[LeaseRow]) -> None:
        """Add what a commit reserved, spent and released, all of it or (raising) nothing."""
        for row in leases:
            held = self.pools[row.pool].leases.get((shard, row.day), Lease())
            assert held.remaining + row.remaining >= 0, "a shard spends what it was granted"
        for pool, day, remaining, reserved, spent in leases:
            lease = self.pools[pool].leases.setdefault((shard, day), Lease())
            lease.remaining += remaining
            lease.reserved += reserved
            lease.spent += spent
            lease.released -= remaining + reserved + spent

    def return_leases(self) -> None:
        """Bring home what all shards hold unspent; all epochs have been raised."""
        for pool in self.pools.values():
            for (_, day), lease in pool.leases.items():
                _move_home(pool, day, lease.remaining)
                lease.remaining = 0


async def undisturbed() -> None:
    """Let the call be."""


class MemoryTreasury:
    """Implements actors.funding.Treasury; `before` and `after` a change may wait, or raise what it might raise."""

    def __init__(
        self,
        vault: Vault,
        before: Callable[[], Awaitable[None]] = undisturbed,
        after: Callable[[], Awaitable[None]] = undisturbed,
    ) -> None:
        self.vault = vault
        self._before = before
        self._after = after

    async def take_over(self, claim: Claim) -> list[Held]:
        """See Treasury."""
        await self._before()
        return [
            Held(name, day, lease.remaining)
            for name, pool in self.vault.pools.items()
            for (shard, day), lease in pool.leases.items()
            if shard == claim.shard and lease.remaining
        ]

    async def lease(self, claim: Claim, pool: str, needed: int, on: date) -> int:
        """See Treasury."""
        await self._before()
        self._fence(claim)
        granted = 0
        if pool in self.vault.pools:
            granted = _grant(self.vault.pools[pool], claim.shard, needed, on)
        await self._after()
        return granted

    async def give_back(self, claim: Claim, pool: str, day: date, amount: int) -> bool:
        """See Treasury."""
        await self._before()
        self._fence(claim)
        found = self.vault.pools[pool]
        lease = found.leases[claim.shard, day]
        assert amount <= lease.remaining, f"shard {claim.shard} does not hold {amount} of pool {pool}"
        lease.remaining -= amount
        _move_home(found, day, amount)
        await self._after()
        return True

    async def short(self, pools: Iterable[str]) -> set[str]:
        """See Treasury."""
        return {pool for pool in pools if pool in self.vault.pools and self.vault.pools[pool].short}

    def _fence(self, claim: Claim) -> None:
        if self.vault.epochs[claim.shard] != claim.epoch:
            raise Fenced(f"shard {claim.shard}")


def _grant(pool: Pool, shard: int, needed: int, on: date) -> int:
    for (_, day), lease in pool.leases.items():
        _move_home(pool, day, lease.released)
        lease.released = 0
    left = min(pool.free, pool.daily_limit - pool.days.get(on, 0))
    granted = slice_of(left, needed, short=pool.short)
    pool.short = granted < needed
    if granted:
        pool.free -= granted
        pool.days[on] = pool.days.get(on, 0) + granted
        pool.leases.setdefault((shard, on), Lease()).remaining += granted
    return granted


def _move_home(pool: Pool, day: date, amount: int) -> None:
    if amount:
        pool.free += amount
        pool.days[day] -= amount
