"""Channels and readers: they ask until they are answered, ask twice, and sometimes ask wrongly."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Raw

from actors.messages import Envelope, Received, Refused, command_decoder, encoder, reply_decoder
from actors.protocols import ShardUnavailable
from actors.queries import (
    AnyQuery,
    QuotePayoff,
    ShowAccount,
    ShowFile,
    ShowLoan,
    ShowSchedule,
    ShowTransactions,
    Simulate,
)
from core.commands import BookLoan, Command, Disburse, OpenAccount
from core.identity import loan_id
from core.rejections import Code
from tests.simulation.borrowing import add_card, any_application, any_borrowing, any_person
from tests.simulation.wishes import LIMIT, any_command, any_terms, command_for

if TYPE_CHECKING:
    from tests.simulation.world import World

BORROWING_STEPS = 5
"""What each borrower does first, so that some come as far as a payout."""
AGAIN = {Code.OVERLOADED, Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN}


class Client:
    """A channel: it opens accounts of its own, then sends commands for everybody's."""

    def __init__(self, world: "World", name: str, accounts: Sequence[int]) -> None:
        self._world = world
        self._random = world.random
        self._name = name
        self._accounts = accounts
        self._requests = 0
        self._done: list[Envelope] = []

    async def live(self, steps: int) -> None:
        """Lend, then do things at random until all of them are answered."""
        for account in self._accounts:
            begins = self._applies if account in self._world.borrowers else self._lends
            for command in begins(account):
                await self.ask([self.envelope(command)])
        borrowers = [account for account in self._accounts if account in self._world.borrowers]
        for account in borrowers * BORROWING_STEPS:
            await self.ask([self.envelope(any_borrowing(self._world, account))])
        acts = (self._one, self._one, self._batch, self._batch, self._twice, self._repeat, self._reuse, self._share)
        for _ in range(steps):
            await self._random.choice((*acts, self._malformed))()
            await asyncio.sleep(self._random.random() * self._world.pace)

    def _lends(self, account: int) -> Sequence[Command]:
        return (
            OpenAccount(account=account, currency="CNY", credit_limit=LIMIT),
            BookLoan(account=account, terms=any_terms(self._world)),
            Disburse(account=account, loan=loan_id(account, 1)),
        )

    def _applies(self, account: int) -> Sequence[Command]:
        return (
            OpenAccount(account=account, currency="CNY", credit_limit=self._random.choice((0, LIMIT))),
            any_person(self._random, self._world, account),
            add_card(account, own=self._random.random() < 0.9),
            any_application(self._random, account),
        )

    async def ask(self, envelopes: list[Envelope]) -> None:
        """Send requests until each has its final answer."""
        for envelope in envelopes:
            self._world.auditor.asked(envelope)
        while envelopes:
            replies = await self._random.choice(self._world.routers).submit(envelopes)
            envelopes = [
                envelope for envelope, reply in zip(envelopes, replies, strict=True) if not self._final(envelope, reply)
            ]
            if envelopes:
                await asyncio.sleep(self._random.random())

    def _final(self, envelope: Envelope, reply: bytes) -> bool:
        decoded = reply_decoder.decode(reply)
        if isinstance(decoded, Refused):
            self._world.saw(f"refused: {decoded.code}")
            if decoded.code in AGAIN:
                return False
        else:
            seq = decoded.payment if isinstance(decoded, Received) else decoded.seq
            kind = type(command_decoder.decode(envelope.command))
            self._world.saw(f"done {kind.__name__}")
            self._world.carried_out.append((decoded.account, seq, kind))
        self._world.saw("answered")
        self._world.auditor.answered(envelope, reply)
        self._done.append(envelope)
        return True

    async def _one(self) -> None:
        await self.ask([self.envelope(any_command(self._world))])

    async def _batch(self) -> None:
        envelopes = [self.envelope(any_command(self._world)) for _ in range(self._random.randint(2, 5))]
        await self.ask([*envelopes, envelopes[0]])

    async def _twice(self) -> None:
        envelope = self.envelope(any_command(self._world))
        await asyncio.gather(self.ask([envelope]), self.ask([envelope]))
        self._world.saw("asked twice at once")

    async def _repeat(self) -> None:
        if self._done:
            await self.ask([self._random.choice(self._done)])
            self._world.saw("asked again later")

    async def _reuse(self) -> None:
        if self._done:
            former = self._random.choice(self._done)
            await self.ask([self.envelope(any_command(self._world), former.key)])

    async def _share(self) -> None:
        first, second = self.envelope(any_command(self._world)), any_command(self._world)
        await asyncio.gather(self.ask([first]), self.ask([self.envelope(second, first.key)]))

    async def _malformed(self) -> None:
        good = self.envelope(any_command(self._world))
        bad = Envelope(good.key, good.account, Raw(encoder.encode({"type": "repay", "account": good.account})))
        other = Envelope(self._key(), good.account + 1, good.command)
        await self.ask([bad, other])

    def envelope(self, command: Command, key: bytes | None = None) -> Envelope:
        """Return a command under a new request id, or a given one."""
        return Envelope(key or self._key(), command.account, Raw(encoder.encode(command)))

    def _key(self) -> bytes:
        self._requests += 1
        return blake2b(f"{self._name}/{self._requests}".encode(), digest_size=16).digest()


async def keep_reading(world: "World") -> None:
    """Ask to see accounts and loans, over and over."""
    while True:
        await asyncio.sleep(world.random.random() * world.pace)
        account = world.random.choice(world.accounts)
        query, since = _query(world, account), world.clock.monotonic()
        try:
            framed = await world.random.choice(world.routers).read(account, encoder.encode(query))
        except ShardUnavailable:
            world.saw("read failed")
        else:
            world.auditor.read(query, since, framed)
            world.saw("read")


def _query(world: "World", account: int) -> AnyQuery:
    loan = loan_id(account, world.random.choice((1, 1, 2)))
    queries: tuple[AnyQuery, ...] = (
        ShowAccount(account),
        ShowFile(account),
        Simulate((command_for(world, account), command_for(world, account))),
        ShowLoan(loan),
        ShowSchedule(loan),
        QuotePayoff(loan),
        QuotePayoff(loan, world.disk.business_date + timedelta(days=2)),
        ShowTransactions(account, after=1),
    )
    return world.random.choice(queries)
