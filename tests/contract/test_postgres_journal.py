"""How the Postgres journal behaves when sessions die, freeze or lose their answer."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from actors.protocols import Fenced, JournalUnavailable, OutcomeUnknown
from actors.rows import GroupCommit
from adapters.postgres import book
from adapters.postgres.migrate import migrate
from adapters.postgres.queries import SQL
from core.identity import SLOTS
from tests.contract.building import PostgresStore, event, on_postgres, opening, repayment

CLAIM_SECONDS_MAX = 2


class Gate:
    """Holds a commit before its n-th statement until it is opened."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.statements: list[str] = []

    async def pass_through(self, statement: str) -> None:
        self.statements.append(statement)
        if len(self.statements) == self.number:
            self.reached.set()
            await self.open.wait()


gate: ContextVar[Gate | None] = ContextVar("gate", default=None)


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let gates stop the statements of the tasks that they are set for."""
    for name in ("execute", "copy_to_table"):
        monkeypatch.setattr(asyncpg.Connection, name, _gated(getattr(asyncpg.Connection, name)))


def _gated(original: Any) -> Any:
    async def stopped(self: Any, statement: str, *args: Any, **kwargs: Any) -> Any:
        if (current := gate.get()) is not None:
            await current.pass_through(statement)
        return await original(self, statement, *args, **kwargs)

    return stopped


async def _stopped_before(number: int, store: PostgresStore, account: int) -> tuple[Gate, asyncio.Task[None]]:
    """Start a commit of a soon stale owner and stop it before its n-th statement, or let it end."""
    journal = await store.journal(0)
    claim = await journal.claim(0)
    await journal.commit(claim, opening(account))
    stop = Gate(number)

    async def commit() -> None:
        gate.set(stop)
        full, more = repayment(account, 2, key=account), opening(account + 10_000)
        full.events += more.events
        full.accounts += more.accounts
        full.loans += more.loans
        full.contracts += more.contracts
        await journal.commit(claim, full)

    task = asyncio.create_task(commit())
    await asyncio.wait((task, reached := asyncio.create_task(stop.reached.wait())), return_when=asyncio.FIRST_COMPLETED)
    reached.cancel()
    return stop, task


def test_the_database_says_when_an_event_was_recorded(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        owner = await store.journal(0)
        claim = await owner.claim(0)
        for seq in (1, 2):
            await owner.commit(claim, GroupCommit(events=[event(7, seq)]))
        first, second = [row.recorded_at for row in await owner.transactions(7, 0, 9)]
        assert first is not None
        assert second is not None
        assert timedelta(0) < second - first < timedelta(minutes=1)
        assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)

    on_postgres(database, test)


@pytest.mark.usefixtures("gated")
def test_a_stale_owner_is_stopped_at_every_statement(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        for number in range(1, 100):
            stop, task = await _stopped_before(number, store, number)
            if task.done():
                await task
                assert number == len(stop.statements) + 1
                break
            owner = await store.journal(0)
            claim = await asyncio.wait_for(owner.claim(0), CLAIM_SECONDS_MAX)
            stop.open.set()
            with pytest.raises((Fenced, JournalUnavailable, OutcomeUnknown)):
                await task
            assert [seq for seq, _ in await owner.history(number)] == [1]
            assert list(await owner.load([number, number + 10_000])) == [number]
            await owner.commit(claim, repayment(number, 2, key=number))
        assert stop.statements[0] == SQL["begin"]
        assert stop.statements[-1] == "COMMIT"
        assert len(stop.statements) == 11

    on_postgres(database, test)


def test_an_owner_frozen_inside_a_copy_is_put_aside(database: str) -> None:
    async def never_ending() -> AsyncIterator[bytes]:
        yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
        await asyncio.sleep(60)

    async def test(store: PostgresStore) -> None:
        former, owner = await store.journal(0), await store.journal(0)
        await former.claim(0)
        async with former._writer.turn() as connection:
            await connection.execute("BEGIN; SELECT FROM shard WHERE shard = 0 FOR UPDATE")
            copying = asyncio.create_task(
                connection.copy_to_table("event", source=never_ending(), columns=["account_id"], format="binary")
            )
            await asyncio.sleep(0.1)
            claim = await asyncio.wait_for(owner.claim(0), CLAIM_SECONDS_MAX)
            copying.cancel()
            await asyncio.wait((copying,))
        await owner.commit(claim, opening(7))

    on_postgres(database, test)


def test_a_lock_held_by_somebody_else_is_waited_for(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        owner = await store.journal(0)
        transaction = store.connection.transaction()
        await transaction.start()
        await store.connection.execute("SELECT FROM shard WHERE shard = 0 FOR UPDATE")
        claiming = asyncio.create_task(owner.claim(0))
        await asyncio.sleep(0.5)
        assert not claiming.done()
        await transaction.rollback()
        await asyncio.wait_for(claiming, CLAIM_SECONDS_MAX)

    on_postgres(database, test)


@pytest.mark.usefixtures("gated")
@pytest.mark.parametrize(("before", "raised"), [(3, JournalUnavailable), (11, OutcomeUnknown)])
def test_a_lost_connection_is_opened_again(database: str, before: int, raised: type[Exception]) -> None:
    async def test(store: PostgresStore) -> None:
        stop, task = await _stopped_before(before, store, 7)
        await store.connection.execute(SQL["end_sessions"], "tenor-%")
        stop.open.set()
        with pytest.raises(raised):
            await task
        journal = store.opened[0]
        with suppress(JournalUnavailable):
            # The reader's connection was ended too, which it may notice only now.
            await journal.business_date()
        assert [seq for seq, _ in await journal.history(7)] == [1]
        await journal.commit(await journal.claim(0), repayment(7, 2, key=1))

    on_postgres(database, test)


@pytest.mark.usefixtures("gated")
def test_a_cancelled_commit_leaves_nothing(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        _, task = await _stopped_before(4, store, 7)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        journal = store.opened[0]
        await journal.commit(await journal.claim(0), repayment(7, 2, key=1))
        assert [seq for seq, _ in await journal.history(7)] == [1, 2]

    on_postgres(database, test)


def test_a_server_that_is_not_there_is_unavailable(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        store.dsn = store.dsn.replace("host=", "host=/nowhere")
        with pytest.raises(JournalUnavailable):
            await store.journal(0)

    on_postgres(database, test)


def test_an_update_of_a_loan_is_hot(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.commit(claim, opening(7))
        for seq in range(2, 12):
            await journal.commit(claim, repayment(7, seq, key=seq, principal=120_000 - seq))
        await journal.close()
        await store.connection.execute("SELECT pg_stat_force_next_flush()")
        counts = "SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = ANY($1)"
        for name, updated, hot in await store.connection.fetch(counts, ["loan", "account", "ledger_day"]):
            assert updated == hot > 0, name

    on_postgres(database, test)


def test_assignment_fences_everybody_and_deals_out_all_slots(database: str) -> None:
    async def test(store: PostgresStore) -> None:
        former = await store.journal(1)
        stale = await former.claim(1)
        await book.assign(store.connection, 3)
        with pytest.raises((Fenced, JournalUnavailable)):
            await former.commit(stale, GroupCommit())
        claims = [await (await store.journal(shard)).claim(shard) for shard in range(3)]
        assert sorted(slot for claim in claims for slot in claim.slots) == list(range(SLOTS))
        await book.assign(store.connection, 1)
        last = await store.journal(0)
        assert len((await last.claim(0)).slots) == SLOTS

    on_postgres(database, test)


def test_processes_that_start_together_may_all_migrate(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [empty_database] * 4))

    async def test(store: PostgresStore) -> None:
        assert await store.connection.fetchval("SELECT count(*) FROM slot") == SLOTS

    on_postgres(empty_database, test)
