"""The payer: hands orders to the bank, asks until the bank has said its last word, and tells the accounts. It never
guesses: a time-out is no failure, and the same order goes out again only under its own number.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from actors.payout_orders import (
    Change,
    Claimed,
    Orders,
    OrderState,
    Verdict,
    answered,
    request_id,
    to_tell,
    was_told,
)
from actors.protocols import Clock, JournalUnavailable
from actors.rail import Rail, RailAnswer, RailState
from core.origination.commands import SettlePayout

IN_FLIGHT_MAX: Final = 64
"""Orders that a bank is asked about at a time, answers that are not yet written included."""
TELL_MAX: Final = 500
LEASE_SECONDS: Final = 90.0
"""How long a claimed order is left to its payer: longer than two calls to the bank, or one to the gateway."""
RESUBMIT_SECONDS: Final = 7 * 86_400.0
"""Banks forget old orders: one this old that the bank does not know any more is not sent again, but listed."""
IDLE_SECONDS: Final = 0.2
PAUSE_SECONDS: Final = 0.01
"""Between two looks while there is work: whatever comes meanwhile is done together."""
DOWN_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)

_log = logging.getLogger(__name__)
_FORGOTTEN: Final = RailAnswer(
    RailState.UNKNOWN, reason="the bank does not know it, and it is too old to be sent again"
)


class Settlement(Struct, frozen=True):
    """A command for an account, under the name that it has for good."""

    request_id: str
    command: SettlePayout


class Tell(Protocol):
    """The way to the accounts."""

    async def settle(self, settlements: Sequence[Settlement]) -> list[tuple[Verdict, str]]:
        """Return the verdict for each, DONE only once it is durable, and why not; raises nothing."""


class Payer:
    """Works on payout orders; any number of payers may share them."""

    def __init__(self, orders: Orders, rail: Rail, tell: Tell, clock: Clock) -> None:
        self._orders = orders
        self._rail = rail
        self._tell = tell
        self._clock = clock
        self._asking: set[asyncio.Task[None]] = set()
        self._unwritten: list[tuple[str, Change]] = []
        self._come = asyncio.Event()
        """Set while answers wait to be written."""

    async def run(self) -> None:
        """Work for ever. It can be cancelled anywhere: what it was at is taken up when its lease ends."""
        try:
            async with asyncio.TaskGroup() as group:
                for step in (self._ask_due, self._write_answers, self._tell_due):
                    group.create_task(self._repeat(step))
        finally:
            asking = tuple(self._asking)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _repeat(self, step: Callable[[], Awaitable[bool]]) -> None:
        failures = 0
        while True:
            try:
                worked = await step()
            except JournalUnavailable as error:
                if not failures:
                    _log.warning("the payer waits: %s", error)
                await self._clock.sleep(DOWN_SECONDS[min(failures, len(DOWN_SECONDS) - 1)])
                failures += 1
                continue
            failures = 0
            await self._clock.sleep(PAUSE_SECONDS if worked else IDLE_SECONDS)

    async def _ask_due(self) -> bool:
        """Start asking about what is due, as far as there is room; return whether to look again soon."""
        room = IN_FLIGHT_MAX - len(self._asking) - len(self._unwritten)
        if 2 * room < IN_FLIGHT_MAX:
            if self._asking:
                await asyncio.wait(self._asking, return_when=asyncio.FIRST_COMPLETED)
            return True
        deadline = self._clock.monotonic() + LEASE_SECONDS
        claimed = await self._orders.claim_asks(room, LEASE_SECONDS)
        for each in claimed:
            task = asyncio.create_task(self._ask(each, deadline))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return len(claimed) == room

    async def _ask(self, claimed: Claimed, deadline: float) -> None:
        """Submit a new order, query an old one; one that the bank does not know is submitted under its own number."""
        order, before = claimed.order, claimed.progress
        if before.state is OrderState.PENDING:
            answer = await self._rail.submit(order)
        else:
            answer = await self._rail.query(order.order_number)
        if answer.state is RailState.NOT_FOUND and before.state is OrderState.SENT:
            if before.age_seconds > RESUBMIT_SECONDS:
                answer = _FORGOTTEN
            elif self._clock.monotonic() < deadline:
                answer = await self._rail.submit(order)
        self._unwritten.append((order.order_number, answered(answer)))
        self._come.set()

    async def _write_answers(self) -> bool:
        await self._come.wait()
        answers = self._unwritten[:]
        await self._orders.change(answers)
        del self._unwritten[: len(answers)]
        if not self._unwritten:
            self._come.clear()
        return True

    async def _tell_due(self) -> bool:
        """Tell accounts what they do not know; an order is marked only after the account's durable answer."""
        claimed = await self._orders.claim_tells(TELL_MAX, LEASE_SECONDS)
        if not claimed:
            return False
        verdicts = await self._tell.settle([_settlement(each) for each in claimed])
        changes = [
            (each.order.order_number, was_told(to_tell(each.progress), verdict, detail))
            for each, (verdict, detail) in zip(claimed, verdicts, strict=True)
        ]
        await self._orders.change(changes)
        return True


def _settlement(claimed: Claimed) -> Settlement:
    order, progress = claimed.order, claimed.progress
    status = to_tell(progress)
    command = SettlePayout(
        account=order.account,
        payout=order.payout,
        status=status,
        reference=progress.reference,
        reason="" if status == "succeeded" else progress.reason,
    )
    return Settlement(request_id(order.order_number, progress), command)
