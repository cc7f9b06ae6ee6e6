"""The whole system on this machine: servers, Ray, shards, gateways and outlet, started, watched and ended."""

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Final, Self

import asyncpg

from actors.cluster import join_ray, start_ray, start_shards, stop_ray
from adapters.child_process import end, spawn
from adapters.embedded import EmbeddedPostgres, EmbeddedRedis
from adapters.postgres.book import assign, open_book
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.migrate import migrate
from adapters.settings import Settings

READY_SECONDS: Final = 60.0
WATCH_SECONDS: Final = 0.2
_STOP: Final = ((SIGTERM, 8), (SIGKILL, 5))


class StartError(Exception):
    """The system did not come up; the message says what to look at."""


class System:
    """Runs Tenor until left. State is in Postgres, so that any start comes back with all of it."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] = lambda _: None) -> None:
        self.settings = settings
        self.postgres_dsn = settings.postgres_dsn or ""
        self.redis_url = settings.redis_url or ""
        self.shard_pids: dict[int, int] = {}
        self._progress = progress
        self._port = settings.http_port or _free_port(settings.http_host)
        self._home = Path(settings.data_dir).resolve()
        self._postgres: EmbeddedPostgres | None = None
        self._redis: EmbeddedRedis | None = None
        self._ray_address = ""
        self._ray_home: Path | None = None
        self._gateways: list[subprocess.Popen[bytes]] = []
        self._outlet: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where channels call."""
        return f"http://{self.settings.http_host}:{self._port}"

    @property
    def gateway_pids(self) -> list[int]:
        """Process ids of the gateways."""
        return [gateway.pid for gateway in self._gateways]

    @property
    def postgres_pid(self) -> int | None:
        """Process id of the embedded server, if there is one."""
        return self._postgres.pid if self._postgres else None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        self._progress("starting Postgres and Redis")
        self._start_servers()
        migrate(self.postgres_dsn)
        await self._open_book()
        self._progress("starting Ray and the shards")
        self._start_shards()
        self._progress("starting the gateways")
        self._gateways = [self._gateway() for _ in range(self.settings.gateways)]
        self._outlet = self._start_outlet()
        await self._until_ready()
        self._watch = asyncio.create_task(self._keep_alive())
        self._progress(f"ready on {self.base_url}")

    def _start_servers(self) -> None:
        if not self.postgres_dsn:
            self._postgres = EmbeddedPostgres(self._home / "postgres").start()
            self.postgres_dsn = self._postgres.dsn
        if not self.redis_url:
            self._redis = EmbeddedRedis(self._home / "redis").start()
            self.redis_url = self._redis.url

    async def _open_book(self) -> None:
        connection = await asyncpg.connect(self.postgres_dsn)
        try:
            await open_book(connection, self.settings.business_date or date.today())
            await assign(connection, self.settings.shards)
        finally:
            await connection.close()

    def _start_shards(self) -> None:
        if self.settings.ray_address:
            self._ray_address = self.settings.ray_address
            join_ray(self._ray_address)
        else:
            self._ray_home = Path(tempfile.mkdtemp(prefix="tenor-"))
            self._ray_address = start_ray(self.settings.shards, self._ray_home)
        pids = start_shards(self.settings.shards, partial(PostgresJournal.connect, self.postgres_dsn))
        self.shard_pids = dict(enumerate(pids))

    def _gateway(self) -> subprocess.Popen[bytes]:
        arguments = ["--dsn", self.postgres_dsn, "--ray", self._ray_address, "--shards", str(self.settings.shards)]
        address = ["--host", self.settings.http_host, "--port", str(self._port)]
        return self._python("adapters.gateway", *arguments, *address)

    def _start_outlet(self) -> subprocess.Popen[bytes]:
        return self._python("adapters.outlet_process", "--dsn", self.postgres_dsn, "--redis", self.redis_url)

    def _python(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = self._home / f"{module.rpartition('.')[2]}.log"
        return spawn([sys.executable, "-m", module, *arguments], log=log, death_signal=SIGTERM)

    async def _until_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await asyncio.to_thread(_answers, f"{self.base_url}/health/ready"):
            if asyncio.get_running_loop().time() > deadline:
                raise StartError(f"The gateway did not get ready. Look at {self._home / 'gateway.log'}.")
            await asyncio.sleep(0.05)

    async def _keep_alive(self) -> None:
        """Bring back what dies: Ray does it for shards, this for everything else."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._postgres:
                await asyncio.to_thread(self._postgres.restart_if_dead)
            if self._redis:
                await asyncio.to_thread(self._redis.restart_if_dead)
            self._gateways = [gateway if gateway.poll() is None else self._gateway() for gateway in self._gateways]
            if self._outlet and self._outlet.poll() is not None:
                self._outlet = self._start_outlet()

    async def _stop(self) -> None:
        if self._watch:
            self._watch.cancel()
        for child in (*self._gateways, *([self._outlet] if self._outlet else [])):
            end(child, _STOP)
        stop_ray()
        if self._redis:
            self._redis.stop()
        if self._postgres:
            self._postgres.stop()
        if self._ray_home:
            shutil.rmtree(self._ray_home, ignore_errors=True)


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
