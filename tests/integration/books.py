"""A small real book: commands decided by the core and committed through the journal, as a shard does it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from msgspec import Raw, msgpack

from actors.execute import Surroundings, execute, roll_forward
from actors.messages import Envelope, Received, Reply, reply_decoder
from actors.rows import Claim
from actors.staging import Cached, Stage
from adapters.postgres.book import assign, book_accrual, cut, finish_close, open_book
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.migrate import migrate
from core.commands import BookLoan, Command, Disburse, OpenAccount, PayOff, Repay, Reverse, TakeDeposit
from core.contract.terms import Rate, RatePer, Terms
from core.decide import needs_history
from core.events import Event
from core.identity import loan_id
from core.restatement import History

FIRST_DAY = date(2026, 1, 5)
TERMS = Terms(
    principal=500_000,
    rate=Rate(500_000, RatePer.DAY),
    installments=6,
    penalty_rate=Rate(750_000, RatePer.DAY),
    grace_days=3,
)
_numbers = count(1)
_decode = msgpack.Decoder[Event](Event).decode


async def fresh_database(server: str, template: str | None = None) -> str:
    """Create a database on a server, empty or as a copy, and return its DSN."""
    name = f"book_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    finally:
        await connection.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


class Book:
    """One shard's accounts on a real database."""

    def __init__(self, connection: asyncpg.Connection, journal: PostgresJournal, claim: Claim) -> None:
        self.connection = connection
        self.on = claim.business_date
        self._journal = journal
        self._claim = claim
        self._cached: dict[int, Cached] = {}
        self._keys = count(1)

    async def do(self, *commands: Command) -> list[Reply]:
        """Carry out commands in one commit; what is decided on an account's past comes in a commit of its own."""
        stage, replies = Stage(), []
        for command in commands:
            cached = self._cached.setdefault(command.account, Cached(command.account, None))
            key = next(self._keys).to_bytes(16, "big")
            envelope = Envelope(key, command.account, Raw(msgpack.encode(command)))
            past: History = ()
            if needs_history(command, self.on):
                past = [(seq, _decode(body)) for seq, body in await self._journal.history(command.account)]
            _, reply = execute(stage, cached, envelope, command, self.on, Surroundings(past))
            replies.append(reply_decoder.decode(reply))
        await self._journal.commit(self._claim, stage.seal(self.on))
        return replies

    async def close_days(self, days: int) -> None:
        """Close this many days, one by one."""
        for _ in range(days):
            day, self.on = self.on, self.on + timedelta(days=1)
            await cut(self.connection, day)
            stage = Stage()
            due = await self._journal.due(sorted(self._claim.slots), self.on, 10_000)
            events = sum(roll_forward(stage, self._cached[account], self.on) for account in due)
            if stage:
                await self._journal.commit(self._claim, stage.seal(self.on))
            await book_accrual(self.connection, day, self.on)
            await finish_close(self.connection, day, len(due), events)


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Book]:
    """Open a book on an empty database."""
    await asyncio.to_thread(migrate, dsn)
    connection = await asyncpg.connect(dsn)
    journal = PostgresJournal(dsn, 0)
    try:
        await assign(connection, 1)
        await open_book(connection, FIRST_DAY)
        yield Book(connection, journal, await journal.claim(0))
    finally:
        await journal.close()
        await connection.close()


async def lend(book: Book, accounts: range) -> None:
    """Open accounts and pay a loan out to each."""
    await book.do(*(OpenAccount(account=account, currency="CNY", credit_limit=1_000_000) for account in accounts))
    await book.do(*(BookLoan(account=account, terms=TERMS) for account in accounts))
    await book.do(*(Disburse(account=account, loan=loan_id(account, 1)) for account in accounts))


async def live_through(book: Book) -> None:
    """Let twelve accounts have what happens to accounts: bills, arrears, payments, a payoff, a reversal, refusals."""
    await lend(book, range(1, 13))
    await book.do(TakeDeposit(account=3, amount=5_000), Repay(account=99, amount=5))
    await book.close_days(31)
    await book.do(*(Repay(account=account, amount=87_763) for account in range(1, 7)))
    await book.do(PayOff(account=7, loan=loan_id(7, 1), amount=600_000))
    bounced = (await book.do(Repay(account=8, amount=87_763)))[0]
    assert isinstance(bounced, Received)
    await book.do(Reverse(account=8, seq=bounced.payment))
    await book.close_days(12)
    await book.do(Repay(account=9, amount=50_000), Repay(account=10, amount=200_000), Repay(account=1, amount=1_000))
    await book.close_days(2)
