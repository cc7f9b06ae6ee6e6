"""A bank on this machine: it pays each order number once, and is otherwise as slow, forgetful and talkative as told."""

import asyncio
import heapq
from contextlib import suppress
from hashlib import blake2b
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from actors.rail import RailState
from adapters.rails.bank_api import SIGNATURE_HEADER, Payment, PaymentState, signature
from adapters.rails.bank_ledger import BankLedger
from adapters.rails.wire import NoAnswer, Wire

Percent = Annotated[int, Meta(ge=0, le=100)]
NOTICE_SECONDS: Final = (0.0, 1.0, 5.0, 30.0)
"""When a notice that was not taken is sent again."""
NOTICES_MAX: Final = 32
"""Notices on their way at a time."""
NOTICE_TIMEOUT_SECONDS: Final = 5.0
FORGETFUL_QUERIES: Final = 1
"""So many queries about an order are answered as if it did not exist, where the bank is forgetful."""


class Conduct(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the bank behaves. Shares are of order numbers, and the same for the same seed."""

    seed: int = 0
    settle_seconds: float = 0.2
    """From the order to the last word."""
    late_seconds: float = 5.0
    turn_seconds: float = 2.0
    """From success to the return of the money."""
    hang_seconds: float = 30.0
    fail: Percent = 0
    late: Percent = 0
    """Settled only after `late_seconds`."""
    turn: Percent = 0
    """Come back after they succeeded."""
    hang: Percent = 0
    """The bank takes the order and then does not answer for `hang_seconds`."""
    forget: Percent = 0
    """The first query says that there is no such order."""
    lose_notice: Percent = 0
    repeat_notice: Percent = 0

    def hits(self, what: str, share: int, order_number: str) -> bool:
        """Return whether an order is among a share of them."""
        lot = blake2b(f"{self.seed}/{what}/{order_number}".encode(), digest_size=4).digest()
        return int.from_bytes(lot, "big") % 100 < share


class Bank:
    """Settles what it has taken, in its own time, and sends notices."""

    def __init__(self, ledger: BankLedger, conduct: Conduct, callback_url: str | None, secret: bytes) -> None:
        self.ledger = ledger
        self.conduct = conduct
        self._callback_url = callback_url
        self._secret = secret
        self._planned: list[tuple[float, str, RailState]] = []
        self._wake = asyncio.Event()
        self._notices: set[asyncio.Task[None]] = set()
        address = urlsplit(callback_url or "")
        self._path = address.path
        self._wire = Wire(f"{address.scheme}://{address.netloc}", NOTICES_MAX, NOTICE_TIMEOUT_SECONDS)

    def take(self, payment: Payment) -> PaymentState:
        """Take a payment, once; raises OrderNumberReused."""
        if self.ledger.take(payment):
            self._plan(payment.order_number)
        state = self.ledger.state(payment.order_number)
        assert state is not None
        return state

    def query(self, order_number: str) -> PaymentState | None:
        """Return what became of a payment, as far as the bank likes to know it."""
        asked = self.ledger.ask(order_number)
        if asked < FORGETFUL_QUERIES and self.conduct.hits("forget", self.conduct.forget, order_number):
            return None
        return self.ledger.state(order_number)

    async def run(self) -> None:
        """Settle what falls due, for ever; what was open when the bank ended goes on."""
        for order_number in self.ledger.open_orders():
            self._plan(order_number)
        try:
            while True:
                await self._settle_due()
        finally:
            notices = tuple(self._notices)
            for task in notices:
                task.cancel()
            await asyncio.gather(*notices, return_exceptions=True)
            await self._wire.close()

    def _plan(self, order_number: str) -> None:
        conduct = self.conduct
        late = conduct.hits("late", conduct.late, order_number)
        failed = conduct.hits("fail", conduct.fail, order_number)
        seconds = conduct.late_seconds if late else conduct.settle_seconds
        self._put(seconds, order_number, RailState.FAILED if failed else RailState.SUCCEEDED)

    def _put(self, seconds: float, order_number: str, state: RailState) -> None:
        heapq.heappush(self._planned, (asyncio.get_running_loop().time() + seconds, order_number, state))
        self._wake.set()

    async def _settle_due(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._planned and self._planned[0][0] <= now:
            _, order_number, state = heapq.heappop(self._planned)
            self._settle(order_number, state)
        self._wake.clear()
        wait = self._planned[0][0] - now if self._planned else None
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()

    def _settle(self, order_number: str, state: RailState) -> None:
        reason = {RailState.FAILED: "account closed", RailState.RETURNED: "payee refused"}.get(state, "")
        if not self.ledger.settle(order_number, state, reason):
            return
        conduct = self.conduct
        if state is RailState.SUCCEEDED and conduct.hits("turn", conduct.turn, order_number):
            self._put(conduct.turn_seconds, order_number, RailState.RETURNED)
        if self._callback_url is None or conduct.hits(f"lose {state}", conduct.lose_notice, order_number):
            return
        said = self.ledger.state(order_number)
        for _ in range(2 if conduct.hits(f"repeat {state}", conduct.repeat_notice, order_number) else 1):
            task = asyncio.create_task(self._notify(msgspec.json.encode(said)))
            self._notices.add(task)
            task.add_done_callback(self._notices.discard)

    async def _notify(self, body: bytes) -> None:
        """Send a notice until it is taken, or the bank has had enough."""
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature(self._secret, body)}
        for seconds in NOTICE_SECONDS:
            await asyncio.sleep(seconds)
            with suppress(NoAnswer):
                if (await self._wire.call("POST", self._path, body, headers)).good:
                    return
