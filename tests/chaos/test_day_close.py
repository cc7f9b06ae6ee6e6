"""A day close is killed in its middle, shard and gateways: asked again, it goes on and does each step once."""

import asyncio
from datetime import date, timedelta

from loadtests.book import close_days
from tests.chaos.conftest import ACCOUNTS, Chaos

DUE = date(2026, 2, 1)
INSTALLMENT_BILLED = 14


def test_a_day_close_is_killed_in_its_middle(chaos: Chaos) -> None:
    async def test() -> None:
        system = chaos.system
        await close_days(system.base_url, DUE - timedelta(days=1))
        async with chaos.peak() as peak:
            closing = asyncio.create_task(close_days(system.base_url, DUE + timedelta(days=1)))
            billed = await _until_some_are_billed(chaos)
            print(f"\nkilled when {billed} of {len(ACCOUNTS)} loans were billed")
            victims = (system.shard_pids[0], *system.gateway_pids)
            await chaos.survive(peak, "shard 0 and both gateways killed in a day close", *victims)
            await asyncio.wait((closing,))
            assert closing.exception() is None, closing.exception()
        rows = await chaos.fetch("SELECT business_date FROM book")
        assert rows[0][0] == DUE + timedelta(days=1)
        assert not await chaos.fetch("SELECT FROM day_close WHERE finished_at IS NULL")
        rows = await chaos.fetch("SELECT account_id FROM event WHERE kind = $1", INSTALLMENT_BILLED)
        assert sorted(account for (account,) in rows) == list(ACCOUNTS)
        await chaos.prove(peak)

    chaos.run(test())


async def _until_some_are_billed(chaos: Chaos) -> int:
    async with asyncio.timeout(30):
        while True:
            rows = await chaos.fetch("SELECT count(*) FROM event WHERE kind = $1", INSTALLMENT_BILLED)
            if rows[0][0]:
                return int(rows[0][0])
