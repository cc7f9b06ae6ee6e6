"""A journal that fails as databases do: around commits, for a while, or for one process that is dead or frozen."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from actors.protocols import JournalUnavailable, OutcomeUnknown, RequestTaken
from actors.rows import Claim, GroupCommit, Loaded, Recorded, StoredEvent
from adapters.memory_journal import MemoryJournal
from tests.simulation.faults import Fate

if TYPE_CHECKING:
    from tests.simulation.cluster import Process
    from tests.simulation.world import World

Result = TypeVar("Result")


class FaultyJournal(MemoryJournal):
    """One process's connection to the world's disk."""

    def __init__(self, world: "World", process: "Process") -> None:
        super().__init__(world.disk, after_commit=self._written)
        self._world = world
        self._process = process
        self._writing: Claim
        self._claims = 0

    async def commit(self, claim: Claim, commit: GroupCommit) -> None:
        await self._send()
        fate = self._world.fate()
        self._world.saw(fate)
        if fate is Fate.REFUSED:
            raise JournalUnavailable("simulated")
        if fate is Fate.LOST:
            raise OutcomeUnknown("simulated")
        if fate is Fate.TAKEN:
            raise RequestTaken
        # The server works on when the client is gone.
        served = self._world.serve(self._commit(claim, commit))
        if fate is Fate.LATE:
            raise OutcomeUnknown("simulated")
        await asyncio.shield(served)
        await self._receive()
        if fate is Fate.REPLY_LOST:
            raise OutcomeUnknown("simulated")

    async def claim(self, shard: int) -> Claim:
        self._claims += 1
        if self._claims > 1:
            self._world.saw("shard started over")
        return await self._ask(lambda: super(FaultyJournal, self).claim(shard))

    async def holds(self, claim: Claim) -> bool:
        return await self._ask(lambda: super(FaultyJournal, self).holds(claim))

    async def load(self, accounts: Sequence[int]) -> dict[int, Loaded]:
        return await self._ask(lambda: super(FaultyJournal, self).load(accounts))

    async def recorded(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        return await self._ask(lambda: super(FaultyJournal, self).recorded(keys))

    async def history(self, account: int) -> list[tuple[int, bytes]]:
        return await self._ask(lambda: super(FaultyJournal, self).history(account))

    async def transactions(self, account: int, after: int, limit: int, kinds: Sequence[int] = ()) -> list[StoredEvent]:
        return await self._ask(lambda: super(FaultyJournal, self).transactions(account, after, limit, kinds))

    async def due(self, slots: Sequence[int], on: date, limit: int) -> list[int]:
        return await self._ask(lambda: super(FaultyJournal, self).due(slots, on, limit))

    async def suspend(self, account: int, reason: str) -> None:
        self._world.auditor.suspended(account, reason)
        await self._ask(lambda: super(FaultyJournal, self).suspend(account, reason))

    async def claim_people(self, people: Sequence[tuple[str, int]]) -> dict[str, int]:
        return await self._ask(lambda: super(FaultyJournal, self).claim_people(people))

    async def owners(self, people: Sequence[str]) -> dict[str, int]:
        return await self._ask(lambda: super(FaultyJournal, self).owners(people))

    async def business_date(self) -> date:
        return await self._ask(super().business_date)

    async def closed_through(self) -> date | None:
        return await self._ask(super().closed_through)

    async def _commit(self, claim: Claim, commit: GroupCommit) -> None:
        await self._world.delay()
        self._writing = claim
        await super().commit(claim, commit)

    async def _written(self, commit: GroupCommit) -> None:
        self._world.auditor.committed(self._writing, commit)

    async def _ask(self, statement: Callable[[], Awaitable[Result]]) -> Result:
        await self._send()
        answer = await statement()
        await self._receive()
        if self._world.chance(self._world.faults.read_failure):
            self._world.saw("statement done, answer lost")
            raise JournalUnavailable("simulated")
        return answer

    async def _send(self) -> None:
        await self._process.runs()
        await self._world.delay()
        await self._process.runs()
        if self._world.dark:
            raise JournalUnavailable("simulated outage")

    async def _receive(self) -> None:
        await self._world.delay()
        await self._process.runs()
