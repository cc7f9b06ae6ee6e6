"""Funding pools under every interleaving, lost commits, lost answers, crashes and two owners of one shard."""

from collections.abc import Coroutine
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import Struct

from actors.funding import Leases
from actors.protocols import Fenced, JournalUnavailable
from actors.rows import Claim, LeaseRow
from adapters.memory_treasury import Lease, MemoryTreasury, Pool, Vault

START = date(2026, 3, 2)
MAIN = "main"
SHARDS = 2
LATER = 10_000_000.0
NEXT = {"requested": ("succeeded", "succeeded", "failed"), "succeeded": ("returned",)}
"""What may become of a payout."""
FAULTS = (*[None] * 14, "before", "after")
OFTEN = ("pay", "settle", "take off", "land")
WHAT = (*OFTEN * 8, "tend", "tend", "tend", "turn", "cut", "top up", "replace", "restart")
Result = TypeVar("Result")


def now_done(work: Coroutine[Any, Any, Result]) -> Result:
    """Run what never has to wait."""
    try:
        work.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    raise AssertionError("it waits")


class Payout(Struct):
    """A payout as its account's events have it."""

    day: date
    amount: int
    status: str = "requested"
    moved_by: "Owner | None" = None
    """Whose uncommitted work it is part of."""


Effect = tuple[Payout, str]
"""What becomes of a payout."""


class Owner:
    """A shard as far as its leases go: what it executed, and what of it is being committed."""

    def __init__(self, world: "Funding", shard: int) -> None:
        self.world = world
        self.shard = shard
        self.faults: list[str] = []
        self.leases = Leases(MemoryTreasury(world.vault, self._before, self._after))
        self.alive = True
        self.on = world.on
        self.executed: list[Effect] = []
        self.flying: tuple[list[Effect], list[LeaseRow]] | None = None
        self.take_over()

    def take_over(self) -> None:
        """Begin anew: memory empty, under a new epoch."""
        self.forget()
        self.faults = []
        self.on = max(self.on, self.world.on)
        self.world.vault.epochs[self.shard] += 1
        self.claim = Claim(self.shard, self.world.vault.epochs[self.shard], self.on, frozenset())
        now_done(self.leases.take_over(self.claim, self.on))

    def forget(self) -> None:
        """Drop what was executed and is not durable."""
        for payout, _ in (*self.executed, *(self.flying[0] if self.flying else ())):
            payout.moved_by = None
        self.executed, self.flying = [], None

    def uncommitted(self) -> int:
        """Return what it reserved of its present day and did not commit yet."""
        effects = (*self.executed, *(self.flying[0] if self.flying else ()))
        return sum(payout.amount for payout, status in effects if status == "requested" and payout.day == self.on)

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        """Talk to the treasury; a fenced owner is gone, one without an answer starts over."""
        try:
            now_done(work)
        except Fenced:
            self.alive = False
            self.forget()
        except JournalUnavailable:
            self.start_over()

    def start_over(self) -> None:
        """Take the shard over again, unless somebody else has it."""
        if self.world.vault.epochs[self.shard] == self.claim.epoch:
            self.take_over()
        else:
            self.alive = False
            self.forget()

    def pay(self, amount: int, *, ask: bool) -> None:
        """Reserve an amount, or what there is of it."""
        if ask:
            self.call(self.leases.refill({MAIN: amount}, self.world.now))
        amount = min(amount, self.leases.available(MAIN))
        if self.alive and amount:
            self.leases.reserve(MAIN, amount)
            self.executed.append((Payout(self.on, amount, "executed", self), "requested"))

    def settle(self, payout: Payout, drawn: int) -> None:
        """Hear what became of a payout, whoever reserved it: slots move."""
        status = NEXT[payout.status][drawn % len(NEXT[payout.status])]
        how = {"succeeded": self.leases.post, "failed": self.leases.void, "returned": self.leases.restore}
        how[status](MAIN, payout.day, payout.amount)
        payout.moved_by = self
        self.executed.append((payout, status))

    def take_off(self) -> None:
        """Start to commit what was executed, unless a commit is in flight."""
        if self.flying is None:
            self.flying, self.executed = (self.executed, self.leases.changes()), []

    def land(self) -> None:
        """End the commit: written, lost (a fault before it) or written without an answer (a fault after it)."""
        self.take_off()
        assert self.flying is not None
        if self.world.vault.epochs[self.shard] != self.claim.epoch:
            self.start_over()
            return
        effects, rows = self.flying
        if self.faults != ["before"]:
            self.world.vault.write(self.shard, rows)
            for payout, status in effects:
                payout.status, payout.moved_by = status, None
                if status == "requested":
                    self.world.payouts.append(payout)
            self.flying = None
        if self.faults:
            self.start_over()

    async def _before(self) -> None:
        if self.faults == ["before"]:
            raise JournalUnavailable

    async def _after(self) -> None:
        if self.faults == ["after"]:
            raise JournalUnavailable


