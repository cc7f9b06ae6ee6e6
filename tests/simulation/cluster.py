"""Processes with a shard each, killed, frozen, doubled and restarted; and a network that loses and repeats calls."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from actors.day_close import Progress
from actors.protocols import Fenced, JournalUnavailable, ShardUnavailable
from actors.shard import Shard
from tests.simulation.house import SimulatedHouse
from tests.simulation.journal import FaultyJournal

if TYPE_CHECKING:
    from tests.simulation.world import World

CALL_SECONDS = 10.0
RESTART_SECONDS = 1.0

Result = TypeVar("Result")
Call = Callable[[Shard], Awaitable[Result]]


class Process:
    """A worker process: one shard, gone for good when it dies."""

    def __init__(self, world: "World", number: int, name: int) -> None:
        self.number = number
        self.name = f"shard {number} process {name}"
        self.serves = False
        self.dead = asyncio.get_running_loop().create_future()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._world = world
        self.shard = Shard(number, FaultyJournal(world, self), world.clock, SimulatedHouse(world, self))
        self.life = asyncio.create_task(self._live())

    async def runs(self) -> None:
        """Return at once in a running process, at the thaw in a frozen one, never in a dead one."""
        await self._thawed.wait()
        if self.dead.done():
            await asyncio.get_running_loop().create_future()

    async def call(self, call: Call[Result]) -> Result:
        """Call the shard; raise ShardUnavailable if the process does not live to answer."""
        if self.dead.done() or not self.serves:
            raise ShardUnavailable
        task = asyncio.create_task(self._answer(call))
        await asyncio.wait((task, self.dead), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            raise ShardUnavailable
        return task.result()

    async def freeze(self, seconds: float) -> None:
        """Stop the process for a while."""
        self._thawed.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._thawed.set()

    def die(self) -> None:
        """End at once."""
        if not self.dead.done():
            self._world.note(f"{self.name} is gone")
            self.dead.set_result(None)
            self.life.cancel()

    async def _live(self) -> None:
        try:
            await self.shard.start()
            self.serves = True
            self._world.note(f"{self.name} serves with epoch {self.shard.claim.epoch}")
            await self.shard.run()
            self._world.saw("fenced")
        except JournalUnavailable:
            self._world.saw("start failed")
        except Exception as error:
            self._world.auditor.fail(f"{self.name} broke: {error!r}")
        finally:
            self.die()

    async def _answer(self, call: Call[Result]) -> Result:
        try:
            await self.runs()
            answer = await call(self.shard)
            await self.runs()
            return answer
        except (ShardUnavailable, Fenced, JournalUnavailable) as error:
            raise ShardUnavailable from error
        except Exception as error:
            self._world.auditor.fail(f"{self.name}: a call raised {error!r}")
            raise ShardUnavailable from error


class Cluster:
    """Keeps one process for each shard, and knows those that it replaced and that may still live."""

    def __init__(self, world: "World", count: int) -> None:
        self.count = count
        self._world = world
        self._names = 0
        self.current: list[Process] = []
        self.former: list[Process] = []

    def start(self) -> None:
        """Start all shards."""
        self.current = [self._new(number) for number in range(self.count)]

    def replace(self, number: int) -> None:
        """Start a second owner of a shard beside the first, which lives on."""
        self.former.append(self.current[number])
        self.current[number] = self._new(number)

    def _new(self, number: int) -> Process:
        self._names += 1
        process = Process(self._world, number, self._names)
        process.dead.add_done_callback(lambda _: self._ended(process))
        return process

    def _ended(self, process: Process) -> None:
        if not self._world.over:
            self._world.serve(self._restart(process))

    async def _restart(self, process: Process) -> None:
        await asyncio.sleep(RESTART_SECONDS * self._world.random.random())
        if self.current[process.number] is process:
            self.current[process.number] = self._new(process.number)


class Network:
    """Implements actors.protocols.Transport and actors.day_close.Shards."""

    def __init__(self, world: "World", cluster: Cluster) -> None:
        self.count = cluster.count
        self._world = world
        self._cluster = cluster

    async def execute(self, shard: int, blob: bytes) -> bytes:
        if self._world.chance(self._world.faults.delivered_twice):
            self._world.saw("call delivered twice")
            self._world.serve(self._deliver(shard, blob))
        return await self._deliver(shard, blob)

    async def read(self, shard: int, blob: bytes) -> bytes:
        faults = self._world.faults
        return await self._call(shard, lambda owner: owner.read(blob), faults.read_from_former_owner)

    async def turn(self, shard: int, on: date) -> Progress:
        return await self._call(shard, lambda owner: _turn(owner, on))

    async def _deliver(self, shard: int, blob: bytes) -> bytes:
        return await self._call(shard, lambda owner: owner.execute(blob))

    async def _call(self, shard: int, call: Call[Result], stale: float | None = None) -> Result:
        world = self._world
        process = self._owner(shard, world.faults.to_former_owner if stale is None else stale)
        await world.delay()
        if world.chance(world.faults.request_lost):
            world.saw("request lost")
            raise ShardUnavailable
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await process.call(call)
        except TimeoutError as error:
            world.saw("call timed out")
            raise ShardUnavailable from error
        await world.delay()
        if world.chance(world.faults.reply_lost):
            world.saw("reply lost")
            raise ShardUnavailable
        return answer

    def _owner(self, shard: int, stale: float) -> Process:
        """Return the process that a caller takes for the owner: sometimes one that was replaced."""
        former = [process for process in self._cluster.former if process.number == shard and not process.dead.done()]
        if former and self._world.chance(stale):
            self._world.saw("call to a former owner")
            return former[-1]
        return self._cluster.current[shard]


async def _turn(shard: Shard, on: date) -> Progress:
    shard.turn(on)
    return Progress(*shard.walked())
