"""Two owners of one shard: the one that froze while the other took over never writes again, and leaves."""

import asyncio
import os
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from adapters.postgres.journal import PostgresJournal
from tests.chaos.conftest import Chaos


def test_a_frozen_owner_never_commits_and_leaves(chaos: Chaos) -> None:
    async def test() -> None:
        frozen = chaos.system.shard_pids[0]
        second = PostgresJournal(chaos.system.postgres_dsn, 0)
        async with chaos.peak() as peak:
            os.kill(frozen, SIGSTOP)
            await asyncio.sleep(0.5)
            claim = await second.claim(0)
            before = await _events_of_shard_0(chaos)
            os.kill(frozen, SIGCONT)
            while _runs(frozen):
                assert await _events_of_shard_0(chaos) == before or not await second.holds(claim)
            # Ray starts it again, by which it becomes the owner in good order.
            await chaos.survive(peak, "shard 0 left after another owner", others=(frozen,))
        assert not await second.holds(claim)
        await second.close()
        await chaos.prove(peak)

    chaos.run(test())


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def _events_of_shard_0(chaos: Chaos) -> int:
    query = "SELECT count(*) FROM event JOIN account USING (account_id) JOIN slot USING (slot) WHERE shard = $1"
    rows = await chaos.fetch(query, 0)
    count: int = rows[0][0]
    return count
