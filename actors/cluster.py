"""Ray: the one file that knows it. Shards as detached actors, and the transport that reaches them."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import ray
from msgspec.msgpack import Decoder, Encoder
from ray.exceptions import ActorDiedError, GetTimeoutError, RayError

from actors.day_close import Progress
from actors.protocols import Journal, ShardUnavailable
from actors.shard import Shard

NAMESPACE: Final = "tenor"
CALL_SECONDS: Final = 10.0
"""Deadline of one call; past it the outcome is unknown and the same requests are sent again."""
START_SECONDS: Final = 60.0
OBJECT_STORE_BYTES: Final = 80_000_000
ENVIRONMENT: Final = {
    # Workers are niced to 15 by default and would starve beside Postgres.
    "RAY_worker_niceness": "0",
    "RAY_worker_oom_score_adjustment": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

OpenJournal = Callable[[int], Awaitable[Journal]]
"""Connects a shard's journal; an importable function or a partial of one, since Ray carries it to the worker."""

_encoder = Encoder()
_progress: Decoder[Progress] = Decoder(Progress)


class MonotonicClock:
    """The real clock."""

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class ShardActor:
    """A shard in a worker process of Ray's. It leaves by os._exit: Ray restarts it and it claims a new epoch."""

    async def __init__(self, number: int, open_journal: OpenJournal) -> None:
        self._shard = Shard(number, await open_journal(number), MonotonicClock())
        await self._shard.start()
        self._writer = asyncio.create_task(self._shard.run())
        self._writer.add_done_callback(_exit)

    async def ping(self) -> int:
        """Return the process id: the shard serves."""
        return os.getpid()

    async def execute(self, blob: bytes) -> bytes:
        """Execute a batch; see Shard.execute."""
        return await self._shard.execute(blob)

    async def read(self, blob: bytes) -> bytes:
        """Answer a query; see Shard.read."""
        return await self._shard.read(blob)

    async def turn(self, on: int) -> bytes:
        """Move to a business date (an ordinal) and return the walk's Progress as msgpack."""
        self._shard.turn(date.fromordinal(on))
        return _encoder.encode(Progress(*self._shard.walked()))


def _exit(writer: "asyncio.Task[None]") -> None:
    """Whether fenced or broken: what is in memory must not answer any more."""
    if not writer.cancelled() and writer.exception() is not None:
        print(f"shard writer failed: {writer.exception()!r}", flush=True)
    os._exit(1)


def start_ray(shards: int, directory: Path) -> str:
    """Start Ray on this machine, small, as children that end with this process; return its address."""
    os.environ.update(ENVIRONMENT)
    context = ray.init(
        address="local",
        num_cpus=max(2, shards),
        resources={"shard": float(shards)},
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        namespace=NAMESPACE,
        _temp_dir=str(directory),
    )
    return str(context.address_info["gcs_address"])


def join_ray(address: str) -> None:
    """Connect this process to a running Ray."""
    os.environ.update(ENVIRONMENT)
    ray.init(
        address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False, ignore_reinit_error=True
    )


def stop_ray() -> None:
    """Disconnect, and end what start_ray started."""
    ray.shutdown()


def start_shards(count: int, open_journal: OpenJournal) -> list[int]:
    """Create all shards at once (those of a former run are ended first) and wait; return their process ids."""
    for number in range(count):
        _end(name_of(number))
    actor = ray.remote(ShardActor)
    handles = [
        actor.options(  # type: ignore[attr-defined]  # Ray adds it to the class.
            name=name_of(number),
            lifetime="detached",
            num_cpus=0,
            resources={"shard": 1},
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=1000,
            enable_task_events=False,
        ).remote(number, open_journal)
        for number in range(count)
    ]
    pids: list[int] = ray.get([handle.ping.remote() for handle in handles], timeout=START_SECONDS)
    return pids


def name_of(shard: int) -> str:
    """Return the name under which Ray knows a shard."""
    return f"shard-{shard}"


def _end(name: str) -> None:
    try:
        ray.kill(ray.get_actor(name), no_restart=True)
    except ValueError:
        return


class RayTransport:
    """Calls shards by name; every call has a deadline, and every failure means: send the same again."""

    def __init__(self, shards: int) -> None:
        self.count = shards
        self._handles: dict[int, Any] = {}

    async def execute(self, shard: int, blob: bytes) -> bytes:
        """See actors.protocols.Transport."""
        return await self._call(shard, "execute", blob)

    async def read(self, shard: int, blob: bytes) -> bytes:
        """See actors.protocols.Transport."""
        return await self._call(shard, "read", blob)

    async def turn(self, shard: int, on: date) -> Progress:
        """Move a shard to a business date."""
        return _progress.decode(await self._call(shard, "turn", on.toordinal()))

    async def ping(self, shard: int) -> int:
        """Return the shard's process id."""
        pid: int = await self._call(shard, "ping")
        return pid

    async def _call(self, shard: int, method: str, *arguments: object) -> Any:
        try:
            reference = getattr(self._handle(shard), method).remote(*arguments)
            return await asyncio.wait_for(_answer(reference), CALL_SECONDS)
        except (ActorDiedError, ValueError) as error:
            self._handles.pop(shard, None)
            raise ShardUnavailable from error
        except (RayError, GetTimeoutError, TimeoutError) as error:
            raise ShardUnavailable from error

    def _handle(self, shard: int) -> Any:
        handle = self._handles.get(shard)
        if handle is None:
            handle = self._handles[shard] = ray.get_actor(name_of(shard))
        return handle


async def _answer(reference: Any) -> Any:
    return await reference
