"""Latency at a fixed rate: arrivals do not wait for answers, and a late answer counts from when it was due to be asked.

A closed loop sends less while the system is slow, and so never measures how slow it was.
"""

import asyncio
import time
from itertools import accumulate
from random import Random
from typing import Final

from msgspec import Struct

from core.commands import Repay
from loadtests.client import Client
from loadtests.peak import CHANNEL, Acknowledged, latency
from loadtests.results import Latency

IN_FLIGHT_MAX: Final = 128
AMOUNT: Final = 100


class OpenLoop(Struct, frozen=True):
    """Single repayments that arrived at random, at a fixed rate on average."""

    rate: int
    """Asked for, a second."""
    achieved: float
    skipped: int
    """Arrivals that found as many in flight as the client has connections."""
    latency: Latency
    """From the intended time."""


async def open_loop(
    base_url: str, rate: int, seconds: int, accounts: int, seed: int = 1
) -> tuple[OpenLoop, list[Acknowledged]]:
    """Send repayments of 1.00 one by one to random accounts from 1 to `accounts`."""
    chance = Random(seed)
    arrivals = list(accumulate(chance.expovariate(rate) for _ in range(rate * seconds)))
    idle = [Client(base_url, CHANNEL) for _ in range(IN_FLIGHT_MAX)]
    took: list[float] = []
    acknowledged: list[Acknowledged] = []

    async def send(client: Client, due: float, number: int) -> None:
        repayment = Repay(account=chance.randint(1, accounts), amount=AMOUNT)
        await client.repay(f"open-{seed}-{number}", repayment)
        took.append(time.perf_counter() - due)
        acknowledged.append(Acknowledged(f"open-{seed}-{number}", repayment.account, repayment.amount))
        idle.append(client)

    began, skipped = time.perf_counter(), 0
    async with asyncio.TaskGroup() as group:
        for number, arrival in enumerate(arrivals):
            await asyncio.sleep(max(0.0, began + arrival - time.perf_counter()))
            if idle:
                group.create_task(send(idle.pop(), began + arrival, number))
            else:
                skipped += 1
    achieved = len(took) / (time.perf_counter() - began)
    for client in idle:
        client.hang_up()
    return OpenLoop(rate, round(achieved, 1), skipped, latency(took)), acknowledged
