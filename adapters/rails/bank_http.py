"""The way to a bank over HTTP: bounded connections, bounded time, and no guess about what was not answered."""

from typing import Final

import msgspec

from actors.rail import PayoutOrder, RailAnswer, RailState
from adapters.rails.bank_api import Payment, PaymentState
from adapters.rails.payees import Payees, PayeeUnknown
from adapters.rails.wire import Answered, NoAnswer, Wire

CONNECTIONS_MAX: Final = 32
TIMEOUT_SECONDS: Final = 10.0
_JSON: Final = {"Content-Type": "application/json"}
_state: Final = msgspec.json.Decoder(PaymentState)


class BankHttp:
    """Implements actors.rail.Rail."""

    def __init__(self, base_url: str, payees: Payees, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._wire = Wire(base_url, CONNECTIONS_MAX, timeout_seconds)
        self._payees = payees

    async def submit(self, order: PayoutOrder) -> RailAnswer:
        """See Rail."""
        try:
            payee = await self._payees.of(order)
        except PayeeUnknown as error:
            return RailAnswer(RailState.UNKNOWN, reason=f"not sent: {error}")
        payment = Payment(
            order.order_number, order.currency, order.amount, order.bank, payee.account_number, payee.holder
        )
        return await self._ask("POST", "/payments", order.order_number, msgspec.json.encode(payment))

    async def query(self, order_number: str) -> RailAnswer:
        """See Rail."""
        return await self._ask("GET", f"/payments/{order_number}", order_number)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def _ask(self, method: str, path: str, order_number: str, body: bytes = b"") -> RailAnswer:
        try:
            answer = await self._wire.call(method, path, body, _JSON)
        except NoAnswer as error:
            return RailAnswer(RailState.UNKNOWN, reason=f"no answer: {error}")
        if method == "GET" and answer.status == 404:
            return RailAnswer(RailState.NOT_FOUND)
        return _news(answer, order_number)


def _news(answer: Answered, order_number: str) -> RailAnswer:
    """Only the bank's word about this very order is news; a status code says nothing about the money."""
    try:
        said = _state.decode(answer.body)
    except msgspec.DecodeError:
        return RailAnswer(RailState.UNKNOWN, reason=f"status {answer.status} without a word on the payment")
    if not answer.good or said.order_number != order_number:
        return RailAnswer(RailState.UNKNOWN, reason=f"status {answer.status}, about {said.order_number}")
    return RailAnswer(said.state, said.reference, said.reason)
