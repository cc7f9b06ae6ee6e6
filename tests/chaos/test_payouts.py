"""Payer, shard and bank are killed in a burst of payouts: each order is paid once, and the pool adds up."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
from msgspec.structs import replace

from adapters.postgres.pools import unbalanced
from adapters.postgres.session import Session
from adapters.rails.orders import PostgresOrders
from adapters.rails.reconciliation import Ours, reconcile, statement_of
from adapters.settings import Settings
from adapters.system import System
from adapters.verification.verify import verify
from core.identity import loan_id
from core.origination.commands import Apply
from loadtests import ledger
from loadtests.applicants import PRODUCT, PURPOSE, known
from loadtests.bench import OPENED_ON
from loadtests.book import carry_out, trial_difference
from loadtests.client import Answer, Client, Order, batch
from loadtests.desk import Desk
from loadtests.originate import answers, contracts, request, send
from tests.chaos.conftest import SHARDS, kill
from tests.integration.lending import write_answers

BORROWERS: Final = range(1, 151)
LENT: Final = 10_000_00
TOGETHER: Final = 10
PACE_SECONDS: Final = 0.1
SETTLED_SECONDS_MAX: Final = 45
LEASE_ENDS_SECONDS: Final = 3.0
"""A dead payer's orders are left to it for 90 s; here that time is over after so long."""


def test_payer_shard_and_bank_are_killed_in_a_burst_of_payouts(tmp_path: Path) -> None:
    async def test() -> None:
        async with lender(tmp_path) as system:
            before = system.paying.children
            said = await _burst(system)
            assert {answer.status for answer in said.values()} == {"done"}
            await _all_settled(system)
            assert not {child.pid for child in before} & {child.pid for child in system.paying.children}
            assert await _burst(system, kills=False) == said, "what was asked before is not done again"
            await _prove(system)

    asyncio.run(test())


@asynccontextmanager
async def lender(home: Path) -> AsyncIterator[System]:
    """Run a lender to whose borrowers everything but the money has gone out; its bank is a process of its own."""
    desk = Desk.made(home)
    book = Settings(data_dir=str(home / "book"), http_port=0, shards=SHARDS, business_date=OPENED_ON)
    settings = replace(desk.known_to(book), sources_file=str(home / "sources.json"))
    write_answers(settings, {})
    async with System(settings) as system:
        await desk.fund(system.postgres_dsn, "main", 2 * LENT * len(BORROWERS))
        await _lend(system, desk)
        yield system


async def _lend(system: System, desk: Desk) -> None:
    url, count = system.base_url, len(BORROWERS)
    people = (list(known(each)) for each in BORROWERS)
    await carry_out(url, people, 5 * count, _silent, "applicants", desk.proof)
    wanted: dict[str, Any] = {"product": PRODUCT, "amount": LENT, "installments": 6, "purpose": PURPOSE}
    applying = [Order(f"{each}-apply", Apply(account=each, **wanted)) for each in BORROWERS]
    decided = answers(await send(url, applying, count, count, _silent, "applications"))
    assert {answer.state for _, answer in decided} == {"approved"}
    _, signed = await contracts(url, desk, BORROWERS, count, _silent)
    assert {answer.loan for _, answer in answers(signed)} == {loan_id(each, 1) for each in BORROWERS}


async def _burst(system: System, *, kills: bool = True) -> dict[str, Answer]:
    """Ask for all payouts, a few at a time; on the way, kill what they depend on."""
    orders = list(map(request, BORROWERS))
    groups = [orders[start : start + TOGETHER] for start in range(0, len(orders), TOGETHER)]
    said: dict[str, Answer] = {}
    async with Client(system.base_url, "burst") as client:
        for number, group in enumerate(groups):
            sent = await client.send(batch(group))
            said |= {order.request_id: answer for order, answer in zip(sent.orders, sent.answers, strict=True)}
            if kills:
                await _kill(system, number)
            await asyncio.sleep(PACE_SECONDS if kills else 0)
    return said


async def _kill(system: System, number: int) -> None:
    payer, bank = (child.pid for child in system.paying.children)
    victims = {2: payer, 5: system.shard_pids[0], 8: bank, 14: payer}
    if number in victims:
        await _under_way(system)
        kill(victims[number])


async def _under_way(system: System) -> None:
    """Wait until the bank has, or may have, an order that it has said nothing of."""
    connection = await asyncpg.connect(system.postgres_dsn)
    try:
        async with asyncio.timeout(SETTLED_SECONDS_MAX):
            while True:
                if await connection.fetchval("SELECT count(*) FROM payout_order WHERE state = 'sent'"):
                    return
    finally:
        await connection.close()


async def _all_settled(system: System) -> None:
    began = lapsed = time.monotonic()
    connection = await asyncpg.connect(system.postgres_dsn)
    try:
        async with asyncio.timeout(SETTLED_SECONDS_MAX):
            while await connection.fetchval("SELECT count(*) FROM payout_order WHERE state <> told"):
                if time.monotonic() > lapsed + LEASE_ENDS_SECONDS:
                    await connection.execute("UPDATE payout_order SET next_try_at = now() WHERE state <> told")
                    lapsed = time.monotonic()
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
    print(f"\nall payouts settled {time.monotonic() - began:.1f} s after the last was asked for")


async def _prove(system: System) -> None:
    """The bank paid each order once, and nothing is missing anywhere."""
    async with httpx.AsyncClient() as client:
        statement = statement_of((await client.get(f"{system.paying.bank_url}/statement")).content)
    session, connection = Session(system.postgres_dsn, "chaos", {}), await asyncpg.connect(system.postgres_dsn)
    try:
        ours = [Ours(*order) for order in await PostgresOrders(session).to_reconcile()]
        compared = reconcile(ours, statement)
        assert (compared.outcomes["match"], compared.differences) == (len(BORROWERS), [])
        assert sorted(line.order_number for line in statement) == sorted(f"{each}-1" for each in BORROWERS)
        assert await ledger.figure(system.postgres_dsn, "disbursed") == len(BORROWERS)
        assert await unbalanced(connection) == []
        held = await connection.fetchrow("SELECT sum(reserved)::bigint, sum(spent)::bigint FROM lease")
        assert tuple(held) == (0, LENT * len(BORROWERS))
    finally:
        await connection.close()
        await session.close()
    assert await trial_difference(system.base_url) == 0
    report = await verify(system.postgres_dsn)
    assert report.ok, report


def _silent(what: str, done: int, count: int) -> None:
    """Tell nobody."""
