"""`make load`: Locust against an embedded system, then latency at a fixed rate, then the books checked."""

import asyncio
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from loadtests import ledger
from loadtests.bench import OPENED_ON, running, terms
from loadtests.book import Progress, close_days, fill, trial_difference
from loadtests.machine import machine
from loadtests.open_loop import OpenLoop, open_loop
from loadtests.peak import Acknowledged

LOCUSTFILE: Final = Path(__file__).with_name("locustfile.py")
RATE: Final = 500
RATE_SECONDS: Final = 10


class LoadFailed(Exception):
    """Locust ended with failures; the message is what it said."""


class Load(Struct, frozen=True, kw_only=True):
    """What a load test found."""

    acknowledged: int
    lost: int
    doubled: int
    trial_balance: int
    open_loop: OpenLoop
    report: str
    """Locust's HTML report."""
    machine: str


async def load(progress: Progress, report: Path, accounts: int = 20_000, shards: int = 2) -> Load:
    """Run the bulk peak and the fixed rate; every acknowledged repayment of both is looked up in the journal."""
    due = OPENED_ON + timedelta(days=1)
    async with running(shards, progress) as system:
        url = system.base_url
        await fill(url, ((account, terms(1)) for account in range(1, accounts + 1)), accounts, progress)
        await close_days(url, due)
        progress("Locust", 0, 1)
        acknowledged = await _locust(url, report, accounts)
        progress("Locust", 1, 1)
        at_rate, more = await open_loop(url, RATE, RATE_SECONDS, accounts)
        found = await ledger.reconcile(system.postgres_dsn, acknowledged + more, due)
        return Load(
            acknowledged=found.acknowledged,
            lost=found.lost,
            doubled=found.doubled,
            trial_balance=await trial_difference(url),
            open_loop=at_rate,
            report=str(report),
            machine=machine(),
        )


async def _locust(url: str, report: Path, accounts: int) -> list[Acknowledged]:
    """Run Locust as a process of its own: it patches sockets for gevent."""
    report.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".msgpack") as file:
        arguments = ["--headless", "--only-summary", "--host", url, "--html", str(report)]
        own = ["--accounts", str(accounts), "--acknowledged", file.name]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(LOCUSTFILE),
            *arguments,
            *own,
            cwd=LOCUSTFILE.parent.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise LoadFailed(said.decode()[-2000:])
        return msgspec.msgpack.decode(file.read(), type=list[Acknowledged])
