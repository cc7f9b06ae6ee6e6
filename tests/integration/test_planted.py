"""The search for planted personal data finds it wherever and however it is stored."""

from base64 import b64encode
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from adapters.embedded.servers import EmbeddedPostgres, EmbeddedRedis
from tests.integration.books import fresh_database
from tests.integration.planted import Found, find_in_files, find_in_redis, find_plain

MAN, PHONE, NAME = "11010519491231002X", "13812345678", "张伟"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_every_column_of_every_table_is_searched(postgres: EmbeddedPostgres) -> None:
    dsn = await fresh_database(postgres.dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE SCHEMA other; CREATE TABLE other.part (a bigint, b jsonb, c text[], d bytea);"
        'CREATE TABLE "odd name" ("odd column" text); INSERT INTO "odd name" VALUES (\'nothing\')'
    )
    insert = "INSERT INTO other.part VALUES ($1, $2, $3, $4)"
    assert await find_plain(dsn, [MAN, PHONE, NAME]) == []
    content = b"prefix" + b64encode(b"xy" + MAN.encode() + b"tail")
    await connection.execute(insert, int(PHONE), f'{{"name": "{NAME}"}}', [MAN.encode().hex()], content)
    await connection.execute('INSERT INTO "odd name" VALUES ($1)', f"is {MAN}.")
    await connection.close()
    assert await find_plain(dsn, [MAN, PHONE, NAME]) == [
        Found("other.part.a", PHONE, "utf-8"),
        Found("other.part.b", NAME, "utf-8"),
        Found("other.part.c", MAN, "hex"),
        Found("other.part.d", MAN, "base64"),
        Found("public.odd name.odd column", MAN, "utf-8"),
    ]


@pytest.mark.parametrize("before", [b"", b"1", b"12", b"123"])
async def test_base64_is_found_whatever_stands_before(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "log").write_bytes(b64encode(before + MAN.encode() + b"after"))
    assert find_in_files(tmp_path, [MAN, PHONE]) == [Found("log", MAN, "base64")]


async def test_streams_are_searched(redis_server: EmbeddedRedis) -> None:
    redis = Redis.from_url(redis_server.url)
    await redis.flushall()
    await redis.xadd("tenor:events:1", {"event": "nothing"})
    assert await find_in_redis(redis_server.url, [MAN]) == []
    await redis.xadd("tenor:events:1", {"event": f'{{"number": "{MAN}"}}'})
    await redis.set("note", int(PHONE).to_bytes(8, "big"))
    found = await find_in_redis(redis_server.url, [MAN, PHONE])
    assert sorted(found) == [Found("note", PHONE, "integer"), Found("tenor:events:1", MAN, "utf-8")]
    await redis.flushall()
    await redis.aclose()


async def test_files_are_searched_across_chunks(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b" " * ((1 << 20) - 9) + MAN.encode())
    (tmp_path / "other").write_bytes(NAME.encode("unicode_escape"))
    assert find_in_files(tmp_path, [MAN, NAME]) == [Found("deep/log", MAN, "utf-8"), Found("other", NAME, "json")]
