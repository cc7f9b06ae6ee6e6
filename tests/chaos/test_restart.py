"""The system stops, in good order or because its main process is killed: nothing stays behind, all state comes back."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from adapters.embedded.child_process import socket_directory
from adapters.settings import Settings
from adapters.system import System
from adapters.verification.verify import verify
from core.commands import Repay
from core.contract.terms import Rate, RatePer, Terms
from loadtests.book import close_days, fill
from loadtests.client import Client, Order, batch

FIRST_DAY = date(2026, 1, 1)
DUE = date(2026, 2, 1)
TERMS = Terms(principal=500_000, rate=Rate(500_000, RatePer.DAY), installments=6)
ACCOUNTS = range(1, 101)
GONE_SECONDS_MAX = 15.0
MARK = "CHAOS_RUN"
"""A variable in the environment of the process that is killed, which all its descendants inherit."""
MAIN = """
import asyncio, sys
from datetime import date
from adapters.settings import Settings
from adapters.system import System

async def run():
    settings = Settings(data_dir=sys.argv[1], http_port=0, shards=1, business_date=date.fromisoformat(sys.argv[2]))
    async with System(settings) as system:
        print(system.base_url, flush=True)
        await asyncio.sleep(600)

asyncio.run(run())
"""


def test_all_state_comes_back_after_any_stop(tmp_path: Path) -> None:
    base_url, main = _start_elsewhere(tmp_path)
    try:
        asyncio.run(_lend(base_url))
        asyncio.run(_repay(base_url, "before"))
        assert len(_descendants(tmp_path)) > 5
    finally:
        main.kill()
        main.wait()
    print(f"\nmain process killed: all its descendants ended after {_seconds_until_alone(tmp_path):.1f} s")
    asyncio.run(_comes_back(tmp_path, "between", repayments=2))
    asyncio.run(_comes_back(tmp_path, "after", repayments=3))
    assert not [name for name in ("postgres", "redis", "ray") if socket_directory(tmp_path / name).exists()]


def _start_elsewhere(data_dir: Path) -> tuple[str, "subprocess.Popen[str]"]:
    environment = {**os.environ, MARK: str(data_dir)}
    command = [sys.executable, "-c", MAIN, str(data_dir), str(FIRST_DAY)]
    main = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    with main.stdout:
        return main.stdout.readline().strip(), main


async def _lend(base_url: str) -> None:
    await fill(base_url, ((account, TERMS) for account in ACCOUNTS), len(ACCOUNTS), lambda *_: None)
    await close_days(base_url, DUE)


async def _repay(base_url: str, name: str) -> None:
    orders = [Order(f"{name}-{account}", Repay(account=account, amount=1_000)) for account in ACCOUNTS]
    async with Client(base_url, "chaos") as client:
        assert {answer.status for answer in (await client.send(batch(orders))).answers} == {"received"}


async def _comes_back(data_dir: Path, name: str, repayments: int) -> None:
    """Start on a data directory, find everything there, repay once more, and leave in good order."""
    began = time.monotonic()
    async with System(Settings(data_dir=str(data_dir), http_port=0, shards=1)) as system:
        print(f"serving again {time.monotonic() - began:.1f} s after the start")
        # The same ids once more: answered from the record.
        await _repay(system.base_url, "before")
        await _repay(system.base_url, name)
        async with Client(system.base_url, "chaos") as client:
            for account in (ACCOUNTS[0], ACCOUNTS[-1]):
                page = await client.call("GET", f"/v1/accounts/{account}/transactions")
                assert page.count(b"RepaymentReceived") == repayments
            assert str(DUE).encode() in await client.call("GET", f"/v1/loans/{ACCOUNTS[0]}0001")
        assert (await verify(system.postgres_dsn)).ok


def _seconds_until_alone(data_dir: Path) -> float:
    began = time.monotonic()
    while descendants := _descendants(data_dir):
        assert time.monotonic() - began < GONE_SECONDS_MAX, descendants
        time.sleep(0.05)
    return time.monotonic() - began


def _descendants(data_dir: Path) -> list[str]:
    """Command lines of living processes that inherited the mark; a zombie has no environment any more."""
    mark = f"{MARK}={data_dir}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
