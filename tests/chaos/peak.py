"""A stream of repayments that goes on while things are killed, and keeps count of what was acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from itertools import count, pairwise
from types import TracebackType
from typing import Self

from core.commands import Repay
from core.identity import slot_of
from loadtests.client import Client, Order, Sent, batch

CHANNEL = "chaos"
CONNECTIONS = 4
BATCH = 100
PACE_SECONDS = 0.25
"""Pause between two batches of a connection: some 1,500 repayments a second, so that cores are left for recovery."""
PROBE_SECONDS = 0.1


class Peak:
    """Repayments of one minor unit each, over several connections, every one sent again until it is answered."""

    def __init__(self, base_url: str, accounts: range, shards: int, numbers: "count[int]") -> None:
        self.acknowledged: dict[str, int] = {}
        """Account of each acknowledged request id."""
        self.resent = 0
        self._base_url = base_url
        self._accounts = accounts
        self._shards = shards
        self._numbers = numbers
        self._ending = False
        self._works: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._works = [asyncio.create_task(self._work()) for _ in range(CONNECTIONS)]
        await self.flow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        await asyncio.gather(*self._works)

    def by_account(self) -> Counter[int]:
        """Return how many repayments each account was told that it made."""
        return Counter(self.acknowledged.values())

    async def flow(self, batches: int = 8) -> None:
        """Wait until this many more batches are acknowledged."""
        enough = len(self.acknowledged) + batches * BATCH
        async with asyncio.timeout(60):
            while True:
                if len(self.acknowledged) >= enough:
                    return
                await asyncio.sleep(0.01)

    async def outage(self, shard: int, over: Callable[[], bool]) -> float:
        """Return the longest time, in seconds, in which a shard acknowledged nothing, from now until it is over."""
        acknowledged = [time.monotonic()]
        probes: list[asyncio.Task[None]] = []
        last = False
        while not last:
            last = over()
            probes.append(asyncio.create_task(self._probe(shard, acknowledged)))
            await asyncio.wait(probes[-1:], timeout=PROBE_SECONDS)
            await asyncio.sleep(PROBE_SECONDS / 2)
        await asyncio.gather(*probes)
        return max(later - earlier for earlier, later in pairwise(acknowledged))

    def _order(self, account: int) -> Order:
        return Order(f"r{next(self._numbers)}", Repay(account=account, amount=1))

    async def _probe(self, shard: int, acknowledged: list[float]) -> None:
        account = next(account for account in self._accounts if slot_of(account) % self._shards == shard)
        async with Client(self._base_url, CHANNEL) as client:
            self._note(await client.send(batch([self._order(account)])))
        acknowledged.append(time.monotonic())

    async def _work(self) -> None:
        async with Client(self._base_url, CHANNEL) as client:
            while not self._ending:
                orders = [self._order(self._accounts[next(self._numbers) % len(self._accounts)]) for _ in range(BATCH)]
                self._note(await client.send(batch(orders)))
                await asyncio.sleep(PACE_SECONDS)
            self.resent += client.resent

    def _note(self, sent: Sent) -> None:
        for order, answer in zip(sent.orders, sent.answers, strict=True):
            assert answer.status == "received", f"{order.request_id}: {answer}"
            self.acknowledged[order.request_id] = order.command.account
