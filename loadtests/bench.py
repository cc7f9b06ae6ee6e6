"""The benches: durable repayments a second beside the floor, and what a day close costs. Each starts its own system."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from adapters.settings import Settings
from adapters.system import System
from core.commands import Repay
from core.contract.terms import DayCount, Rate, Terms, installment_total
from core.schedule.plan import schedule
from loadtests import floor, ledger, peak
from loadtests.book import CHANNEL, Progress, close_days, fill, trial_difference
from loadtests.client import Client
from loadtests.machine import machine

OPENED_ON: Final = date(2026, 1, 5)
PRODUCT: Final = "bench"
SINGLES: Final = 300
NOT_DUE_DAYS: Final = 40
GRACE_DAYS: Final = 30


class BenchRepay(Struct, frozen=True, kw_only=True):
    """Durable repayments a second, through HTTP, and the same rows from a bare client."""

    repayments_per_s: float
    floor_per_s: float
    ratio: float
    p50_ms: float
    p99_ms: float
    single_p50_ms: float
    """One repayment at a time, on the idle system."""
    wal_bytes_per_repayment: int
    acknowledged: int
    lost: int
    doubled: int
    trial_balance: int
    loans: int
    batch: int
    shards: int
    seconds: float
    resent: int
    floor_seconds: float
    commits: int
    machine: str


class CloseFigures(Struct, frozen=True):
    """One day close."""

    loans: int
    accounts: int
    """Accounts that had work."""
    events: int
    seconds: float
    loans_per_s: float
    """Accounts with work, a second."""


class BenchClose(Struct, frozen=True, kw_only=True):
    """A day close, and one with equal work due on a book of twice the size."""

    loans: int
    accounts: int
    events: int
    seconds: float
    loans_per_s: float
    double: CloseFigures
    trial_balance: int
    machine: str


@asynccontextmanager
async def running(shards: int, progress: Progress) -> AsyncIterator[System]:
    """Run a system on a new book."""
    with new_book(shards) as settings:
        async with System(settings, lambda what: progress(what, 1, 1)) as system:
            yield system


@contextmanager
def new_book(shards: int) -> Iterator[Settings]:
    """Lend the settings of a system on a new book; its directory's parent is its own too, and goes with it."""
    with TemporaryDirectory(prefix="tenor-bench-", ignore_cleanup_errors=True) as home:
        yield Settings(data_dir=str(Path(home, "book")), http_port=0, business_date=OPENED_ON, shards=shards)


def terms(days: int) -> Terms:
    """Return the terms of a small loan, 12 installments, whose first falls due this many days after the opening."""
    return Terms(
        product=PRODUCT,
        principal=120_000,
        rate=Rate(120_000_000),
        installments=12,
        first_due=OPENED_ON + timedelta(days=days),
        first_day_count=DayCount.ACT_365,
        penalty_rate=Rate(240_000_000),
        grace_days=GRACE_DAYS,
        reminder_days=0,
    )


async def bench_repay(
    progress: Progress, loans: int = 100_000, repayments: int = 100_000, batch: int = 500, shards: int = 2
) -> BenchRepay:
    """Measure the peak on a book whose loans all fell due today."""
    due = OPENED_ON + timedelta(days=1)
    async with running(shards, progress) as system:
        url, dsn = system.base_url, system.postgres_dsn
        await fill(url, ((account, terms(1)) for account in range(1, loans + 1)), loans, progress)
        await close_days(url, due)
        await floor.prepare(dsn, shards)
        await floor.drained(dsn)
        orders = peak.repayments(_amounts(loans, repayments))
        wal = await ledger.figure(dsn, "wal_position")
        outcome = await peak.run(url, orders, batch, lambda done: progress("repayments", done, len(orders)))
        wal = await ledger.figure(dsn, "wal_position") - wal
        progress("repayments", len(orders), len(orders))
        found = await ledger.reconcile(dsn, outcome.acknowledged, due)
        bare = await floor.measure(dsn, shards, due, PRODUCT)
        return BenchRepay(
            repayments_per_s=outcome.peak.repayments_per_s,
            floor_per_s=bare.per_s,
            ratio=round(outcome.peak.repayments_per_s / bare.per_s, 3),
            p50_ms=outcome.peak.latency.p50,
            p99_ms=outcome.peak.latency.p99,
            single_p50_ms=await _single(url, min(SINGLES, loans)),
            wal_bytes_per_repayment=wal // max(1, len(outcome.acknowledged)),
            acknowledged=len(outcome.acknowledged),
            lost=found.lost,
            doubled=found.doubled,
            trial_balance=await trial_difference(url),
            loans=loans,
            batch=batch,
            shards=shards,
            seconds=outcome.peak.seconds,
            resent=outcome.peak.resent,
            floor_seconds=bare.seconds,
            commits=bare.commits,
            machine=machine(),
        )


async def bench_close(progress: Progress, loans: int = 100_000, due_share: float = 0.1, shards: int = 2) -> BenchClose:
    """Close a day on which a share of the book has work; then double the book, and close one with as much."""
    work = round(loans * due_share)
    async with running(shards, progress) as system:
        url = system.base_url
        await fill(url, _book(1, loans, work, 1), loans, progress, "book")
        first = await _close(url, loans, OPENED_ON + timedelta(days=1))
        await fill(url, _book(loans + 1, loans, work, 2), loans, progress, "as many again")
        second = await _close(url, 2 * loans, OPENED_ON + timedelta(days=2))
        return BenchClose(
            loans=loans,
            accounts=first.accounts,
            events=first.events,
            seconds=first.seconds,
            loans_per_s=first.loans_per_s,
            double=second,
            trial_balance=await trial_difference(url),
            machine=machine(),
        )


def _book(first: int, count: int, work: int, days: int) -> list[tuple[int, Terms]]:
    """Return accounts of which `work`, spread over the book, fall due `days` after the opening."""
    soon, later = terms(days), terms(NOT_DUE_DAYS)
    return [(first + n, soon if n * work % count < work else later) for n in range(count)]


async def _close(url: str, loans: int, opens: date) -> CloseFigures:
    closed = await close_days(url, opens)
    per_s = round(closed.accounts / closed.seconds, 1)
    return CloseFigures(loans, closed.accounts, closed.events, closed.seconds, per_s)


def _amounts(loans: int, repayments: int) -> Sequence[tuple[int, int]]:
    """Return the installments as repayments: whole ones, or in as many parts as there are to be more repayments."""
    installment = installment_total(schedule(terms(1), OPENED_ON)[0])
    parts = -(-repayments // loans)
    return [(n % loans + 1, installment // parts) for n in range(repayments)]


async def _single(url: str, count: int) -> float:
    """Return the median of sending one repayment after another, in milliseconds."""
    seconds = []
    async with Client(url, CHANNEL) as client:
        for account in range(1, count + 1):
            began = time.perf_counter()
            await client.repay(f"single-{account}", Repay(account=account, amount=100))
            seconds.append(time.perf_counter() - began)
    return peak.latency(seconds).p50
