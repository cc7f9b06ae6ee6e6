"""Channels and readers: they ask until they are answered, ask twice, and sometimes ask wrongly."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Raw

from actors.messages import Done, Envelope, Received, Refused, command_decoder, encoder, reply_decoder
from actors.protocols import ShardUnavailable
from actors.queries import AnyQuery, QuotePayoff, ShowAccount, ShowLoan, ShowSchedule, ShowTransactions, Simulate
from core.change_terms import Extend
from core.commands import (
    AddCharge,
    AdjustCharge,
    ApplyUnapplied,
    BookLoan,
    CancelLoan,
    ChangeTerms,
    ChargeBack,
    Command,
    Disburse,
    DisburseTranche,
    FreezeAccount,
    OpenAccount,
    PayOff,
    Prepay,
    ReceiveCredit,
    RefundUnapplied,
    ReleaseDeposit,
    Repay,
    Reverse,
    SetCreditLimit,
    TakeDeposit,
    UnfreezeAccount,
    Waive,
)
from core.identity import loan_id
from core.rejections import Code
from core.servicing_terms import Fee, FeeWhen, Price, Recalculation, Source
from core.terms import Method, Rate, RatePer, Terms, Tranche, Unit

if TYPE_CHECKING:
    from tests.simulation.world import World

LIMIT = 10_000_000
FEES = (
    Fee(name="service", when=FeeWhen.WITHHELD, price=Price(flat=7)),
    Fee(name="late", when=FeeWhen.OVERDUE, price=Price(flat=30)),
)
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
        if isinstance(decoded, Done) and isinstance(command_decoder.decode(envelope.command), AddCharge):
            self._world.charges.append((decoded.account, decoded.seq))
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
            RefundUnapplied(account=account, amount=amount // 10 + 1),
            FreezeAccount(account=account, reason="a check"),
            UnfreezeAccount(account=account),
            SetCreditLimit(account=account, credit_limit=LIMIT + amount),
            BookLoan(account=account, terms=self._terms()),
            Disburse(account=account, loan=loan),
            CancelLoan(account=account, loan=loan_id(account, 2)),
            self._reversal(account),
        )
        if draw.random() < 0.3:
            return self._servicing(account, loan, amount)
        return draw.choices(commands, (20, 10, 4, 4, 2, 4, 3, 4, 2, 5, 3, 4, 7))[0]

    def _servicing(self, account: int, loan: int, amount: int) -> Command:
        """Return a command that may take effect on an earlier day, or that changes what is owed."""
        draw = self._random
        day = self._world.disk.business_date - timedelta(days=draw.randint(0, 3))
        payment = draw.choice([seq for of, seq in self._world.payments if of == account] or [6])
        charge = draw.choice([seq for of, seq in self._world.charges if of == account] or [6])
        commands: tuple[Command, ...] = (
            Repay(account=account, amount=amount, effective_on=day),
            Repay(account=account, amount=amount, loan=loan, effective_on=day),
            PayOff(account=account, loan=loan, amount=amount * 8, effective_on=day),
            TakeDeposit(account=account, amount=amount, effective_on=day),
            AddCharge(account=account, loan=loan, component="fee", amount=amount // 100 + 1),
            ReceiveCredit(account=account, loan=loan, source=Source.GOODWILL_CREDIT, amount=amount // 10),
            Waive(account=account, loan=loan, component=draw.choice(("fee", "penalty", "interest"))),
            AdjustCharge(account=account, charge=charge, amount=amount // 1_000 + 1),
            ChargeBack(account=account, loan=loan, payment=payment, amount=amount // 10 + 1),
            ApplyUnapplied(account=account),
            Prepay(account=account, loan=loan, amount=amount, effective_on=day),
            ChangeTerms(account=account, loan=loan, change=Extend(installments=1)),
            DisburseTranche(account=account, loan=loan, amount=draw.choice((None, 200))),
        )
        return draw.choice(commands)

    def _reversal(self, account: int) -> Command:
        if not self._world.payments:
            return Reverse(account=account, seq=2)
        account, payment = self._random.choice(self._world.payments[-20:])
        return Reverse(account=account, seq=payment)

    def _terms(self) -> Terms:
        draw = self._random
        later = Tranche(self._world.disk.business_date + timedelta(days=1), 500)
        return Terms(
            principal=draw.randint(1_000, 900_000),
            tranches=draw.choice(((), (), (), (later,))),
            rate=Rate(draw.randint(0, 800_000), RatePer.DAY),
            installments=draw.randint(1, 6),
            method=draw.choice(list(Method)),
            every=draw.randint(1, 3),
            unit=draw.choice((Unit.DAY, Unit.DAY, Unit.WEEK)),
            penalty_rate=Rate(draw.choice((0, 750_000)), RatePer.DAY),
            grace_days=draw.choice((0, 0, 2)),
            reminder_days=draw.choice((0, 1, 3)),
            recalculation=draw.choice((None, None, Recalculation())),
            fees=draw.choice(((), (), FEES)),
            sweep_deposit_after_days=draw.choice((0, 1)),
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
        Simulate((Repay(account=account, amount=1_000), Reverse(account=account, seq=6))),
        ShowLoan(loan),
        ShowSchedule(loan),
        QuotePayoff(loan),
        QuotePayoff(loan, world.disk.business_date + timedelta(days=2)),
        ShowTransactions(account, after=1),
    )
    return world.random.choice(queries)