class Funding(RuleBasedStateMachine):
    """Shards that pay out of two pools."""

    @initialize(balance=st.integers(300, 5_000), daily_limit=st.integers(300, 3_000))
    def open(self, balance: int, daily_limit: int) -> None:
        self.on = START
        self.now = 0.0
        self.vault = Vault(dict.fromkeys(range(SHARDS), 0), {MAIN: Pool(balance, daily_limit)})
        self.given = balance
        self.payouts: list[Payout] = []
        self.owners = [Owner(self, shard) for shard in range(SHARDS)]

    @rule(
        shard=st.integers(0, SHARDS - 1),
        stale=st.sampled_from([False] * 5 + [True]),
        what=st.sampled_from(WHAT),
        amount=st.integers(1, 400),
        fault=st.sampled_from(FAULTS),
    )
    def step(self, shard: int, stale: bool, what: str, amount: int, fault: str | None) -> None:
        """Let an owner of a shard do something, seldom a former one that does not know; or disturb all of them."""
        owner = self._owner(shard, stale)
        owner.faults = [fault] if fault else []
        match what:
            case "pay":
                owner.pay(amount, ask=amount % 4 > 0)
            case "take off":
                owner.take_off()
            case "land":
                owner.land()
            case "settle":
                movable = [each for each in self.payouts if each.status in NEXT and each.moved_by is None]
                if movable:
                    owner.settle(movable[amount % len(movable)], amount)
            case "tend":
                self.now += amount / 100
                owner.call(owner.leases.tend(self.now))
            case "turn":
                owner.on = self.on
                owner.leases.new_day(owner.on)
            case _:
                self._disturb(what, shard)
        owner.faults = []

    def _disturb(self, what: str, shard: int) -> None:
        match what:
            case "cut":
                self.on += timedelta(1)
            case "top up":
                self.vault.pools[MAIN].free += 100
                self.given += 100
            case "replace":
                self._started(shard)
            case _:
                for each in self.vault.epochs:
                    self.vault.epochs[each] += 1
                self.vault.return_leases()

    def _owner(self, shard: int, stale: bool) -> Owner:
        """Return an owner of a shard that is at work."""
        at_work = [owner for owner in self.owners if owner.alive and owner.shard == shard]
        present = [owner for owner in at_work if self.vault.epochs[shard] == owner.claim.epoch]
        former = [owner for owner in at_work if owner not in present]
        if (stale and former) or not (present or former):
            return former[-1] if former else self._started(shard)
        return present[-1] if present else self._started(shard)

    def _started(self, shard: int) -> Owner:
        self.owners.append(Owner(self, shard))
        return self.owners[-1]

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        pool = self.vault.pools[MAIN]
        assert pool.free >= 0
        assert pool.free + sum(lease.all for lease in pool.leases.values()) == self.given
        for column, status in (("reserved", "requested"), ("spent", "succeeded")):
            booked = sum(getattr(lease, column) for lease in pool.leases.values())
            assert booked == sum(each.amount for each in self.payouts if each.status == status)

    @invariant()
    def no_day_is_overdrawn(self) -> None:
        pool = self.vault.pools[MAIN]
        for day, leased in pool.days.items():
            assert sum(each.amount for each in self._left() if each.day == day) <= leased <= pool.daily_limit
            assert leased == sum(lease.all for (_, held), lease in pool.leases.items() if held == day)

    @invariant()
    def a_present_owner_holds_what_its_rows_say(self) -> None:
        pool = self.vault.pools[MAIN]
        for owner in self.owners:
            if owner.alive and self.vault.epochs[owner.shard] == owner.claim.epoch:
                row = pool.leases.get((owner.shard, owner.on), Lease())
                assert owner.leases.available(MAIN) + owner.uncommitted() == row.remaining

    def _left(self) -> list[Payout]:
        """Payouts whose money left or is on its way."""
        return [each for each in self.payouts if each.status in ("requested", "succeeded")]

    def teardown(self) -> None:
        """Nothing is stranded: what owners hold comes back by itself, and can be had by anybody."""
        if not hasattr(self, "vault"):
            return
        owners, pool = [Owner(self, shard) for shard in range(SHARDS)], self.vault.pools[MAIN]
        for owner in owners:
            owner.call(owner.leases.tend(LATER))
        assert sum(lease.remaining for lease in pool.leases.values()) == 0
        pool.daily_limit = self.given
        left = self.given - sum(each.amount for each in self._left())
        now_done(owners[0].leases.refill({MAIN: left + 1}, LATER))
        assert owners[0].leases.available(MAIN) == left


TestFunding = Funding.TestCase
TestFunding.settings = settings(stateful_step_count=100)
