"""The whole system on this machine: servers, Ray, shards, gateways and outlet, started, watched and ended."""

import asyncio
import fcntl
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import IO, Final, Self

import asyncpg
from msgspec.json import encode

from adapters.embedded.child_process import end, spawn
from adapters.embedded.ray_head import EmbeddedRay
from adapters.embedded.servers import EmbeddedPostgres, EmbeddedRedis
from adapters.house import HOUSE_ERRORS, LendingHouse, house_settings
from adapters.paying import Paying
from adapters.postgres.book import assign, open_book, unfit_settings
from adapters.postgres.migrate import migrate
from adapters.roster import make_token
from adapters.settings import Settings
from adapters.watches import Revive, Watches

READY_SECONDS: Final = 60.0
_STOP: Final = ((SIGTERM, 8), (SIGKILL, 5))

Child = subprocess.Popen[bytes]


class StartError(Exception):
    """The system did not come up; the message says what to look at."""


class System:
    """Runs Tenor until left. State is in Postgres, so that any start comes back with all of it."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] = lambda _: None) -> None:
        self.settings = settings
        self.postgres_dsn = settings.postgres_dsn or ""
        self.redis_url = settings.redis_url or ""
        self._progress = progress
        self._port = settings.http_port or _free_port(settings.http_host)
        self._home = Path(settings.data_dir).resolve()
        self._lock: IO[str] | None = None
        self._postgres = None if settings.postgres_dsn else EmbeddedPostgres(self._home / "postgres")
        self._redis = None if settings.redis_url else EmbeddedRedis(self._home / "redis")
        self._ray = None if settings.ray_address else EmbeddedRay(self._home / "ray", settings.shards)
        self._supervisor: Child | None = None
        self._gateways: list[Child] = []
        self._outlet: Child | None = None
        self.paying = Paying(settings, self._python, _free_port(settings.http_host))
        self._watches = Watches(progress)

    @property
    def _house(self) -> str:
        """Where the lender's documents and keys are, as the processes are told."""
        return encode(house_settings(self.settings, self.paying.bank_url)).decode()

    @property
    def base_url(self) -> str:
        """Where channels call."""
        return f"http://{self.settings.http_host}:{self._port}"

    @property
    def shard_pids(self) -> dict[int, int]:
        """Process ids of the shards as they last started, where they run on a Ray of ours."""
        files = self._home.glob("ray/shard-*.pid") if self._ray else ()
        return {int(file.stem.removeprefix("shard-")): int(file.read_text()) for file in files}

    @property
    def gateway_pids(self) -> list[int]:
        """Process ids of the gateways."""
        return [gateway.pid for gateway in self._gateways]

    @property
    def postgres_pid(self) -> int | None:
        """Process id of the embedded server, if there is one."""
        return self._postgres.pid if self._postgres else None

    @property
    def redis_pid(self) -> int | None:
        """Process id of the embedded server, if there is one."""
        return self._redis.pid if self._redis else None

    @property
    def ray_pid(self) -> int | None:
        """Process id of the embedded Ray's head, if there is one."""
        return self._ray.pid if self._ray else None

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
        self._lock = _locked(self._home / "lock")
        self._progress("starting the servers")
        servers = [asyncio.to_thread(server.start) for server in (self._postgres, self._redis, self._ray) if server]
        if self._postgres:
            self.postgres_dsn = self._postgres.dsn
        if self._redis:
            self.redis_url = self._redis.url
        for failed in await asyncio.gather(*servers, return_exceptions=True):
            if isinstance(failed, BaseException):
                raise failed
        await asyncio.to_thread(migrate, self.postgres_dsn)
        house = await self._check_house()
        on = await self._open_book()
        for unknown in house.catalogue.without_cap(on):
            self._progress(f"warning: no contract can be offered of {unknown}")
        self._progress("starting shards and gateways")
        self._gateways = [self._gateway() for _ in range(self.settings.gateways)]
        self._outlet = self._start_outlet()
        self.paying.start(self.postgres_dsn, self.base_url)
        await self._start_shards()
        await self._until_ready()
        self._watch()
        self._progress(f"ready on {self.base_url}")

    async def _open_book(self) -> date:
        """Return the business date."""
        connection = await asyncpg.connect(self.postgres_dsn)
        try:
            unfit = await unfit_settings(connection)
            if unfit:
                raise StartError(
                    f"No book can be kept on this Postgres ({', '.join(unfit)}). "
                    "Tenor needs version 17 or later, with fsync and full_page_writes on."
                )
            on = await open_book(connection, self.settings.business_date or datetime.now().astimezone().date())
            await assign(connection, self.settings.shards)
            return on
        finally:
            await connection.close()

    async def _check_house(self) -> LendingHouse:
        """Read all documents and keys once here, where what is wrong with them can be said; raises StartError."""
        settings = house_settings(self.settings, self.paying.bank_url)
        make_token(Path(settings.payer_token))
        make_token(Path(settings.bank_secret))
        try:
            house = LendingHouse.open(settings, self.postgres_dsn)
            await house.check()
        except HOUSE_ERRORS as error:
            raise StartError(str(error)) from error
        return house

    async def _start_shards(self) -> None:
        """Have the shards put on the cluster; raises StartError."""
        logs = ["--logs", str(self._ray.directory)] if self._ray else []
        self._supervisor = self._on_ray("adapters.shards_process", *logs, "--house", self._house)
        if await asyncio.to_thread(self._supervisor.wait):
            raise StartError(f"The shards did not start. Look into {self._log('shards_process')}.")

    def _gateway(self) -> Child:
        place = ("--host", self.settings.http_host, "--port", str(self._port))
        return self._on_ray("adapters.gateway", *place, "--house", self._house)

    def _start_outlet(self) -> Child:
        return self._python("adapters.outlet_process", "--dsn", self.postgres_dsn, "--redis", self.redis_url)

    def _on_ray(self, module: str, *arguments: str) -> Child:
        address = self._ray.address if self._ray else str(self.settings.ray_address)
        common = ["--dsn", self.postgres_dsn, "--ray", address, "--shards", str(self.settings.shards)]
        return self._python(module, *common, *arguments, environment=self._ray.environment if self._ray else None)

    def _python(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> Child:
        log = self._log(module.rpartition(".")[2])
        command = [sys.executable, "-m", module, *arguments]
        return spawn(command, log=log, death_signal=SIGTERM, environment=environment)

    def _log(self, name: str) -> Path:
        return self._home / f"{name}.log"

    async def _until_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await asyncio.to_thread(_answers, f"{self.base_url}/health/ready"):
            ended = any(gateway.poll() is not None for gateway in self._gateways)
            if ended or asyncio.get_running_loop().time() > deadline:
                raise StartError(f"A gateway does not get ready. Look into {self._log('gateway')}.")
            await asyncio.sleep(0.05)

    def _watch(self) -> None:
        """Have brought back what dies; the shards are Ray's."""
        self._watches.add("a gateway", self._revive_gateways)
        self._watches.add("the outlet", self._revive_outlet)
        self._watches.add("the payer", self.paying.revive)
        if self._ray:
            self._watches.add("Ray", self._revive_ray)
        if self._postgres:
            self._watches.add("Postgres", _reviver(self._postgres))
        if self._redis:
            self._watches.add("Redis", _reviver(self._redis))

    async def _revive_gateways(self) -> bool:
        if self._ray and not self._ray.ready:
            return False
        dead = [place for place, gateway in enumerate(self._gateways) if gateway.poll() is not None]
        for place in dead:
            self._gateways[place] = self._gateway()
        return bool(dead)

    async def _revive_outlet(self) -> bool:
        if self._outlet is None or self._outlet.poll() is None:
            return False
        self._outlet = self._start_outlet()
        return True

    async def _revive_ray(self) -> bool:
        """All of it: without its head the shards have ended too, and the gateways know only the old cluster."""
        assert self._ray is not None
        if self._ray.pid is not None:
            return False
        await asyncio.to_thread(self._ray.start)
        for gateway in self._gateways:
            gateway.kill()
        try:
            await self._start_shards()
        except StartError:
            await asyncio.to_thread(self._ray.stop)
            raise
        return True

    async def _stop(self) -> None:
        await self._watches.end()
        await asyncio.to_thread(self._end_children)
        if self._lock:
            self._lock.close()

    def _end_children(self) -> None:
        children = [child for child in (self._supervisor, *self._gateways, self._outlet) if child]
        children += self.paying.children
        for child in children:
            child.terminate()
        for child in children:
            end(child, _STOP)
        for server in (self._ray, self._redis, self._postgres):
            if server:
                server.stop()


def _reviver(server: EmbeddedPostgres | EmbeddedRedis) -> Revive:
    async def revive() -> bool:
        return server.pid is None and await asyncio.to_thread(server.restart_if_dead)

    return revive


def _locked(path: Path) -> IO[str]:
    """Hold a lock on a data directory until closed, or until this process ends in whatever way."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StartError(f"Another Tenor runs on {path.parent}. Stop it, or choose another data_dir.") from error
    return lock


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
