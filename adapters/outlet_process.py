"""The outlet as a process of its own, at low priority: a peak of repayments goes first."""

import argparse
import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvloop

from actors.clock import MonotonicClock
from actors.outlet import run
from adapters.postgres.outlet_source import PostgresEventSource
from adapters.redis_outlet import RedisSink
from adapters.stopping import run_until, told_to_stop

NAME: Final = "redis"
"""The row of table outlet that keeps this outlet's cursor."""
NICENESS: Final = 19
AUTOGROUP: Final = Path("/proc/self/autogroup")


async def run_outlet(dsn: str, redis_url: str, stop: asyncio.Event) -> None:
    """Publish committed events to Redis Streams until told to stop."""
    source, sink = PostgresEventSource(dsn, NAME), RedisSink(redis_url)
    try:
        await run_until(stop, run(source, sink, MonotonicClock()))
    finally:
        await sink.close()
        await source.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m adapters.outlet_process", description=__doc__)
    parser.add_argument("--dsn", required=True, help="the book's PostgreSQL database")
    parser.add_argument("--redis", required=True, help="the Redis server that gets the streams")
    options = parser.parse_args()
    _give_way()
    uvloop.run(_until_signalled(options.dsn, options.redis))


def _give_way() -> None:
    """Run only on what the processors have left over, where the system knows how to say so."""
    os.nice(NICENESS)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Linux shares the processors between sessions first: without this our own session has as much as a shard's.
    with suppress(OSError):
        AUTOGROUP.write_text(str(NICENESS))


async def _until_signalled(dsn: str, redis_url: str) -> None:
    await run_outlet(dsn, redis_url, told_to_stop())


if __name__ == "__main__":
    main()
