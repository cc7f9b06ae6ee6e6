"""One seeded world: the runtime's own code on a simulated disk, network and clock, and everything that goes wrong."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from actors.day_close import Accrued, DayClose, DayCloseReport
from actors.protocols import Fenced, JournalUnavailable, OutcomeUnknown, RequestTaken, ShardUnavailable
from actors.router import Router
from adapters.memory_journal import Disk
from core.commands import Command
from core.identity import ACCOUNT_ID_MAX
from tests.simulation.auditor import Auditor
from tests.simulation.bank import Bank
from tests.simulation.clients import Client, keep_reading
from tests.simulation.cluster import Cluster, Network
from tests.simulation.faults import ROOMY, SMALL, Bounds, Fate, Faults, bounded, draw_faults, healed
from tests.simulation.house import any_pools
from tests.simulation.loop import VirtualClock, run

START = date(2026, 1, 29)
CLIENTS = 4
ACCOUNTS_EACH = 9
STEPS = 25
DAYS = 4
TROUBLE_SECONDS = 60.0
RECOVERY_SECONDS = 200.0

Result = TypeVar("Result")
_FAULTS = (Fenced, RequestTaken, ShardUnavailable, JournalUnavailable, OutcomeUnknown)


class World:
    """Owns clock, order, chance and faults; `failures` of its auditor is empty if all promises were kept."""

    def __init__(self, seed: int, faults: Faults | None = None, note: Callable[[str], None] = lambda _: None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.faults = faults or draw_faults(self.random)
        self.seen: Counter[str] = Counter()
        self.history: list[str] = []
        self.clock = VirtualClock()
        self.disk = Disk(START)
        self.disk.assign(self.random.randint(1, 3))
        self.disk.vault.pools = any_pools(self.random)
        self.auditor = Auditor(self.disk, self.clock.monotonic, self.saw)
        self.accounts = sorted(self.random.sample(range(1, ACCOUNT_ID_MAX), CLIENTS * ACCOUNTS_EACH))
        self.borrowers = self.accounts[::5]
        self.carried_out: list[tuple[int, int, type[Command]]] = []
        """By account and sequence number."""
        self.dark = False
        self.over = False
        self.pace = self.random.choice((0.05, 0.5, 2.0))
        self.routers: list[Router] = []
        self._print = note
        self._served: set[asyncio.Task[Any]] = set()

    def note(self, what: str) -> None:
        """Write the world's history, up to its end."""
        if self.over:
            return
        self.history.append(f"{self.clock.monotonic():.6f} {what}")
        self._print(self.history[-1])

    def saw(self, what: str) -> None:
        """Note that something happened, so that a test can tell that it does."""
        self.seen[what] += 1
        self.note(what)

    def chance(self, of: float) -> bool:
        """Return whether something with this probability happens now."""
        return of > 0 and self.random.random() < of

    def fate(self) -> Fate:
        """Draw what becomes of a commit."""
        return self.random.choices(list(self.faults.commits), list(self.faults.commits.values()))[0]

    async def delay(self) -> None:
        """Let a message or a statement take its time."""
        await asyncio.sleep(self.random.random() * self.faults.delay)

    def serve(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Do something that goes on when whoever wanted it is gone."""
        task = asyncio.create_task(work)
        self._served.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._served.discard(task)
        if not task.cancelled():
            self._lost(asyncio.get_running_loop(), {"exception": task.exception()})

    def _lost(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Judge an error that nobody waits for any more: faults are to be expected, all else is a failure."""
        error = context.get("exception")
        if error is not None and not isinstance(error, _FAULTS):
            self.auditor.fail(f"unexpected {error!r}")

    async def live(self) -> None:
        """Live through trouble, heal, and check that everything is answered and every promise was kept."""
        asyncio.get_running_loop().set_exception_handler(self._lost)
        self.cluster = Cluster(self, len(set(self.disk.slots.values())))
        self.network = Network(self, self.cluster)
        self.cluster.start()
        self.routers = [Router(self.network, self.cluster.count, self.clock) for _ in range(2)]
        chaos = [asyncio.create_task(each) for each in self._disasters()]
        readers = [asyncio.create_task(keep_reading(self)) for _ in range(2)]
        clients = [
            Client(self, f"channel {number}", self.accounts[number::CLIENTS]).live(STEPS) for number in range(CLIENTS)
        ]
        lending = asyncio.gather(*clients)
        busy = asyncio.gather(lending, Bank(self).live(lending), self._operate(), self._operate())
        await self._until(busy, TROUBLE_SECONDS)
        for disaster in chaos:
            disaster.cancel()
        self.faults, self.dark = healed(), False
        self.note("healed")
        await self._until(busy, RECOVERY_SECONDS)
        self.auditor.expect(busy.done(), "not everything was answered after healing")
        self.over = True
        busy.cancel()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(busy, *readers, return_exceptions=True)
        if not self.auditor.failures:
            self.auditor.complete()

    async def _until(self, busy: "asyncio.Future[Any]", seconds: float) -> None:
        """Wait for everybody, not longer than this, and not after a failure."""
        end = self.clock.monotonic() + seconds
        while not busy.done() and self.clock.monotonic() < end and not self.auditor.failures:
            await asyncio.wait((busy,), timeout=1.0)
        if busy.done():
            busy.result()

    def _disasters(self) -> Sequence[Coroutine[Any, Any, None]]:
        faults = self.faults
        return (
            self._every(faults.kill, self._kill),
            self._every(faults.second_owner, self._second_owner),
            self._every(faults.freeze, self._freeze),
            self._every(faults.outage, self._outage),
        )

    async def _every(self, mean: float, disaster: Callable[[], Awaitable[None]]) -> None:
        while mean:
            await asyncio.sleep(self.random.expovariate(1 / mean))
            await disaster()

    async def _kill(self) -> None:
        self.saw("shard killed")
        self.random.choice(self.cluster.current).die()

    async def _second_owner(self) -> None:
        self.saw("second owner")
        self.cluster.replace(self.random.randrange(self.cluster.count))

    async def _freeze(self) -> None:
        process = self.random.choice(self.cluster.current)
        self.saw("frozen")
        if self.random.random() < 0.7:
            self.cluster.replace(process.number)
        await process.freeze(self.random.random() * 5)
        self.saw("thawed")

    async def _outage(self) -> None:
        self.saw("outage")
        self.dark = True
        await asyncio.sleep(self.random.random() * 5)
        self.dark = False

    async def _operate(self) -> None:
        """Close days, again and again where the close dies; two operators do it at the same time."""
        while len(self.auditor.closed) < DAYS:
            await asyncio.sleep(self.random.random() * 8 * self.pace)
            close = asyncio.create_task(DayClose(SimulatedBook(self), self.network, self.clock).close(None))
            mean = self.faults.close_killed
            await asyncio.wait((close,), timeout=self.random.expovariate(1 / mean) if mean else None)
            if not close.done():
                self.saw("day close killed")
                close.cancel()
                continue
            try:
                report = close.result()
            except JournalUnavailable:
                self.saw("day close failed")
            else:
                assert isinstance(report, DayCloseReport)
                self.note(f"closed {report.business_date}: {report.accounts} accounts, {report.events} events")
                if self.chance(0.2):
                    self._close_period(report.business_date - timedelta(days=1))

    def _close_period(self, through: date) -> None:
        """Let nothing take effect up to a day any more."""
        self.saw("period closed")
        self.disk.closed_through = max(through, self.disk.closed_through or through)


class SimulatedBook:
    """Implements actors.day_close.Book on the world's disk."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def business_date(self) -> date:
        await self._statement()
        return self._world.disk.business_date

    async def unfinished(self) -> date | None:
        await self._statement()
        days = (self._world.disk.business_date - START).days
        cut = [START + timedelta(day) for day in range(days)]
        found = next((day for day in cut if day not in self._world.auditor.closed), None)
        if found is not None:
            self._world.saw("day close resumed")
        return found

    async def cut(self, day: date) -> None:
        await self._statement()
        if self._world.disk.cut(day):
            self._world.saw("day cut")

    async def finish(self, day: date, accounts: int, events: int) -> Sequence[Accrued]:
        await self._statement()
        if day not in self._world.auditor.closed:
            self._world.saw("day closed")
            self._world.auditor.day_closed(day)
        return []

    async def _statement(self) -> None:
        await self._world.delay()
        if self._world.dark:
            raise JournalUnavailable("simulated outage")


def simulate(
    seed: int,
    bounds: Bounds | None = None,
    faults: Faults | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> World:
    """Live one world to its end; the seed draws what is not given."""
    world = World(seed, faults, note)
    with bounded(bounds or world.random.choice((ROOMY, SMALL))):
        run(world.live(), Random(seed))
    return world
