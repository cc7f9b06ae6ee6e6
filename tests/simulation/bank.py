"""The bank of a simulated world, with whoever tells the accounts: once, twice, late, or in the wrong order."""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from actors.rows import PayoutOrderRow
from core.origination.commands import SettlePayout
from tests.simulation.clients import Client

if TYPE_CHECKING:
    from tests.simulation.world import World

LOOK_SECONDS = 0.5
Status = Literal["succeeded", "failed", "returned"]


class Bank:
    """Takes each payout order from the disk, once."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._random = world.random
        self._client = Client(world, "bank", ())

    async def live(self, clients: "asyncio.Future[Any]") -> None:
        """Settle orders, until nobody makes new ones and all are settled."""
        settling: dict[str, asyncio.Task[None]] = {}
        while not clients.done() or self._world.disk.payouts.keys() - settling.keys():
            for number, order in self._world.disk.payouts.items():
                if number not in settling:
                    settling[number] = asyncio.create_task(self._settle(order))
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.gather(*settling.values())

    async def _settle(self, order: PayoutOrderRow) -> None:
        draw = self._random
        if draw.random() < 0.1:
            await self._tell(order, "returned")
        await asyncio.sleep(draw.random() * 6 * self._world.pace)
        word: Status = draw.choice(("succeeded", "succeeded", "succeeded", "failed"))
        await self._tell(order, word)
        if draw.random() < 0.25:
            await asyncio.sleep(draw.random() * 6 * self._world.pace)
            await self._tell(order, "returned")

    async def _tell(self, order: PayoutOrderRow, status: Status) -> None:
        """Tell the account; perhaps twice at once, or again under another request id."""
        command = SettlePayout(
            account=order.account_id, payout=order.payout, status=status, reference=f"B-{order.order_number}"
        )
        envelope = self._client.envelope(command)
        again = [self._client.ask([envelope])] if self._random.random() < 0.2 else []
        if self._random.random() < 0.2:
            again.append(self._client.ask([self._client.envelope(command)]))
        await asyncio.gather(self._client.ask([envelope]), *again)
        self._world.saw(f"bank said {status}")
