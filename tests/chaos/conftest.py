"""One real system for all tests here, what happened to it so far, and the proof that nothing was lost."""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from datetime import date
from itertools import count
from signal import SIGKILL
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest

from adapters.http.envelope import envelope
from adapters.settings import Settings
from adapters.system import System
from adapters.verification.verify import verify
from core.commands import Repay
from core.contract.terms import Rate, RatePer, Terms
from loadtests.book import fill, trial_difference
from tests.chaos.peak import CHANNEL, Peak

SHARDS = 2
FIRST_DAY = date(2026, 1, 1)
ACCOUNTS = range(1, 2_001)
TERMS = Terms(principal=500_000, rate=Rate(500_000, RatePer.DAY), installments=6)
REPAYMENT_RECEIVED = 16
SILENCE_SECONDS_MAX = 15.0
"""Several times what it takes on an idle machine; what it took is printed."""
T = TypeVar("T")


class Chaos:
    """The system under test and what its clients were told."""

    def __init__(self, system: System, runner: asyncio.Runner) -> None:
        self.system = system
        self._runner = runner
        self._numbers = count()
        self._acknowledged: Counter[int] = Counter()

    def run(self, test: Coroutine[Any, Any, T]) -> T:
        """Run a test on the loop on which the system watches its processes."""
        return self._runner.run(test)

    def peak(self) -> Peak:
        """Return a new stream of repayments."""
        return Peak(self.system.base_url, ACCOUNTS, SHARDS, self._numbers)

    async def survive(self, peak: Peak, what: str, *victims: int | None, others: Sequence[int] = ()) -> None:
        """Kill processes, wait until others have taken their places, and print how long each shard was silent.

        `others` are not killed by us, and have to be replaced as well.
        """
        for victim in victims:
            kill(victim)
        gone = (*victims, *others)
        outages = asyncio.gather(*(peak.outage(shard, lambda: self._replaced(gone)) for shard in range(SHARDS)))
        async with asyncio.timeout(60):
            seconds = await outages
        print(f"\n{what}: longest silence of the shards", ", ".join(f"{each:.1f} s" for each in seconds))
        assert max(seconds) < SILENCE_SECONDS_MAX
        await peak.flow()

    def _replaced(self, gone: Sequence[int | None]) -> bool:
        """Whether all kinds of process run and none of them is one of those."""
        system = self.system
        servers = (system.postgres_pid, system.redis_pid, system.ray_pid)
        shards = system.shard_pids.values()
        return len(shards) == SHARDS and {None, *gone}.isdisjoint((*servers, *shards, *system.gateway_pids))

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask the database."""
        connection = await asyncpg.connect(self.system.postgres_dsn)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    async def prove(self, peak: Peak) -> None:
        """Every acknowledged repayment is in the journal once and none is there that was not asked for."""
        self._acknowledged += peak.by_account()
        rows = await self.fetch("SELECT account_id, count(*) FROM event WHERE kind = $1 GROUP BY 1", REPAYMENT_RECEIVED)
        assert dict(map(tuple, rows)) == self._acknowledged
        keys = [UUID(bytes=envelope(CHANNEL, name, Repay(account=1, amount=1)).key) for name in peak.acknowledged]
        rows = await self.fetch("SELECT count(*) FROM request WHERE key = ANY($1::uuid[])", keys)
        assert rows[0][0] == len(keys)
        assert await trial_difference(self.system.base_url) == 0
        report = await verify(self.system.postgres_dsn)
        assert report.ok, report


@pytest.fixture(scope="package")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    """Two shards, two gateways, 2,000 borrowers with a loan each."""
    settings = Settings(
        data_dir=str(tmp_path_factory.mktemp("chaos")),
        http_port=0,
        shards=SHARDS,
        gateways=2,
        business_date=FIRST_DAY,
    )
    with asyncio.Runner() as runner:
        system = System(settings)
        runner.run(system.__aenter__())
        try:
            runner.run(fill(system.base_url, ((n, TERMS) for n in ACCOUNTS), len(ACCOUNTS), lambda *_: None))
            yield Chaos(system, runner)
        finally:
            runner.run(system.__aexit__(None, None, None))


def kill(pid: int | None) -> None:
    """As the kernel would when memory is short."""
    assert pid is not None
    os.kill(pid, SIGKILL)
