"""A shard on a journal in memory whose commits wait, fail or vanish as a test wants, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from hashlib import blake2b

from msgspec import Raw

from actors.house import House
from actors.messages import Envelope, Reply, encoder, replies_decoder, reply_decoder
from actors.rows import Claim, GroupCommit
from actors.shard import Shard
from adapters.memory_journal import Disk, MemoryJournal
from core.commands import Command, OpenAccount, TakeDeposit
from core.identity import slot_of
from tests.simulation.loop import VirtualClock, run

TODAY = date(2026, 3, 2)
LIMIT = 10_000_000
OpenHouse = Callable[[Disk], House | None]


def no_house(_: Disk) -> None:
    """Decide nothing that precedes a loan."""


class TestedJournal(MemoryJournal):
    """Counts what it is asked; `faults` are raised, first to last, by the next commits."""

    __test__ = False

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk, self._before, self._after)
        self.commits: list[GroupCommit] = []
        self.open = asyncio.Event()
        self.open.set()
        self.faults: list[Exception] = []
        self.faults_after: list[Exception] = []
        self.asked_for_ownership = 0

    async def holds(self, claim: Claim) -> bool:
        self.asked_for_ownership += 1
        return await super().holds(claim)

    async def _before(self, commit: GroupCommit) -> None:
        self.commits.append(commit)
        await self.open.wait()
        if self.faults:
            raise self.faults.pop(0)

    async def _after(self, _: GroupCommit) -> None:
        if self.faults_after:
            raise self.faults_after.pop(0)


class Bench:
    """A running shard, its journal and its disk."""

    def __init__(self, shards: int = 1, open_house: OpenHouse = no_house) -> None:
        self.disk = Disk(TODAY)
        self.disk.assign(shards)
        self.journal = TestedJournal(self.disk)
        self.clock = VirtualClock()
        self.shard = Shard(0, self.journal, self.clock, open_house(self.disk))
        self._keys = 0

    async def ask(self, *commands: Command, key: str | None = None) -> list[Reply]:
        """Send commands as one batch, each under a new request id unless one is given."""
        return await self.send([self.envelope(command, key) for command in commands])

    async def send(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        """Send a batch."""
        replies = replies_decoder.decode(await self.shard.execute(encoder.encode(envelopes)))
        return [reply_decoder.decode(reply) for reply in replies]

    def start_asking(self, *commands: Command, key: str | None = None) -> "asyncio.Task[list[Reply]]":
        """Send commands without waiting for the answer."""
        return asyncio.create_task(self.ask(*commands, key=key))

    def envelope(self, command: Command, key: str | None = None) -> Envelope:
        """Wrap a command."""
        self._keys += 1
        name = key or f"request {self._keys}"
        return Envelope(blake2b(name.encode(), digest_size=16).digest(), command.account, Raw(encoder.encode(command)))

    async def settle(self) -> None:
        """Let everything go on until it waits."""
        await asyncio.sleep(0.01)

    def deposits(self, account: int) -> int:
        """Return the deposit that the disk has on record."""
        return self.disk.accounts[account].deposit


@asynccontextmanager
async def bench(shards: int = 1, open_house: OpenHouse = no_house) -> AsyncIterator[Bench]:
    """Run a shard for as long as a test looks at it."""
    found = Bench(shards, open_house)
    await found.shard.start()
    writer = asyncio.create_task(found.shard.run())
    await found.settle()
    found.journal.commits.clear()
    yield found
    if writer.done():
        writer.result()
    writer.cancel()


def with_shard(test: Callable[[Bench], Awaitable[None]], shards: int = 1, open_house: OpenHouse = no_house) -> None:
    """Run a test on a running shard with account 1 open."""

    async def main() -> None:
        async with bench(shards, open_house) as running:
            await running.ask(opening(1))
            running.journal.commits.clear()
            await test(running)

    run(main())


def opening(account: int) -> OpenAccount:
    """Open an account."""
    return OpenAccount(account=account, currency="CNY", credit_limit=LIMIT)


def deposit(account: int, amount: int) -> TakeDeposit:
    """Take a deposit."""
    return TakeDeposit(account=account, amount=amount)


def account_elsewhere(shards: int) -> int:
    """Return an account that shard 0 does not own."""
    return next(account for account in range(1, 1000) if slot_of(account) % shards != 0)
