"""What belongs to the book and to no shard: slots, the business date, the daily accrual, the trial balance."""

from datetime import date, datetime
from hashlib import sha256
from typing import Final, NamedTuple

import asyncpg
from msgspec import Struct
from msgspec.msgpack import Encoder

from accounting.chart import Gl
from accounting.journalize import journalize_accrual
from actors.rows import ContractTextRow, EventRow
from actors.staging import GENESIS
from adapters.postgres.funding import return_leases
from adapters.postgres.queries import SQL
from core.book import BOOK_ACCOUNT, AccrualBooked, BookEvent, DayClosed
from core.identity import SLOTS

BOOK_SHARD: Final = -1
"""The book's own rows among the shards' running sums."""

ACCRUAL_ACCOUNTS: Final = (Gl.ACCRUED_INTEREST, Gl.ACCRUED_PENALTY, Gl.INTEREST_SUSPENDED, Gl.PENALTY_SUSPENDED)
"""What a day close brings to the sums over loans."""

Balances = dict[tuple[str, str], dict[int, int]]
"""GL balances by currency and product."""

_encode: Final = Encoder().encode


class Accrual(NamedTuple):
    """Interest and penalty accrued and not yet billed or charged, over the active loans of a product."""

    currency: str
    product: str
    interest: int = 0
    penalty: int = 0
    loans: int = 0
    interest_suspended: int = 0
    """All interest that non-accrual loans owe, billed or not."""
    penalty_suspended: int = 0


class Review(Struct, frozen=True):
    """An application that waits for an officer."""

    account: int
    application: int
    product: str
    amount: int
    installments: int
    submitted_on: date
    expires_on: date
    days_waiting: int
    urgent: bool
    """It expires within three days."""
    claimed_by: str | None
    claimed_until: date | None
    currency: str


class WaitingProposal(Struct, frozen=True):
    """A proposed change of terms that waits for an officer."""

    account: int
    proposal: int
    loan: int
    product: str
    change: str
    """Its kind; the credit file has all of it."""
    signal: str
    principal: int
    """What the loan still owes: accepting takes a grade of as much."""
    proposed_on: date
    days_waiting: int
    currency: str


class Suspended(Struct, frozen=True):
    """An account that was stopped because an internal check failed; an operator has to look at it."""

    account: int
    reason: str


class TrialBalance(NamedTuple):
    """One GL account's sums; `balance` is positive for a debit balance."""

    currency: str
    gl: int
    debit: int
    credit: int
    balance: int
    product: str = ""
    """Empty: of all products, or of accounts as a whole."""


async def close_period(connection: asyncpg.Connection, through: date) -> date | None:
    """Close the accounting periods through a day; return the last closed day, or None if the day is not over."""
    closed: date | None = await connection.fetchval(SQL["close_period"], through)
    return closed


async def suspended(connection: asyncpg.Connection) -> list[Suspended]:
    """Return the accounts on which an internal check failed, at most 1,000."""
    return [Suspended(*row) for row in await connection.fetch(SQL["suspended"])]


async def reviews(connection: asyncpg.Connection, product: str | None, limit: int) -> list[Review]:
    """Return applications that wait for an officer, the most pressing first."""
    return [Review(*row) for row in await connection.fetch(SQL["reviews"], product, limit)]


async def proposals(connection: asyncpg.Connection, product: str | None, limit: int) -> list[WaitingProposal]:
    """Return proposed changes of terms that wait for an officer, the oldest first."""
    return [WaitingProposal(*row) for row in await connection.fetch(SQL["proposals"], product, limit)]


async def contract_text(connection: asyncpg.Connection, account: int, agreement: int) -> ContractTextRow | None:
    """Return the sealed text of a contract that was offered, if there is one."""
    row = await connection.fetchrow(SQL["contract_text"], account, agreement)
    return None if row is None else ContractTextRow(*row)


async def chain_of(connection: asyncpg.Connection, account: int) -> list[tuple[EventRow, datetime | None]]:
    """Return all events of an account as they are stored, oldest first, each with when it was recorded."""
    return [(EventRow(*row), at) for *row, at in await connection.fetch(SQL["chain"], account)]


async def assign(connection: asyncpg.Connection, shards: int) -> None:
    """Spread the slots over shards 0 to n-1 and fence all present owners, whose sessions end.

    What they had only begun is undone: leases come home, people who were claimed and not identified are free.
    """
    assert 1 <= shards <= SLOTS
    await connection.execute(SQL["end_sessions"], "tenor-shard-%")
    async with connection.transaction():
        await connection.execute(SQL["add_shards"], shards)
        await connection.execute(SQL["raise_all_epochs"])
        await connection.execute(SQL["spread_slots"], shards, SLOTS)
        await connection.execute(SQL["free_people"])
        await return_leases(connection)


