"""Books to write in, and rows to write."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from typing import Protocol

import asyncpg
from msgspec.msgpack import encode

from accounting.journalize import Posting
from actors.protocols import Journal
from actors.rows import AccountRow, ContractRow, EntryRow, EventRow, GroupCommit, LedgerRow, LoanRow, RequestRow
from adapters.embedded.servers import EmbeddedPostgres
from adapters.memory_journal import Disk, MemoryJournal
from adapters.postgres import book
from adapters.postgres.journal import PostgresJournal
from core.account import Contract, Loan, LoanStatus
from core.contract.terms import Rate, Terms
from core.identity import loan_id, slot_of
from core.money import Minor

TODAY = date(2026, 5, 4)
TERMS = Terms(principal=120_000, rate=Rate(94_822_000), installments=12)
CONTRACT = Contract(TERMS)


class Store(Protocol):
    """A book that journals are opened on, once for each owner of a shard."""

    async def journal(self, shard: int) -> Journal:
        """Open a journal."""

    async def cut(self, close: date) -> bool:
        """Turn the business date."""

    async def assign(self) -> None:
        """Fence all owners, as a start does."""


class MemoryStore:
    """A book in memory with two shards."""

    def __init__(self) -> None:
        self.disk = Disk(TODAY)
        self.disk.assign(2)

    async def journal(self, shard: int) -> Journal:
        return MemoryJournal(self.disk)

    async def cut(self, close: date) -> bool:
        return self.disk.cut(close)

    async def assign(self) -> None:
        self.disk.assign(2)


class PostgresStore:
    """A book in a database of its own, with two shards."""

    def __init__(self, dsn: str, connection: asyncpg.Connection) -> None:
        self.dsn = dsn
        self.connection = connection
        self.opened: list[PostgresJournal] = []

    async def journal(self, shard: int) -> PostgresJournal:
        self.opened.append(await PostgresJournal.connect(self.dsn, shard))
        return self.opened[-1]

    async def cut(self, close: date) -> bool:
        return await book.cut(self.connection, close)

    async def assign(self) -> None:
        await book.assign(self.connection, 2)


@asynccontextmanager
async def postgres_store(dsn: str) -> AsyncIterator[PostgresStore]:
    """Open the book of a migrated database."""
    connection = await asyncpg.connect(dsn)
    try:
        await book.open_book(connection, TODAY)
        await book.assign(connection, 2)
        store = PostgresStore(dsn, connection)
        yield store
        for journal in store.opened:
            await journal.close()
    finally:
        await connection.close()


def new_database(server: EmbeddedPostgres, name: str, template: str = "template1") -> str:
    """Create a database as a copy of another; return its DSN."""

    async def create() -> None:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        await connection.close()

    asyncio.run(create())
    return server.dsn.replace("/postgres?", f"/{name}?")


def on_postgres(dsn: str, test: Callable[[PostgresStore], Awaitable[None]]) -> None:
    """Run a test in an event loop of its own."""

    async def run() -> None:
        async with postgres_store(dsn) as store:
            await test(store)

    asyncio.run(run())


def event(account: int, seq: int, previous: bytes = bytes(32)) -> EventRow:
    """An event with a body of its own."""
    body = encode([seq, account])
    return EventRow(account, seq, 16, TODAY, TODAY, body, sha256(previous + body).digest())


def account_row(account: int) -> AccountRow:
    """An account's row."""
    return AccountRow(account, slot_of(account), "CNY", TODAY, 5_000_000, None, 0, 0)


def loan_row(account: int, number: int = 1, principal: int = 120_000, wake_on: date | None = None) -> LoanRow:
    """An active loan's row."""
    state = Loan(number, LoanStatus.ACTIVE, Minor(principal))
    wake = wake_on or date(2026, 6, 4)
    name = loan_id(account, number)
    period = (TODAY, date(2026, 6, 4), 949, 0, None)
    return LoanRow(name, "active", principal, 0, 0, 0, 0, None, 0, False, wake, *period, encode(state))


def contract_row(account: int, number: int = 1) -> ContractRow:
    """A contract's row."""
    name = loan_id(account, number)
    return ContractRow(name, slot_of(account), "CNY", "loan", "half_up", 500_000, 10**9, encode(CONTRACT))


def request(key: int, account: int) -> RequestRow:
    """A request's row."""
    return RequestRow(key.to_bytes(16, "big"), account, TODAY, bytes(16), b"done %d" % key)


def opening(account: int, loans: int = 1) -> GroupCommit:
    """A commit that opens an account with loans."""
    numbers = range(1, loans + 1)
    return GroupCommit(
        events=[event(account, 1)],
        accounts=[account_row(account)],
        loans=[loan_row(account, number) for number in numbers],
        contracts=[contract_row(account, number) for number in numbers],
    )


def repayment(account: int, seq: int, key: int, principal: int = 110_000) -> GroupCommit:
    """A commit of everything that a repayment writes."""
    return GroupCommit(
        events=[event(account, seq)],
        entries=[EntryRow(account, seq, TODAY, [Posting(100201, 1, 10_000), Posting(130301, 1, -10_000)])],
        requests=[request(key, account)],
        accounts=[account_row(account)],
        loans=[loan_row(account, 1, principal)],
        ledger=[
            LedgerRow(TODAY, "CNY", "loan", 100201, 10_000, 0),
            LedgerRow(TODAY, "CNY", "loan", 130301, 0, 10_000),
        ],
    )
