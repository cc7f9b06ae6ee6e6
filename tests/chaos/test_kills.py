"""Processes are killed in the middle of a peak: nothing acknowledged is lost, nothing is done twice, all come back."""

import asyncio

import asyncpg
from redis.asyncio import Redis

from adapters.outlet_process import NAME
from adapters.postgres.outlet_source import events_behind
from adapters.redis_outlet import STREAMS
from tests.chaos.conftest import Chaos


def test_a_shard_is_killed(chaos: Chaos) -> None:
    async def test() -> None:
        async with chaos.peak() as peak:
            await chaos.survive(peak, "shard 0 killed", chaos.system.shard_pids[0])
        await chaos.prove(peak)

    chaos.run(test())


def test_a_gateway_is_killed(chaos: Chaos) -> None:
    async def test() -> None:
        async with chaos.peak() as peak:
            await chaos.survive(peak, "one of two gateways killed", chaos.system.gateway_pids[0])
        await chaos.prove(peak)

    chaos.run(test())


def test_postgres_is_killed(chaos: Chaos) -> None:
    async def test() -> None:
        async with chaos.peak() as peak:
            await chaos.survive(peak, "Postgres killed", chaos.system.postgres_pid)
        await chaos.prove(peak)

    chaos.run(test())


def test_redis_is_killed_and_no_channel_notices(chaos: Chaos) -> None:
    async def test() -> None:
        async with chaos.peak() as peak:
            await chaos.survive(peak, "Redis killed", chaos.system.redis_pid)
        assert peak.resent == 0
        await chaos.prove(peak)
        await _outlet_catches_up(chaos)

    chaos.run(test())


def test_everything_is_killed_at_once(chaos: Chaos) -> None:
    async def test() -> None:
        system = chaos.system
        victims = (system.postgres_pid, system.redis_pid, *system.shard_pids.values(), *system.gateway_pids)
        async with chaos.peak() as peak:
            await chaos.survive(peak, "Postgres, Redis, both shards, both gateways killed", *victims)
        await chaos.prove(peak)
        await _outlet_catches_up(chaos)

    chaos.run(test())


def test_ray_is_killed(chaos: Chaos) -> None:
    async def test() -> None:
        system = chaos.system
        before = (*system.shard_pids.values(), *system.gateway_pids)
        async with chaos.peak() as peak:
            await chaos.survive(peak, "Ray killed, and with it all shards", system.ray_pid, others=before)
        await chaos.prove(peak)

    chaos.run(test())


async def _outlet_catches_up(chaos: Chaos) -> None:
    async with asyncio.timeout(30), Redis.from_url(chaos.system.redis_url) as redis:
        while True:
            if not await _behind(chaos):
                break
            await asyncio.sleep(0.1)
        assert sum([await redis.xlen(stream) for stream in STREAMS]) > 0


async def _behind(chaos: Chaos) -> int:
    connection = await asyncpg.connect(chaos.system.postgres_dsn)
    try:
        return await events_behind(connection, NAME)
    finally:
        await connection.close()
