"""The proof of the books passes on a clean book and finds each planted corruption by the right check."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import get_args
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.embedded.servers import EmbeddedPostgres
from adapters.verification.verify import CHECKS, VerifyReport, verify
from core.book import BookEvent
from core.events import Event
from core.origination.events import OriginationEvent
from tests.integration.books import Book, fresh_database, live_through, opened
from tests.integration.servicing import serve


def built(postgres: EmbeddedPostgres, live: Callable[[Book], Awaitable[None]]) -> str:
    """Return the DSN of a new book that has been lived through."""

    async def build() -> str:
        dsn = await fresh_database(postgres.dsn)
        async with opened(dsn) as book:
            await live(book)
        return dsn

    return asyncio.run(build())


@pytest.fixture(scope="module")
def lived(postgres: EmbeddedPostgres) -> str:
    """A book of plain loans; each test corrupts a copy."""
    return built(postgres, live_through)


@pytest.fixture(scope="module")
def served(postgres: EmbeddedPostgres) -> str:
    """A book in which everything has happened."""
    return built(postgres, serve)


def corrupted(postgres: EmbeddedPostgres, lived: str, *statements: str) -> VerifyReport:
    """Verify a copy of the book after these statements changed it."""

    async def run() -> VerifyReport:
        dsn = await fresh_database(postgres.dsn, urlsplit(lived).path[1:])
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                assert not (await connection.execute(statement)).endswith(" 0"), "it must change something"
        finally:
            await connection.close()
        return await verify(dsn, processes=1)

    return asyncio.run(run())


def found(report: VerifyReport) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def test_a_clean_book_is_proved(lived: str) -> None:
    seen: list[tuple[str, int, int]] = []
    report = asyncio.run(verify(lived, lambda *step: seen.append(step)))
    assert report.ok == 1, report
    assert [check.name for check in report.checks] == list(CHECKS)
    compared = {check.name: check.compared for check in report.checks}
    # In this book nobody signs and no bank pays out; tests/integration/test_origination.py has both.
    assert min(number for name, number in compared.items() if name not in ("pools", "signatures")) > 0, compared
    assert compared["hash_chain"] > 100
    assert compared["requests"] == 50
    assert seen[-1] == ("accounts", 12, 12)


def test_a_book_in_which_everything_happened_is_proved(served: str) -> None:
    async def kinds() -> set[int]:
        connection = await asyncpg.connect(served)
        try:
            return {row["kind"] for row in await connection.fetch("SELECT DISTINCT kind FROM event")}
        finally:
            await connection.close()

    report = asyncio.run(verify(served, processes=1))
    assert report.ok == 1, [check for check in report.checks if not check.ok]
    kinds_of_loans = set(get_args(Event | BookEvent)) - set(get_args(OriginationEvent))
    assert asyncio.run(kinds()) == {kind.__struct_config__.tag for kind in kinds_of_loans}


def test_a_book_without_accounts_is_proved(postgres: EmbeddedPostgres) -> None:
    async def run() -> VerifyReport:
        dsn = await fresh_database(postgres.dsn)
        async with opened(dsn):
            return await verify(dsn)

    assert asyncio.run(run()).ok == 1


PAYMENT = "(SELECT seq FROM event WHERE account_id = 1 AND kind = 16 ORDER BY seq LIMIT 1)"
LAST = "(SELECT max(seq) FROM event WHERE account_id = 1)"
CORRUPTIONS = {
    "an edited body": (
        f"UPDATE event SET body = set_byte(body, length(body) - 2, 1) WHERE account_id = 1 AND seq = {PAYMENT}",
        {"hash_chain", "postings", "snapshots", "control"},
    ),
    "a body that is no event": (
        f"UPDATE event SET body = '\\x00' WHERE account_id = 1 AND seq = {PAYMENT}",
        {"hash_chain", "event_columns", "postings", "snapshots", "control", "accrual", "requests"},
    ),
    "an edited amount of a posting": (
        f"UPDATE posting SET amount = amount + 1 WHERE account_id = 1 AND seq = {PAYMENT} AND gl = 100201",
        {"trial_balance", "entries", "ledger", "postings"},
    ),
    "a posting moved to another day": (
        f"UPDATE posting SET posted_on = posted_on + 1 WHERE account_id = 1 AND seq = {PAYMENT}",
        {"ledger", "postings"},
    ),
    "postings deleted": (
        f"DELETE FROM posting WHERE account_id = 1 AND seq = {PAYMENT}",
        {"ledger", "postings"},
    ),
    "a deleted event": (
        f"DELETE FROM event WHERE account_id = 1 AND seq = {PAYMENT}",
        {"sequence", "hash_chain", "postings", "snapshots", "control", "accrual", "requests"},
    ),
    "a cut tail": (
        "DELETE FROM event WHERE account_id = 10 AND posted_on = (SELECT business_date - 2 FROM book)",
        {"postings", "snapshots", "control", "accrual", "requests"},
    ),
    "a whole account's events gone": (
        "DELETE FROM event WHERE account_id = 2",
        {"postings", "snapshots", "control", "accrual", "requests"},
    ),
    "a swapped hash": (
        f"UPDATE event SET hash = sha256(hash) WHERE account_id = 1 AND seq = {LAST}",
        {"hash_chain"},
    ),
    "an event moved in time": (
        f"UPDATE event SET effective_on = effective_on - 1 WHERE account_id = 1 AND seq = {LAST}",
        {"event_columns"},
    ),
    "a changed account": ("UPDATE account SET unapplied = unapplied + 1 WHERE account_id = 1", {"snapshots"}),
    "a changed principal": ("UPDATE loan SET principal = principal - 1 WHERE loan_id = 10001", {"snapshots"}),
    "a changed state": (
        "UPDATE loan SET state = (SELECT state FROM loan WHERE loan_id = 120001) WHERE loan_id = 10001",
        {"snapshots"},
    ),
    "a wake-up that is late": ("UPDATE loan SET wake_on = wake_on + 60 WHERE loan_id = 10001", {"snapshots"}),
    "a changed period": (
        "UPDATE loan SET period_interest = period_interest + 500 WHERE loan_id = 10001",
        {"snapshots", "accrual"},
    ),
    "a changed penalty": (
        "UPDATE loan SET penalty_ppb = penalty_ppb * 2 WHERE loan_id = 110001",
        {"snapshots", "accrual"},
    ),
    "a lost contract": ("DELETE FROM contract WHERE loan_id = 10001", {"snapshots"}),
    "a changed ledger day": (
        "UPDATE ledger_day SET debit = debit + 1 WHERE gl = 130301 AND posted_on = '2026-01-05'",
        {"trial_balance", "ledger", "control"},
    ),
    "a deleted ledger day": ("DELETE FROM ledger_day WHERE gl = 224101", {"trial_balance", "ledger", "control"}),
    "an event of the book itself changed": (
        "UPDATE event SET hash = sha256(hash) WHERE account_id = 0 AND seq = 2",
        {"hash_chain"},
    ),
    "a request with an account of its own": (
        "UPDATE request SET account_id = 98 WHERE account_id = 1 AND substr(reply, 9, 20) LIKE '%received%'::bytea",
        {"requests"},
    ),
    "one payment acknowledged twice": (
        "INSERT INTO request SELECT gen_random_uuid(), account_id, recorded_on, fingerprint, reply "
        "FROM request WHERE account_id = 2 ORDER BY recorded_on DESC LIMIT 1",
        {"requests"},
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_planted_corruption_is_found(postgres: EmbeddedPostgres, lived: str, name: str) -> None:
    statement, expected = CORRUPTIONS[name]
    report = corrupted(postgres, lived, statement)
    assert report.ok == 0
    assert found(report) == expected, [check for check in report.checks if not check.ok]
    assert all(check.detail for check in report.checks if not check.ok)


def restatement(account: int) -> str:
    """Return what follows SELECT to find the first restatement of an account."""
    return f"FROM event WHERE account_id = {account} AND kind = 21 ORDER BY seq LIMIT 1"


SERVICING_CORRUPTIONS = {
    "another account's restatement": (
        f"UPDATE event SET body = (SELECT body {restatement(27)}) "
        f"WHERE (account_id, seq) = (SELECT account_id, seq {restatement(21)})",
        {"hash_chain", "postings", "snapshots", "control", "accrual"},
    ),
    "half of a restatement's entry": (
        f"DELETE FROM posting WHERE amount > 0 AND (account_id, seq) = (SELECT account_id, seq {restatement(21)})",
        {"trial_balance", "entries", "ledger", "postings"},
    ),
    "interest that was paid before it was earned": (
        "UPDATE loan SET period_earned = 0 WHERE loan_id = 200001",
        {"snapshots", "accrual"},
    ),
    "a penalty without its cap": (
        "UPDATE loan SET penalty_base = jsonb_set(penalty_base::jsonb, '{0, 3}', '1')::text WHERE loan_id = 230001",
        {"snapshots", "accrual"},
    ),
    "a schedule that payments did not move": (
        "UPDATE contract SET body = (SELECT body FROM contract WHERE loan_id = 220001) WHERE loan_id = 210001",
        {"snapshots"},
    ),
}


@pytest.mark.parametrize("name", SERVICING_CORRUPTIONS)
def test_a_corruption_planted_where_everything_happened_is_found(
    postgres: EmbeddedPostgres, served: str, name: str
) -> None:
    statement, expected = SERVICING_CORRUPTIONS[name]
    assert found(corrupted(postgres, served, statement)) == expected
