"""Channels and readers: they ask until they are answered, ask twice, and sometimes ask wrongly."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Raw

from actors.messages import Envelope, Received, Refused, encoder, reply_decoder
from actors.protocols import ShardUnavailable
from actors.queries import AnyQuery, QuotePayoff, ShowAccount, ShowLoan, ShowSchedule, ShowTransactions
from core.commands import (
    BookLoan,
    CancelLoan,
    Command,
    Disburse,
    FreezeAccount,
    OpenAccount,
    PayOff,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    ReverseRepayment,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
)
from core.identity import loan_id
from core.rejections import Code
from core.terms import Method, Rate, RatePer, Terms, Unit

if TYPE_CHECKING:
    from tests.simulation.world import World

LIMIT = 10_000_000
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
            for command in (
                OpenAccount(account=account, currency="CNY", credit_limit=LIMIT),
                BookLoan(account=account, terms=self._terms()),
                Disburse(account=account, loan=loan_id(account, 1)),
            ):
                await self.ask([self._envelope(command)])
        acts = (self._one, self._one, self._batch, self._batch, self._twice, self._repeat, self._reuse, self._share)
        for _ in range(steps):
            await self._random.choice((*acts, self._malformed))()
            await asyncio.sleep(self._random.random() * self._world.pace)

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
        if isinstance(decoded, Received):
            self._world.payments.append((decoded.account, decoded.payment))
        self._world.saw("answered")
        self._world.auditor.answered(envelope, reply)
        self._done.append(envelope)
        return True

    async def _one(self) -> None:
        await self.ask([self._envelope(self._command())])

    async def _batch(self) -> None:
        envelopes = [self._envelope(self._command()) for _ in range(self._random.randint(2, 5))]
        await self.ask([*envelopes, envelopes[0]])

    async def _twice(self) -> None:
        envelope = self._envelope(self._command())
        await asyncio.gather(self.ask([envelope]), self.ask([envelope]))
        self._world.saw("asked twice at once")

    async def _repeat(self) -> None:
        if self._done:
            await self.ask([self._random.choice(self._done)])
            self._world.saw("asked again later")

    async def _reuse(self) -> None:
        if self._done:
            former = self._random.choice(self._done)
            await self.ask([self._envelope(self._command(), former.key)])

    async def _share(self) -> None:
        first, second = self._envelope(self._command()), self._command()
        await asyncio.gather(self.ask([first]), self.ask([self._envelope(second, first.key)]))

    async def _malformed(self) -> None:
        good = self._envelope(self._command())
        bad = Envelope(good.key, good.account, Raw(encoder.encode({"type": "repay", "account": good.account})))
        other = Envelope(self._key(), good.account + 1, good.command)
        await self.ask([bad, other])

    def _envelope(self, command: Command, key: bytes | None = None) -> Envelope:
        return Envelope(key or self._key(), command.account, Raw(encoder.encode(command)))

    def _key(self) -> bytes:
        self._requests += 1
        return blake2b(f"{self._name}/{self._requests}".encode(), digest_size=16).digest()

    def _command(self) -> Command:
        draw = self._random
        account = draw.choice(self._world.accounts)
        loan, amount = loan_id(account, draw.choice((1, 1, 1, 2))), draw.randint(1, 200_000)
        commands: tuple[Command, ...] = (
            Repay(account=account, amount=amount),
            Repay(account=account, amount=amount, loan=loan),
            PayOff(account=account, loan=loan, amount=amount * 8),
            TakeDeposit(account=account, amount=amount),
            ReleaseDeposit(account=account, amount=amount),
            RefundUnapplied(account=account, amount=amount),
            FreezeAccount(account=account, reason="a check"),
            UnfreezeAccount(account=account),
            SetCreditLimit(account=account, credit_limit=LIMIT + amount),
            BookLoan(account=account, terms=self._terms()),
            Disburse(account=account, loan=loan),
            CancelLoan(account=account, loan=loan),
            self._reversal(account),
        )
        return draw.choices(commands, (20, 10, 1, 4, 2, 2, 1, 3, 2, 3, 3, 3, 5))[0]

    def _reversal(self, account: int) -> Command:
        if not self._world.payments:
            return ReverseRepayment(account=account, payment=2)
        account, payment = self._random.choice(self._world.payments[-20:])
        return ReverseRepayment(account=account, payment=payment)

    def _terms(self) -> Terms:
        draw = self._random
        return Terms(
            principal=draw.randint(1_000, 900_000),
            rate=Rate(draw.randint(0, 800_000), RatePer.DAY),
            installments=draw.randint(1, 6),
            method=draw.choice(list(Method)),
            every=draw.randint(1, 3),
            unit=draw.choice((Unit.DAY, Unit.DAY, Unit.WEEK)),
            penalty_rate=Rate(draw.choice((0, 750_000)), RatePer.DAY),
            grace_days=draw.choice((0, 0, 2)),
            reminder_days=draw.choice((0, 1, 3)),
        )


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
        ShowAccount(account),
        ShowLoan(loan),
        ShowSchedule(loan),
        QuotePayoff(loan),
        QuotePayoff(loan, world.disk.business_date + timedelta(days=2)),
        ShowTransactions(account, after=1),
    )
    return world.random.choice(queries)
