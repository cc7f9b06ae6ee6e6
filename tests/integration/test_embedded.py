"""The embedded servers: they start on nothing, keep the book, survive a kill and never outlive their Tenor."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis import Redis

from adapters.embedded.servers import EmbeddedError, EmbeddedPostgres, EmbeddedRedis

WAIT_SECONDS_MAX = 15

ORPHAN = """
import os, sys
from pathlib import Path
from adapters.embedded.servers import EmbeddedPostgres, EmbeddedRedis
postgres = EmbeddedPostgres(Path(sys.argv[1], "postgres")).start()
redis = EmbeddedRedis(Path(sys.argv[1], "redis")).start()
print(postgres.pid, redis.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def query(server: EmbeddedPostgres, sql: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(server.dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def kill(server: EmbeddedPostgres | EmbeddedRedis) -> None:
    """As the kernel would when memory is short, and wait until it is gone."""
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.pid == pid:
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Running, and not a zombie that nobody reaps."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of this module's own, since its tests kill it."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("a book with a space") / "postgres") as server:
        query(server, "CREATE TABLE cash (minor bigint)")
        yield server


def test_durability_is_on_and_there_is_no_tcp_port(server: EmbeddedPostgres) -> None:
    sql = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name = ANY"
    assert query(server, f"{sql} ('{{fsync,full_page_writes,synchronous_commit,data_checksums}}')") == "on on on on"
    assert query(server, "SHOW listen_addresses") == ""


def test_what_was_committed_is_there_after_a_restart_under_the_same_address(server: EmbeddedPostgres) -> None:
    query(server, "INSERT INTO cash VALUES (12230)")
    dsn = server.dsn
    server.stop()
    server.start()
    assert server.dsn == dsn
    assert query(server, "SELECT minor FROM cash LIMIT 1") == 12230


def test_a_killed_postmaster_comes_back_while_an_old_backend_still_works(server: EmbeddedPostgres) -> None:
    async def kill_under_a_query() -> None:
        connection = await asyncpg.connect(server.dsn)
        busy = asyncio.create_task(connection.fetchval("SELECT count(*) FROM generate_series(1, 5000000)"))
        await asyncio.sleep(0.2)
        kill(server)
        assert await asyncio.to_thread(server.restart_if_dead)
        await asyncio.gather(busy, return_exceptions=True)
        connection.terminate()

    before = query(server, "INSERT INTO cash VALUES (1) RETURNING (SELECT count(*) FROM cash)")
    asyncio.run(kill_under_a_query())
    assert isinstance(before, int)
    assert query(server, "SELECT count(*) FROM cash") == before + 1
    assert not server.restart_if_dead()


def test_a_second_tenor_on_the_same_directory_is_told_what_to_do(server: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedError, match=rf"Process {server.pid} already serves .* or choose another data_dir"):
        EmbeddedPostgres(server.directory).start()
    assert query(server, "SELECT 1") == 1


def test_a_stale_lock_that_names_another_program_does_not_stop_the_start(server: EmbeddedPostgres) -> None:
    kill(server)
    lock = server.directory / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert server.restart_if_dead()
    assert query(server, "SELECT 1") == 1


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear borrower")
    with pytest.raises(EmbeddedError, match="holds other files"):
        EmbeddedPostgres(tmp_path).start()
    assert (tmp_path / "letter.txt").read_text() == "dear borrower"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_the_servers_do_not_outlive_a_killed_tenor(tmp_path: Path) -> None:
    orphan = subprocess.run([sys.executable, "-c", ORPHAN, tmp_path], capture_output=True, text=True, check=False)
    assert orphan.returncode == -signal.SIGKILL, orphan.stderr
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while any(is_alive(int(pid)) for pid in orphan.stdout.split()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with EmbeddedPostgres(tmp_path / "postgres") as server, EmbeddedRedis(tmp_path / "redis"):
        assert query(server, "SELECT 1") == 1


def test_redis_answers_and_comes_back_empty_after_a_kill(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as server, Redis.from_url(server.url) as client:
        client.set("due", 118250)
        kill(server)
        assert server.restart_if_dead()
        assert client.get("due") is None


def test_a_second_redis_on_the_same_directory_is_refused(redis_server: EmbeddedRedis) -> None:
    with pytest.raises(EmbeddedError, match="already serves"):
        EmbeddedRedis(redis_server.directory).start()