async def unfit_settings(connection: asyncpg.Connection) -> list[str]:
    """Return the server's settings with which no book may be kept; none if it is fit."""
    return [setting for (setting,) in await connection.fetch(SQL["unfit_settings"])]


async def open_book(connection: asyncpg.Connection, business_date: date) -> date:
    """Open the book on its first day if it never was; returns the business date in force."""
    await connection.execute(SQL["open_book"], business_date)
    in_force: date = await connection.fetchval(SQL["business_date"])
    return in_force


async def cut(connection: asyncpg.Connection, close: date) -> bool:
    """Turn the business date from `close` to the day after; False, and nothing done, if it is not `close`."""
    status: str = await connection.execute(SQL["cut"], close)
    return status == "INSERT 0 1"


async def finish_close(connection: asyncpg.Connection, close: date, accounts: int, events: int) -> bool:
    """Record that every account is past the cut of `close`; False if that is on record or the day was not cut."""
    async with connection.transaction():
        await connection.execute(SQL["lock_day_close"])
        if await connection.execute(SQL["mark_finished"], close, accounts, events) != "UPDATE 1":
            return False
        await _append(connection, DayClosed(close, accounts, events))
    return True


async def accrual(connection: asyncpg.Connection, as_of: date) -> list[Accrual]:
    """Return what active loans have accrued as of a date, by currency and product."""
    return [Accrual(*row) for row in await connection.fetch(SQL["accrual"], as_of)]


async def book_accrual(connection: asyncpg.Connection, close: date, as_of: date) -> list[AccrualBooked]:
    """Bring the accrual accounts to the sums over loans as of a date, posted on the closed date; once for each."""
    async with connection.transaction(isolation="repeatable_read"):
        await connection.execute(SQL["lock_day_close"])
        if await connection.execute(SQL["mark_accrued"], close) != "UPDATE 1":
            return []
        booked = _differences(close, await accrual(connection, as_of), await _balances(connection))
        for event in booked:
            await _post(connection, event)
    return booked


async def trial_balance(
    connection: asyncpg.Connection, as_of: date | None, *, by_product: bool = False
) -> list[TrialBalance]:
    """Return every GL account's sums up to a posting date, or of all postings; in all, or for each product."""
    return [TrialBalance(*row) for row in await connection.fetch(SQL["trial_balance"], as_of, by_product)]


async def _balances(connection: asyncpg.Connection) -> Balances:
    """Return the accrual accounts' balances by currency and product."""
    balances: Balances = {}
    for currency, product, gl, balance in await connection.fetch(SQL["balances"], ACCRUAL_ACCOUNTS):
        balances.setdefault((currency, product), {})[gl] = balance
    return balances


def _differences(on: date, sums: list[Accrual], balances: Balances) -> list[AccrualBooked]:
    """Return what has to be booked; a product without active loans comes down to zero."""
    accrued = {(row.currency, row.product): row for row in sums}
    booked = []
    for currency, product in sorted(accrued.keys() | balances.keys()):
        row, present = (
            accrued.get((currency, product), Accrual(currency, product)),
            balances.get((currency, product), {}),
        )
        changes = {
            "interest": row.interest - present.get(Gl.ACCRUED_INTEREST, 0),
            "penalty": row.penalty - present.get(Gl.ACCRUED_PENALTY, 0),
            "interest_suspended": row.interest_suspended + present.get(Gl.INTEREST_SUSPENDED, 0),
            "penalty_suspended": row.penalty_suspended + present.get(Gl.PENALTY_SUSPENDED, 0),
        }
        if any(changes.values()):
            booked.append(AccrualBooked(on, currency, product, loans=row.loans, **changes))
    return booked


async def _post(connection: asyncpg.Connection, event: AccrualBooked) -> None:
    """Append the event and its entry."""
    seq = await _append(connection, event)
    lines = journalize_accrual(event)
    codes, amounts = [line.gl for line in lines], [line.amount for line in lines]
    await connection.execute(SQL["append_postings"], BOOK_ACCOUNT, seq, event.on, codes, amounts)
    rows = [
        (event.on, event.currency, event.product, line.gl, max(line.amount, 0), max(-line.amount, 0)) for line in lines
    ]
    await connection.execute(SQL["add_to_ledger"], BOOK_SHARD, *zip(*rows, strict=True))


async def _append(connection: asyncpg.Connection, event: BookEvent) -> int:
    """Append an event to the book's own chain; returns its sequence number. The caller holds the day close's lock."""
    head = await connection.fetchrow(SQL["head"], BOOK_ACCOUNT)
    seq, previous = (head["seq"] + 1, head["hash"]) if head else (1, GENESIS)
    body = _encode(event)
    kind = event.__struct_config__.tag
    digest = sha256(previous + body).digest()
    await connection.execute(SQL["append_event"], BOOK_ACCOUNT, seq, kind, event.on, event.on, body, digest)
    return int(seq)
