"""What a shard holds of the funding pools: slices leased from the treasury, reserved and settled in memory.

A change is durable with the events that make it, or not at all: the commit carries it. After a failed commit memory is
dropped, and the treasury's rows say what is left.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple, Protocol

from actors.rows import Claim, LeaseRow

SLICE_PARTS: Final = 20
"""A slice is this part of what is left: a pool of n payouts is leased in about 20 * ln(n / 20) slices."""
TEND_SECONDS: Final = 1.0
"""How often a shard that holds money looks whether it should give it back."""
IDLE_SECONDS: Final = 1.0
"""What was not asked for so long goes back."""


class Held(NamedTuple):
    """What a shard holds unspent."""

    pool: str
    day: date
    remaining: int


class Treasury(Protocol):
    """The pools, shared by all shards. Each call is a short transaction of its own; all raise JournalUnavailable."""

    async def take_over(self, claim: Claim) -> list[Held]:
        """Return what a shard's former owners left unspent; no call under an older claim succeeds after this."""

    async def lease(self, claim: Claim, pool: str, needed: int, on: date) -> int:
        """Return how much more of a pool the shard may spend on a day: as needed or more, or what is left.

        Raises Fenced. A pool that nobody made has nothing.
        """

    async def give_back(self, claim: Claim, pool: str, day: date, amount: int) -> bool:
        """Take unspent money back; False: not now, it stays with the shard. Raises Fenced."""

    async def short(self, pools: Iterable[str]) -> set[str]:
        """Return those of these pools that could not give somebody what was needed."""


def slice_of(left: int, needed: int, *, short: bool) -> int:
    """Return how much of what is left a shard gets that needs some: no more than that where others go without."""
    wished = needed if short else max(needed, left // SLICE_PARTS)
    return max(0, min(left, wished))


class Leases:
    """A shard's slices. Between two awaits its numbers change by `reserve` alone, never above what was granted."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury
        self._claim: Claim
        self._on = date.min
        self._held: dict[tuple[str, date], int] = {}
        self._changes: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
        """Remaining, reserved and spent, as executed and not yet sealed into a commit."""
        self._used_at: dict[str, float] = {}
        self._tend_at = 0.0

    @property
    def holds(self) -> bool:
        """Whether there is anything that might have to be given back."""
        return any(self._held.values())

    async def take_over(self, claim: Claim, on: date) -> None:
        """Begin anew from what the treasury's rows say, right after a claim."""
        self._claim, self._on = claim, on
        self._changes.clear()
        self._used_at.clear()
        self._tend_at = 0.0
        self._held.clear()
        self._held = {(pool, day): remaining for pool, day, remaining in await self._treasury.take_over(claim)}

    def new_day(self, on: date) -> None:
        """Spend on this business date from now on; what is left of the day before goes back."""
        self._on = on
        self._tend_at = 0.0

    async def refill(self, wanted: Mapping[str, int], now: float) -> None:
        """Lease what a batch may pay out and is not at hand; raises Fenced or JournalUnavailable. `now` in seconds."""
        for pool, amount in sorted(wanted.items()):
            # The day may turn while the treasury answers.
            day, needed = self._on, amount - self.available(pool)
            if needed > 0:
                granted = await self._treasury.lease(self._claim, pool, needed, day)
                self._held[pool, day] = self._held.get((pool, day), 0) + granted
            if needed <= 0 or granted >= needed:
                # What is too little for anybody who asks is not in use.
                self._used_at[pool] = now

    def available(self, pool: str) -> int:
        """Return how much may be reserved of a pool today without asking the treasury."""
        return self._held.get((pool, self._on), 0)

    def reserve(self, pool: str, amount: int) -> None:
        """Set money aside for a payout that leaves today."""
        assert 0 <= amount <= self.available(pool), f"{amount} of pool {pool} is not available"
        self._held[pool, self._on] = self.available(pool) - amount
        self._change(pool, self._on, -amount, amount, 0)

    def post(self, pool: str, day: date, amount: int) -> None:
        """Spend for good what was reserved on a day."""
        self._change(pool, day, 0, -amount, amount)

    def void(self, pool: str, day: date, amount: int) -> None:
        """Release what was reserved on a day: once durable it goes back to the pool, for any shard."""
        self._change(pool, day, 0, -amount, 0)

    def restore(self, pool: str, day: date, amount: int) -> None:
        """Release what was spent of a day's money: the payout came back."""
        self._change(pool, day, 0, 0, -amount)

    def changes(self) -> list[LeaseRow]:
        """Return what was executed since the last call, for the commit that carries the events of it."""
        rows = [LeaseRow(pool, day, *sums) for (pool, day), sums in sorted(self._changes.items()) if any(sums)]
        self._changes.clear()
        return rows

    async def tend(self, now: float) -> None:
        """Give back what lies idle, is of a former day, or is missed elsewhere; raises Fenced or JournalUnavailable."""
        if now < self._tend_at or not self.holds:
            return
        self._tend_at = now + TEND_SECONDS
        short = await self._treasury.short({pool for pool, _ in self._held})
        for (pool, day), left in list(self._held.items()):
            if day == self._on and pool not in short and now < self._used_at.get(pool, 0.0) + IDLE_SECONDS:
                continue
            # Before the answer: if it never comes, memory is dropped, and until then nothing is spent twice.
            del self._held[pool, day]
            if left and not await self._treasury.give_back(self._claim, pool, day, left):
                self._held[pool, day] = left

    def _change(self, pool: str, day: date, remaining: int, reserved: int, spent: int) -> None:
        sums = self._changes[pool, day]
        sums[0] += remaining
        sums[1] += reserved
        sums[2] += spent
