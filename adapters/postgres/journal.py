"""The journal in Postgres: one transaction for each group commit, fenced by the shard's epoch."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final, Self

import asyncpg

from actors.protocols import Fenced, JournalUnavailable, OutcomeUnknown, RequestTaken
from actors.rows import Claim, ContractRow, GroupCommit, Loaded, LoanRow, Recorded, StoredEvent
from adapters.postgres.encoding import (
    EVENT_COLUMNS,
    LOAN_COLUMNS,
    POSTING_COLUMNS,
    REQUEST_COLUMNS,
    event_rows,
    loan_rows,
    posting_rows,
    request_rows,
)
from adapters.postgres.funding import write_leases
from adapters.postgres.queries import SQL
from adapters.postgres.session import Session, roll_back
from adapters.snapshot import rebuild

CLAIM_ATTEMPTS: Final = 50
"""A claim ends the former owner's sessions again after each short wait: at most 10 s in all."""
COMMIT_SETTINGS: Final = {
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "3s",
    "transaction_timeout": "30s",
    "plan_cache_mode": "force_generic_plan",
}
"""An owner that froze inside a commit must not hold its shard's row for long."""


class PostgresJournal:
    """Implements actors.protocols.Journal; commits and reads have a connection each."""

    def __init__(self, dsn: str, shard: int | None) -> None:
        """Prepare to connect; without a shard it only reads."""
        self._shard = shard
        self._writer = Session(dsn, f"tenor-shard-{shard}", COMMIT_SETTINGS)
        self._reader = Session(dsn, "tenor-read" if shard is None else f"tenor-read-{shard}", {})
        self._told: tuple[asyncpg.Connection, Claim] | None = None
        """Which claim the commit connection was told of."""
        self._claimed: Claim | None = None

    @classmethod
    async def connect(cls, dsn: str, shard: int | None) -> Self:
        """Connect for reads; raises JournalUnavailable."""
        journal = cls(dsn, shard)
        async with journal._reader.turn():
            return journal

    async def close(self) -> None:
        """Close both connections."""
        await self._writer.close()
        await self._reader.close()

    async def claim(self, shard: int) -> Claim:
        """Take the shard over: end its former owner's sessions and raise the epoch.

        Raises Fenced if somebody else took it since our last claim: whoever froze must not take it back.
        """
        assert shard == self._shard
        if self._claimed is not None and not await self.holds(self._claimed):
            raise Fenced(f"shard {shard}")
        async with self._writer.turn() as connection:
            for _ in range(CLAIM_ATTEMPTS):
                await connection.execute(SQL["end_sessions"], self._writer.name)
                try:
                    self._claimed = await _take(connection, shard)
                    return self._claimed
                except asyncpg.LockNotAvailableError:
                    continue
        raise JournalUnavailable(f"shard {shard}: its row stays locked")

    async def commit(self, claim: Claim, commit: GroupCommit) -> None:
        """Write all of it in one durable transaction, or raise and write none of it."""
        async with self._writer.turn() as connection:
            try:
                await self._tell(connection, claim)
                await _write(connection, claim.shard, commit)
            except asyncpg.UniqueViolationError as error:
                await roll_back(connection)
                # Any other key can only be there if somebody else wrote our account.
                taken = error.constraint_name == "request_pkey"
                raise (RequestTaken if taken else Fenced)(error.detail) from error
            except BaseException:
                await roll_back(connection)
                raise
            await _commit(connection)

    async def holds(self, claim: Claim) -> bool:
        """Return whether this claim is still the shard's latest."""
        async with self._reader.turn() as connection:
            epoch: int = await connection.fetchval(SQL["epoch"], claim.shard)
        return epoch == claim.epoch

    async def load(self, accounts: Sequence[int]) -> dict[int, Loaded]:
        """Return the accounts that exist."""
        async with self._reader.turn() as connection:
            rows = await connection.fetch(SQL["load"], list(dict.fromkeys(accounts)))
        return {account: _loaded(list(group)) for account, group in groupby(rows, itemgetter("account_id"))}

    async def recorded(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        """Return the request keys that are on record."""
        async with self._reader.turn() as connection:
            rows = await connection.fetch(SQL["recorded"], keys)
        return {key: Recorded(fingerprint, reply) for key, fingerprint, reply in rows}

    async def history(self, account: int) -> list[tuple[int, bytes]]:
        """Return (seq, body) of all events of an account, oldest first."""
        async with self._reader.turn() as connection:
            return [(seq, body) for seq, body in await connection.fetch(SQL["history"], account)]

    async def transactions(self, account: int, after: int, limit: int, kinds: Sequence[int] = ()) -> list[StoredEvent]:
        """Return the account's events after a sequence number, of some kinds alone if any are named, oldest first."""
        async with self._reader.turn() as connection:
            rows = await connection.fetch(SQL["transactions"], account, after, limit, kinds)
        return [StoredEvent(*row) for row in rows]

    async def due(self, slots: Sequence[int], on: date, limit: int) -> list[int]:
        """Return accounts in these slots that may have work on or before this date; suspended ones are left out."""
        async with self._reader.turn() as connection:
            return [account for (account,) in await connection.fetch(SQL["due"], slots, on, limit)]

    async def suspend(self, account: int, reason: str) -> None:
        """Mark an account as needing an operator."""
        async with self._reader.turn() as connection:
            await connection.execute(SQL["suspend"], account, reason)

    async def claim_people(self, people: Sequence[tuple[str, int]]) -> dict[str, int]:
        """See Journal. Nobody's commit waits for this: it is a transaction of its own."""
        async with self._reader.turn() as connection:
            await connection.execute(SQL["claim_people"], *zip(*people, strict=True))
        return await self.owners([person for person, _ in people])

    async def owners(self, people: Sequence[str]) -> dict[str, int]:
        """Return the accounts that have these people."""
        async with self._reader.turn() as connection:
            return dict(await connection.fetch(SQL["owners"], people))

    async def closed_through(self) -> date | None:
        """Return the last day of the accounting periods that are closed, if any is."""
        async with self._reader.turn() as connection:
            closed: date | None = await connection.fetchval(SQL["closed_through"])
            return closed

    async def business_date(self) -> date:
        """Return the open business date."""
        async with self._reader.turn() as connection:
            return await _business_date(connection)

    async def _tell(self, connection: asyncpg.Connection, claim: Claim) -> None:
        """Make the session ready for commits under a claim: `begin` looks for its epoch."""
        if self._told is None or self._told[0] is not connection or self._told[1] is not claim:
            await connection.execute(SQL["stage_loans"])
            await connection.execute(SQL["remember_claim"], claim.shard, claim.epoch)
            self._told = (connection, claim)


async def _take(connection: asyncpg.Connection, shard: int) -> Claim:
    async with connection.transaction():
        await connection.execute(SQL["wait_briefly"])
        epoch = await connection.fetchval(SQL["raise_epoch"], shard)
        if epoch is None:
            raise JournalUnavailable(f"shard {shard} is not assigned")
        slots = await connection.fetch(SQL["slots_of"], shard)
        business_date = await _business_date(connection)
    return Claim(shard, epoch, business_date, frozenset(slot for (slot,) in slots))


async def _business_date(connection: asyncpg.Connection) -> date:
    found: date | None = await connection.fetchval(SQL["business_date"])
    if found is None:
        raise JournalUnavailable("the book is not open")
    return found


async def _write(connection: asyncpg.Connection, shard: int, commit: GroupCommit) -> None:
    """Send everything but COMMIT."""
    if await connection.execute(SQL["begin"]) != "SELECT 1":
        raise Fenced(f"shard {shard}")
    await _append(connection, commit)
    if commit.accounts:
        await connection.execute(SQL["write_accounts"], *zip(*commit.accounts, strict=True))
    await _write_loans(connection, commit.loans, commit.contracts)
    if commit.ledger:
        await connection.execute(SQL["add_to_ledger"], shard, *zip(*commit.ledger, strict=True))
    if commit.files:
        await _write_beside(connection, commit)
    if commit.leases:
        # Last: others wait for these rows.
        await write_leases(connection, shard, commit.leases)


async def _write_beside(connection: asyncpg.Connection, commit: GroupCommit) -> None:
    """Write what precedes loans; none of it comes without a credit file that changed."""
    for name, rows in (
        ("write_files", commit.files),
        ("write_applications", commit.applications),
        ("write_proposals", commit.proposals),
        ("write_secrets", commit.secrets),
        ("write_contract_texts", commit.texts),
        ("write_payout_orders", commit.payouts),
    ):
        if rows:
            await connection.execute(SQL[name], *zip(*rows, strict=True))
    if commit.erased:
        await connection.execute(SQL["erase"], commit.erased)


async def _append(connection: asyncpg.Connection, commit: GroupCommit) -> None:
    copy = connection.copy_to_table
    if commit.events:
        await copy("event", source=event_rows(commit.events), columns=EVENT_COLUMNS, format="binary")
    if commit.entries:
        await copy("posting", source=posting_rows(commit.entries), columns=POSTING_COLUMNS, format="binary")
    if commit.requests:
        await copy("request", source=request_rows(commit.requests), columns=REQUEST_COLUMNS, format="binary")


async def _write_loans(connection: asyncpg.Connection, loans: list[LoanRow], contracts: list[ContractRow]) -> None:
    """Update loans; one that comes with its contract may be new, and is put on the book."""
    if not loans:
        assert not contracts, "a contract is written together with its loan"
        return
    await connection.copy_to_table("staged_loan", source=loan_rows(loans), columns=LOAN_COLUMNS, format="binary")
    updated = _count(await connection.execute(SQL["update_loans"]))
    assert len(loans) - len(contracts) <= updated <= len(loans), "a loan is on the book, and stands once in a commit"
    if contracts:
        *signed, bodies = zip(*contracts, strict=True)
        written = _count(await connection.execute(SQL["sign_loans"], *signed))
        assert written == len(contracts), "a contract is written together with its loan"
        await connection.execute(SQL["write_contracts"], signed[0], bodies)


def _count(status: str) -> int:
    """Return how many rows a statement touched."""
    return int(status.rpartition(" ")[2])


async def _commit(connection: asyncpg.Connection) -> None:
    """Send COMMIT; once it is sent, a lost answer means that nobody knows."""
    try:
        await connection.execute("COMMIT")
    except BaseException as error:
        connection.terminate()
        if isinstance(error, Exception):
            raise OutcomeUnknown(str(error)) from error
        raise


def _loaded(rows: Sequence[asyncpg.Record]) -> Loaded:
    """Return one account from its rows, one for each loan."""
    first = rows[0]
    loans = [(row["state"], row["body"]) for row in rows if row["state"] is not None]
    wakes = tuple(row["wake_on"] for row in rows if row["state"] is not None)
    account = rebuild(
        first["account_id"],
        first["currency"],
        first["opened_on"],
        first["credit_limit"],
        first["frozen"],
        first["unapplied"],
        first["deposit"],
        loans,
        first["file"],
    )
    return Loaded(account, first["seq"], first["hash"], wakes, first["suspended"])
