"""Ray: the one file that knows it. Shards as detached actors, and the transport that reaches them."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import ray
from msgspec.msgpack import Decoder, Encoder
from ray.exceptions import ActorDiedError, GetTimeoutError, RayError

from actors.clock import MonotonicClock
from actors.day_close import Progress
from actors.house import House
from actors.protocols import Journal, JournalUnavailable, ShardUnavailable
from actors.shard import Shard

NAMESPACE: Final = "tenor"
CALL_SECONDS: Final = 10.0
"""Deadline of one call; past it the outcome is unknown and the same requests are sent again."""
START_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 0.2

OpenJournal = Callable[[int], Awaitable[Journal]]
"""Connects a shard's journal; an importable function or a partial of one, since Ray carries it to the worker."""

OpenHouse = Callable[[int], House]
"""Opens the lender's house for a shard, in its process; importable, or a partial of what is."""

_log = logging.getLogger("tenor.shard")
_encoder = Encoder()
_progress: Decoder[Progress] = Decoder(Progress)


class ShardActor:
    """A shard in a worker process of Ray's. It leaves by os._exit: Ray restarts it and it claims a new epoch."""

    async def __init__(  # type: ignore[misc]  # Ray awaits it.
        self, number: int, open_journal: OpenJournal, open_house: OpenHouse | None, logs: str | None
    ) -> None:
        if logs is not None:
            _report_into(Path(logs, f"shard-{number}"))
        try:
            house = None if open_house is None else open_house(number)
            self._shard = await _started(number, open_journal, house)
        except BaseException:
            # To Ray an exception here is the end of the actor; only a process that dies is started again.
            _log.exception("shard %d does not start", number)
            os._exit(1)
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


async def _started(number: int, open_journal: OpenJournal, house: House | None) -> Shard:
    """Take the shard over as soon as the journal can be reached."""
    while True:
        try:
            shard = Shard(number, await open_journal(number), MonotonicClock(), house)
            await shard.start()
        except (JournalUnavailable, OSError) as error:
            _log.warning("shard %d waits for its journal: %s", number, error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return shard


def _report_into(path: Path) -> None:
    """Send all that this process says, Ray's own last words too, to a log that outlives it; leave its process id."""
    log = os.open(path.with_suffix(".log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    fresh = path.with_suffix(".new")
    fresh.write_text(str(os.getpid()))
    fresh.replace(path.with_suffix(".pid"))


def _exit(writer: "asyncio.Task[None]") -> None:
    """Whether fenced or broken: what is in memory must not answer any more."""
    _log.error("the shard leaves", exc_info=None if writer.cancelled() else writer.exception())
    os._exit(1)


def join_ray(address: str) -> None:
    """Connect this process to a running Ray."""
    ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)


def ray_address() -> str:
    """Return host and port of the cluster that this process joined."""
    address: str = ray.get_runtime_context().gcs_address
    return address


def start_shards(count: int, open_journal: OpenJournal, logs: str | None, open_house: OpenHouse | None = None) -> None:
    """Create all shards at once (those of a former run are ended first) and wait until they serve."""
    for number in range(count):
        _end(name_of(number))
    actor: Any = ray.remote(ShardActor)
    handles = [
        actor.options(
            name=name_of(number),
            lifetime="detached",
            num_cpus=0,
            resources={"shard": 1},
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=1000,
            enable_task_events=False,
        ).remote(number, open_journal, open_house, logs)
        for number in range(count)
    ]
    ray.get([handle.ping.remote() for handle in handles], timeout=START_SECONDS)


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
        replies: bytes = await self._call(shard, "execute", blob)
        return replies

    async def read(self, shard: int, blob: bytes) -> bytes:
        """See actors.protocols.Transport."""
        view: bytes = await self._call(shard, "read", blob)
        return view

    async def turn(self, shard: int, on: date) -> Progress:
        """Move a shard to a business date."""
        return _progress.decode(await self._call(shard, "turn", on.toordinal()))

    async def ping(self, shard: int) -> int:
        """Return the shard's process id."""
        pid: int = await self._call(shard, "ping")
        return pid

    async def _call(self, shard: int, method: str, *arguments: object) -> Any:
        try:
            handle = await self._handle(shard)
            reference = getattr(handle, method).remote(*arguments)
            async with asyncio.timeout(CALL_SECONDS):
                return await _answer(reference)
        except (ActorDiedError, ValueError) as error:
            self._handles.pop(shard, None)
            raise ShardUnavailable from error
        except (RayError, GetTimeoutError, TimeoutError) as error:
            raise ShardUnavailable from error

    async def _handle(self, shard: int) -> Any:
        handle = self._handles.get(shard)
        if handle is None:
            # It asks over the network, and blocks.
            handle = self._handles[shard] = await asyncio.to_thread(ray.get_actor, name_of(shard))
        return handle


async def _answer(reference: Any) -> Any:
    return await reference
