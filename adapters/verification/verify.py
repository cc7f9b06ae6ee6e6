"""The proof of the books on a live database: every stored number is derived again from the events."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import pairwise
from multiprocessing import get_context
from typing import Final

import asyncpg
from msgspec import Struct

from accounting.chart import dotted
from accounting.subledger import CONTROL
from adapters.postgres.book import Accrual, accrual
from adapters.postgres.pools import unbalanced
from adapters.verification.account import check_entries, check_events
from adapters.verification.account_range import SQL, check_range, reading, share
from adapters.verification.signatures import Seals
from adapters.verification.snapshots import Row
from adapters.verification.tally import Check, Tally
from core.book import BOOK_ACCOUNT, AccrualBooked

CHECKS: Final = (
    "trial_balance",
    "entries",
    "ledger",
    "control",
    "sequence",
    "hash_chain",
    "event_columns",
    "postings",
    "snapshots",
    "accrual",
    "requests",
    "credit_files",
    "signatures",
    "pools",
)
LAST_ACCOUNT: Final = 9 * 10**14
"""Above every account id; ten thousand times it is still a bigint."""
POLL_SECONDS: Final = 0.1

Progress = Callable[[str, int, int], None]
"""Called with what is being counted, how many are done, and how many there are."""
Sums = dict[tuple[date, int, str], tuple[int, int]]
"""Debits and credits by posting date, GL account and currency."""


class VerifyReport(Struct, frozen=True):
    """The result of all checks."""

    ok: int
    """1 if nothing was found."""
    checks: list[Check]


async def verify(
    dsn: str, progress: Progress | None = None, processes: int = 2, seals: Seals | None = None
) -> VerifyReport:
    """Prove the books as they are at this moment; commits go on meanwhile. `seals` lets signatures be checked again."""
    async with reading(dsn, None) as connection:
        snapshot: str = await connection.fetchval(SQL["export_snapshot"])
        on: date = await connection.fetchval(SQL["business_date"])
        shares = [part / processes for part in range(1, processes)]
        edges, accounts = await connection.fetchrow(SQL["edges"], shares)
        borders = sorted({BOOK_ACCOUNT + 1, LAST_ACCOUNT, *(edges or ())})
        ranges = asyncio.create_task(_ranges(dsn, snapshot, borders, on, accounts, progress, seals))
        try:
            tally, ledger = await _book(connection)
            accruals = await accrual(connection, on)
            leases = await connection.fetch(SQL["pool_sums"])
            faults = await unbalanced(connection)
        finally:
            counted = await ranges
        tally.add(counted)
    _compare_control(tally, ledger)
    _compare_accrual(tally, accruals)
    _compare_pools(tally, leases, faults)
    checks = [tally.check(name) for name in CHECKS]
    return VerifyReport(int(all(check.ok for check in checks)), checks)


async def _ranges(
    dsn: str,
    snapshot: str,
    borders: list[int],
    on: date,
    accounts: int,
    progress: Progress | None,
    seals: Seals | None,
) -> Tally:
    """Check all accounts, a process for each range between two borders."""
    # Spawned: a forked child would inherit our connection and event loop.
    context = get_context("spawn")
    done = context.Value("q", 0)
    tally, loop = Tally(), asyncio.get_running_loop()
    with ProcessPoolExecutor(len(borders) - 1, context, share, (done,)) as pool:
        parts = [
            loop.run_in_executor(pool, check_range, dsn, snapshot, low, high, on, seals)
            for low, high in pairwise(borders)
        ]
        waiting: set[asyncio.Future[Tally]] = set(parts)
        while waiting:
            _, waiting = await asyncio.wait(waiting, timeout=POLL_SECONDS)
            if progress is not None:
                progress("accounts", done.value, accounts)
        for part in parts:
            tally.add(part.result())
    return tally


async def _book(connection: asyncpg.Connection) -> tuple[Tally, Sums]:
    """Check the book's own events and the running sums; return those too."""
    tally = Tally()
    events = check_events(tally, BOOK_ACCOUNT, await connection.fetch(SQL["events"], BOOK_ACCOUNT, BOOK_ACCOUNT + 1))
    postings = await connection.fetch(SQL["postings"], BOOK_ACCOUNT, BOOK_ACCOUNT + 1)
    check_entries(tally, BOOK_ACCOUNT, events, postings)
    posted = _sums(await connection.fetch(SQL["posted"]))
    for _, seq, gl, _, amount, posted_on in postings:
        event = events[seq].event if seq in events else None
        key = (posted_on, gl, event.currency if isinstance(event, AccrualBooked) else "none")
        debit, credit = posted.get(key, (0, 0))
        posted[key] = (debit + max(amount, 0), credit + max(-amount, 0))
    ledger = _sums(await connection.fetch(SQL["ledger"]))
    for day, gl, currency in sorted(posted.keys() | ledger.keys()):
        key = (day, gl, currency)
        tally.compare("ledger", f"{day} {gl} {currency}", ledger.get(key, (0, 0)), posted.get(key, (0, 0)))
    for name, sums in (("postings", posted), ("ledger", ledger)):
        for currency, balance in sorted(_balances(sums).items()):
            tally.compare("trial_balance", f"{currency}, {name}: debits less credits", balance, 0)
    return tally, ledger


def _sums(rows: Iterable[Row]) -> Sums:
    return {(day, gl, currency): (debit, credit) for day, gl, currency, debit, credit in rows}


def _balances(sums: Sums) -> Counter[str]:
    """Return debits less credits by currency."""
    balances: Counter[str] = Counter()
    for (_, _, currency), (debit, credit) in sums.items():
        balances[currency] += debit - credit
    return balances


def _compare_control(tally: Tally, ledger: Sums) -> None:
    """Each control account must hold the sum of its sub-ledger."""
    held: Counter[tuple[str, int]] = Counter()
    for (_, gl, currency), (debit, credit) in ledger.items():
        if gl in CONTROL:
            held[currency, gl] += debit - credit
    for currency, gl in sorted(held.keys() | tally.control.keys()):
        tally.compare("control", f"{dotted(gl)} {currency}", held[currency, gl], tally.control[currency, gl])


def _compare_accrual(tally: Tally, accruals: Iterable[Accrual]) -> None:
    """The accrual over the loans' columns must be the one over the loans that the events build up."""
    stored: Counter[tuple[str, str, str]] = Counter()
    for row in accruals:
        for kind in ("interest", "penalty", "loans", "interest_suspended", "penalty_suspended"):
            stored[row.currency, row.product, kind] += getattr(row, kind)
    for key in sorted(stored.keys() | tally.accrual.keys()):
        tally.compare("accrual", " ".join(key), stored[key], tally.accrual[key])


def _compare_pools(tally: Tally, leases: Iterable[Row], faults: Iterable[tuple[str, str]]) -> None:
    """What pools count as reserved and spent must be the payouts that the events tell of; their parts must add up."""
    stored: Counter[tuple[str, str, str]] = Counter()
    for name, day, reserved, spent in leases:
        stored[name, day.isoformat(), "reserved"] += reserved
        stored[name, day.isoformat(), "spent"] += spent
    for key in sorted(stored.keys() | tally.pools.keys()):
        tally.compare("pools", " ".join(key), stored[key], tally.pools[key])
    for name, fault in faults:
        tally.differ("pools", f"pool {name}: {fault}")
