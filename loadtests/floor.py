"""The floor: what a bare asyncpg client reaches that writes the same rows into the same server.

It replays the rows that the system's own commits wrote at the peak, commit by commit, into tables of the same
structure: the epoch check, events, postings, requests, loans and running sums, with the same durability and as many
concurrent writers as there are shards. What it does without is everything that is Tenor's.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from typing import Final

import asyncpg
from msgspec import Struct, field

from accounting.journalize import Posting
from actors.messages import Received, reply_decoder
from actors.rows import EntryRow, EventRow, GroupCommit, LedgerRow, LoanRow, RequestRow
from adapters.outlet_process import NAME
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.migrate import MIGRATIONS
from adapters.postgres.outlet_source import events_behind
from core.identity import loan_id, slot_of
from loadtests.book import CURRENCY
from loadtests.ledger import SQL, reading

FIRST_SHARD: Final = 1_000
DRAIN_POLL_SECONDS: Final = 0.2
DRAIN_POLLS: Final = 300


class Floor(Struct, frozen=True):
    """What the bare client did."""

    repayments: int
    commits: int
    seconds: float
    per_s: float


class _Rows(Struct):
    """Rows of the journal by the event that they belong to, or by their loan."""

    lines: dict[tuple[int, int], list[Posting]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[tuple[int, int], RequestRow] = {}
    loans: dict[int, LoanRow] = {}


async def prepare(dsn: str, shards: int) -> None:
    """Make the floor's tables, its loans as they are before the peak."""
    async with reading(dsn) as source:
        target = await asyncpg.connect(dsn)
        try:
            await target.execute(SQL["floor_schema"])
            await target.execute("SET search_path = floor")
            for migration in sorted(MIGRATIONS.glob("*.sql")):
                await target.execute(migration.read_text(encoding="utf-8"))
            for table in ("book", "loan"):
                rows = BytesIO()
                await source.copy_from_table(table, output=rows)
                await target.copy_to_table(table, source=BytesIO(rows.getvalue()))
            await target.execute(SQL["floor_shards"], FIRST_SHARD, shards)
        finally:
            await target.close()


async def measure(dsn: str, shards: int, on: date, product: str) -> Floor:
    """Write the peak's rows again; all of them are in memory before the clock starts."""
    await drained(dsn)
    commits = await _commits(dsn, shards, on, product)
    writers = [PostgresJournal(f"{dsn}&search_path=floor", FIRST_SHARD + shard) for shard in range(shards)]
    claims = [await writer.claim(FIRST_SHARD + shard) for shard, writer in enumerate(writers)]

    async def write(shard: int) -> None:
        for commit in commits[shard]:
            await writers[shard].commit(claims[shard], commit)

    began = time.perf_counter()
    await asyncio.gather(*(write(shard) for shard in range(shards)))
    seconds = time.perf_counter() - began
    for writer in writers:
        await writer.close()
    repayments = sum(len(commit.requests) for lane in commits for commit in lane)
    return Floor(repayments, sum(map(len, commits)), round(seconds, 3), round(repayments / seconds, 1))


async def drained(dsn: str) -> None:
    """Wait until nothing of the system works in the background."""
    async with reading(dsn) as connection:
        for _ in range(DRAIN_POLLS):
            if not await events_behind(connection, NAME):
                return
            await asyncio.sleep(DRAIN_POLL_SECONDS)


async def _commits(dsn: str, shards: int, on: date, product: str) -> list[list[GroupCommit]]:
    """Return each shard's commits of the peak, in order."""
    async with reading(dsn) as connection:
        events = await connection.fetch(SQL["floor_events"], on)
        rows = _Rows()
        for account, seq, *line in await connection.fetch(SQL["floor_postings"], on):
            rows.lines[account, seq].append(Posting(*line))
        for request in await connection.fetch(SQL["floor_requests"], on):
            said = reply_decoder.decode(request["reply"])
            if isinstance(said, Received):
                rows.requests[said.account, said.payment] = RequestRow(*request)
        rows.loans = {row["loan_id"]: LoanRow(*row) for row in await connection.fetch(SQL["floor_loans"])}
    by_commit: dict[int, list[EventRow]] = defaultdict(list)
    for txid, *event in events:
        by_commit[txid].append(EventRow(*event))
    lanes: list[list[GroupCommit]] = [[] for _ in range(shards)]
    for batch in by_commit.values():
        lanes[slot_of(batch[0].account_id) % shards].append(_commit(batch, rows, on, product))
    return lanes


def _commit(events: list[EventRow], rows: _Rows, on: date, product: str) -> GroupCommit:
    keys = [(event.account_id, event.seq) for event in events]
    entries = [EntryRow(*key, on, rows.lines[key]) for key in keys if key in rows.lines]
    return GroupCommit(
        events=events,
        entries=entries,
        requests=[rows.requests[key] for key in keys if key in rows.requests],
        loans=[rows.loans[loan_id(account, 1)] for account in dict.fromkeys(account for account, _ in keys)],
        ledger=_ledger(entries, on, product),
    )


def _ledger(entries: Iterable[EntryRow], on: date, product: str) -> list[LedgerRow]:
    debits, credits_ = Counter[int](), Counter[int]()
    for line in (line for entry in entries for line in entry.lines):
        side = debits if line.amount > 0 else credits_
        side[line.gl] += abs(line.amount)
    return [LedgerRow(on, CURRENCY, product, gl, debits[gl], credits_[gl]) for gl in sorted({*debits, *credits_})]
