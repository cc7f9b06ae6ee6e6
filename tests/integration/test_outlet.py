"""Committed events reach Redis in order, whatever restarts or forgets."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from actors.outlet import START, publish_page
from actors.protocols import JournalUnavailable
from adapters.embedded.servers import EmbeddedPostgres, EmbeddedRedis
from adapters.outlet_process import NAME, NICENESS, run_outlet
from adapters.postgres.outlet_source import PostgresEventSource, events_behind, read_cursor
from adapters.redis_outlet import FIELD, STREAMS, RedisSink, stream_of
from core.commands import Repay
from tests.integration.books import Book, fresh_database, lend, opened
from tests.integration.servicing import serve

WAIT_SECONDS_MAX = 10
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def world(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis) -> AsyncIterator[tuple[str, Book, Redis]]:
    """An empty Redis and a fresh book."""
    dsn = await fresh_database(postgres.dsn)
    redis = Redis.from_url(redis_server.url)
    try:
        await redis.flushall()
        async with opened(dsn) as book:
            yield dsn, book, redis
    finally:
        await redis.aclose()


@asynccontextmanager
async def outlet(dsn: str, redis_server: EmbeddedRedis) -> AsyncIterator[None]:
    """Run the outlet meanwhile."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_outlet(dsn, redis_server.url, stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until(read: Callable[[], Awaitable[object]], expected: object) -> None:
    """Wait for another process or session to get there."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while (found := await read()) != expected:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


async def caught_up(book: Book) -> None:
    await until(lambda: events_behind(book.connection, NAME), 0)


async def published(redis: Redis) -> dict[int, list[int]]:
    """Return each account's sequence numbers in the order of its stream, and check where they are."""
    seen: dict[int, list[int]] = {}
    for stream in STREAMS:
        entries: Any = await redis.xrange(stream)
        for _, fields in entries:
            account, seq = json.loads(fields[FIELD.encode()])["id"].split("-")
            assert stream == stream_of(int(account))
            seen.setdefault(int(account), []).append(int(seq))
    return seen


async def stored(book: Book) -> dict[int, list[int]]:
    rows = await book.connection.fetch("SELECT account_id, array_agg(seq ORDER BY seq) FROM event GROUP BY 1")
    return {account: list(numbers) for account, numbers in rows}


async def test_everything_committed_goes_out_once_and_in_order(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis), outlet(dsn, redis_server):
        await lend(book, range(1, 40))
        await book.close_days(31)
        await book.do(*(Repay(account=account, amount=100) for account in range(1, 40)))
        await caught_up(book)
        assert await published(redis) == await stored(book)


async def test_every_kind_of_event_goes_out(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis), outlet(dsn, redis_server):
        await serve(book)
        await caught_up(book)
        assert await published(redis) == await stored(book)


async def test_a_restarted_outlet_goes_on_where_it_stopped(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis):
        async with outlet(dsn, redis_server):
            await lend(book, range(1, 4))
            await caught_up(book)
        await book.do(Repay(account=2, amount=7))
        assert await events_behind(book.connection, NAME) == 1
        assert await published(redis) != await stored(book)
        async with outlet(dsn, redis_server):
            await caught_up(book)
        assert await published(redis) == await stored(book)


async def test_a_redis_that_forgets_everything_loses_nothing(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis):
        async with outlet(dsn, redis_server):
            await lend(book, range(1, 4))
            await caught_up(book)
            before = await stored(book)
            await redis.flushall()
            await book.do(Repay(account=2, amount=7))
            await caught_up(book)
            assert await published(redis) == {2: [4]}
        assert await stored(book) == {**before, 2: [*before[2], 4]}
        await redis.flushall()
        await book.connection.execute("DELETE FROM outlet")
        async with outlet(dsn, redis_server):
            await caught_up(book)
        assert await published(redis) == await stored(book)


async def test_a_redis_that_was_away_gets_what_it_missed(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as server:
        async with world(postgres, server) as (dsn, book, redis), outlet(dsn, server):
            server.stop()
            await lend(book, range(1, 4))
            await asyncio.sleep(0.5)
            assert await events_behind(book.connection, NAME) == 9
            server.start()
            await caught_up(book)
            assert await published(redis) == await stored(book)


async def test_an_event_never_overtakes_one_that_is_still_being_committed(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis):
        await lend(book, range(1, 3))
        slow = await asyncpg.connect(dsn)
        source, sink = PostgresEventSource(dsn, NAME), RedisSink(redis_server.url)
        try:
            while await publish_page(source, sink):
                pass
            transaction = slow.transaction()
            await transaction.start()
            await slow.execute(
                "INSERT INTO event SELECT account_id, pg_current_xact_id()::text::bigint, seq + 90, "
                "effective_on, posted_on, kind, hash, body FROM event WHERE account_id = 1 AND seq = 1"
            )
            await book.do(Repay(account=2, amount=7))
            assert await publish_page(source, sink) == 0
            assert await events_behind(book.connection, NAME) == 1
            await transaction.commit()
            assert await publish_page(source, sink) == 2
            assert (await published(redis))[1] == [1, 2, 3, 91]
        finally:
            await slow.close()
            await sink.close()
            await source.close()


async def cursor_when_free(source: PostgresEventSource) -> object:
    try:
        return await source.cursor()
    except JournalUnavailable:
        return None


async def test_a_second_outlet_waits(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis) -> None:
    async with world(postgres, redis_server) as (dsn, _, _):
        first, second = PostgresEventSource(dsn, NAME), PostgresEventSource(dsn, NAME)
        try:
            assert await first.cursor() == START
            with pytest.raises(JournalUnavailable, match="another outlet"):
                await second.cursor()
            await first.close()
            await until(lambda: cursor_when_free(second), START)
        finally:
            await second.close()


async def test_small_pages_read_everything_too(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis) -> None:
    async with world(postgres, redis_server) as (dsn, book, _):
        await lend(book, range(1, 30))
        for _ in range(40):
            await book.do(Repay(account=1, amount=1))
        source = PostgresEventSource(dsn, NAME)
        try:
            cursor, read = START, 0
            while page := await source.page(cursor, 7):
                assert [event[:3] for event in page] == sorted(event[:3] for event in page)
                assert cursor < page[0][:3]
                cursor, read = type(cursor)(*page[-1][:3]), read + len(page)
            assert read == 29 * 3 + 40
            await source.move(cursor)
            assert await read_cursor(book.connection, NAME) == cursor
        finally:
            await source.close()


async def test_the_process_publishes_and_ends_when_told(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis
) -> None:
    async with world(postgres, redis_server) as (dsn, book, redis):
        await lend(book, range(1, 4))
        command = ("-m", "adapters.outlet_process", "--dsn", dsn, "--redis", redis_server.url)
        process = await asyncio.create_subprocess_exec(sys.executable, *command)
        try:
            await caught_up(book)
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
            process.terminate()
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert await published(redis) == await stored(book)
