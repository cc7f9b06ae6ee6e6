"""A payer's world: orders in memory, a bank that does everything wrong but pay, accounts that do not always answer."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from msgspec.structs import replace

from actors.payer import Payer, Settlement
from actors.payout_orders import Change, Claimed, OrderState, Progress, Verdict, notified
from actors.protocols import JournalUnavailable
from actors.rail import PayoutOrder, RailAnswer, RailState
from tests.simulation.loop import VirtualClock

ACCEPTED, PROCESSING = RailAnswer(RailState.ACCEPTED), RailAnswer(RailState.PROCESSING)
UNKNOWN = RailAnswer(RailState.UNKNOWN)


class MemoryOrders:
    """Implements actors.payout_orders.Orders on a disk that may be away."""

    def __init__(self, orders: Sequence[PayoutOrder], random: Random, trouble: Callable[[], bool]) -> None:
        self.orders = {order.order_number: order for order in orders}
        self.progress = {number: Progress() for number in self.orders}
        self.due = dict.fromkeys(self.orders, 0.0)
        self.sent_at: dict[str, float] = {}
        self._random = random
        self._trouble = trouble

    async def claim_asks(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """See Orders."""
        claimed = await self._claim(limit, lease_seconds, asks=True)
        for each in claimed:
            number = each.order.order_number
            self.sent_at.setdefault(number, _now())
            if each.progress.state is OrderState.PENDING:
                self.progress[number] = replace(self.progress[number], state=OrderState.SENT)
        return claimed

    async def claim_tells(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """See Orders."""
        return await self._claim(limit, lease_seconds, asks=False)

    async def change(self, changes: Sequence[tuple[str, Change]]) -> set[str]:
        """See Orders; the answer of a change that was made may be lost."""
        await self._away()
        for number, change in changes:
            if number in self.orders:
                after = change(self._aged(number))
                if after.due_in is not None:
                    self.due[number] = _now() + after.due_in
                self.progress[number] = replace(after, due_in=None)
        await self._away()
        return {number for number, _ in changes} - self.orders.keys()

    async def _claim(self, limit: int, lease_seconds: float, *, asks: bool) -> list[Claimed]:
        await self._away()
        due = sorted((due, number) for number, due in self.due.items() if due <= _now())
        numbers = [number for _, number in due if _asks(self.progress[number]) is asks][:limit]
        for number in numbers:
            self.due[number] = _now() + lease_seconds
        return [Claimed(self.orders[number], self._aged(number)) for number in numbers]

    def _aged(self, number: str) -> Progress:
        return replace(self.progress[number], age_seconds=_now() - self.sent_at.get(number, _now()))

    async def _away(self) -> None:
        await asyncio.sleep(self._random.choice((0.0, 0.001, 0.05)))
        if self._trouble() and self._random.random() < 0.1:
            raise JournalUnavailable("away")


def _asks(progress: Progress) -> bool | None:
    if progress.state in (OrderState.PENDING, OrderState.SENT) or progress.state == progress.told:
        return True
    return None if progress.state is OrderState.DISPUTED else False


class FaultyBank:
    """Implements actors.rail.Rail. It pays an order number once; all else that it says may be late, lost or doubled."""

    def __init__(self, random: Random, trouble: Callable[[], bool], notify: Callable[[str, RailAnswer], None]) -> None:
        self.paid: Counter[str] = Counter()
        self.submitted: Counter[str] = Counter()
        self.last_word: dict[str, RailState] = {}
        self._states: dict[str, RailAnswer] = {}
        self._random = random
        self._trouble = trouble
        self._notify = notify

    async def submit(self, order: PayoutOrder) -> RailAnswer:
        """See Rail."""
        if await self._lost():
            return UNKNOWN
        number = order.order_number
        self.submitted[number] += 1
        if number not in self._states:
            self._states[number] = self._random.choice((ACCEPTED, PROCESSING))
            self._later(self._settle, number)
        if await self._lost():
            return UNKNOWN
        return self._states[number]

    async def query(self, order_number: str) -> RailAnswer:
        """See Rail; an order taken just now may not be found yet."""
        if await self._lost():
            return UNKNOWN
        if self._trouble() and self._random.random() < 0.1:
            return RailAnswer(RailState.NOT_FOUND)
        answer = self._states.get(order_number, RailAnswer(RailState.NOT_FOUND))
        await asyncio.sleep(self._random.uniform(0, 8))
        return answer

    def _settle(self, number: str) -> None:
        fails = self._random.random() < 0.15
        if not fails:
            self.paid[number] += 1
            if self._random.random() < 0.2:
                self._later(self._turn, number)
        self._say(number, RailState.FAILED if fails else RailState.SUCCEEDED)

    def _turn(self, number: str) -> None:
        self.paid[number] -= 1
        self._say(number, RailState.RETURNED)

    def _say(self, number: str, state: RailState) -> None:
        reason = "" if state is RailState.SUCCEEDED else "closed"
        answer = self._states[number] = RailAnswer(state, f"B{number}-{state}", reason)
        self.last_word[number] = state
        for _ in range(self._random.choice((0, 1, 1, 2, 3))):
            self._later(self._notify, number, answer)

    def _later(self, what: Callable[..., None], *arguments: object) -> None:
        asyncio.get_running_loop().call_later(self._random.choice((0.01, 1, 20, 400, 9_000)), what, *arguments)

    async def _lost(self) -> bool:
        """Wait for the wire; return whether what was on it never came."""
        await asyncio.sleep(self._random.uniform(0.01, 5))
        lost = self._trouble() and self._random.random() < 0.3
        if lost:
            await asyncio.sleep(5)
        return lost


class Accounts:
    """Implements actors.payer.Tell with the rules of the core: a payout succeeds or fails once, and may then return."""

    def __init__(self, random: Random, trouble: Callable[[], bool]) -> None:
        self.heard: dict[tuple[int, int], list[str]] = {}
        self.replies: dict[str, tuple[object, Verdict]] = {}
        self._random = random
        self._trouble = trouble

    async def settle(self, settlements: Sequence[Settlement]) -> list[tuple[Verdict, str]]:
        """See Tell; what was carried out may be answered as unknown."""
        await asyncio.sleep(self._random.uniform(0.001, 2))
        return [(self._answer(each), "") for each in settlements]

    def _answer(self, settlement: Settlement) -> Verdict:
        lost = self._random.random() if self._trouble() else 1
        if lost < 0.15:
            return Verdict.AGAIN
        if settlement.request_id not in self.replies:
            self.replies[settlement.request_id] = (settlement.command, self._carry_out(settlement))
        command, verdict = self.replies[settlement.request_id]
        assert command == settlement.command, "a request id was reused for another command"
        return Verdict.AGAIN if lost < 0.3 else verdict

    def _carry_out(self, settlement: Settlement) -> Verdict:
        command = settlement.command
        heard = self.heard.setdefault((command.account, command.payout), [])
        allowed = {(): ("succeeded", "failed"), ("succeeded",): ("returned",)}.get(tuple(heard), ())
        if command.status not in allowed:
            return Verdict.REFUSED
        heard.append(command.status)
        return Verdict.DONE


class PayoutWorld:
    """Payers that crash, a bank and accounts that fail, until the trouble is over; then all must be well."""

    def __init__(self, seed: int, orders: int, trouble_seconds: float) -> None:
        self.random = Random(seed)
        self.trouble_seconds = trouble_seconds
        numbers = range(1, orders + 1)
        wanted = [PayoutOrder(f"{n}-1", n, 1, "CNY", 100 * n, "icbc", 1) for n in numbers]
        self.orders = MemoryOrders(wanted, self.random, self.trouble)
        self.bank = FaultyBank(self.random, self.trouble, self._notice)
        self.accounts = Accounts(self.random, self.trouble)
        self._notices: set[asyncio.Task[None]] = set()

    def trouble(self) -> bool:
        """Return whether things go wrong now."""
        return _now() < self.trouble_seconds

    async def live(self, seconds: float) -> None:
        """Let two payers work, each crashing and coming back while there is trouble."""
        payers = [asyncio.create_task(self._keep_paying()) for _ in range(2)]
        await asyncio.sleep(seconds)
        for payer in payers:
            payer.cancel()
        await asyncio.gather(*payers, return_exceptions=True)

    async def _keep_paying(self) -> None:
        while True:
            payer = Payer(self.orders, self.bank, self.accounts, VirtualClock())
            running = asyncio.create_task(payer.run())
            try:
                await asyncio.wait((running,), timeout=self.random.uniform(1, 300) if self.trouble() else None)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    def _notice(self, number: str, answer: RailAnswer) -> None:
        """A notice as the gateway takes it; one that it cannot write is lost here."""
        task = asyncio.create_task(self._write(number, answer))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def _write(self, number: str, answer: RailAnswer) -> None:
        with suppress(JournalUnavailable):
            await self.orders.change([(number, notified(answer))])


def _now() -> float:
    return asyncio.get_running_loop().time()
