"""POST /v1/rails/{rail}/callback: a bank's notice is durable before the bank hears that we have it."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from actors.payout_orders import Change, Orders, notified
from actors.protocols import JournalUnavailable
from actors.rail import RailAnswer
from adapters.http.media import answer_json
from adapters.http.problems import AnyRequest, HttpCode, Refusal
from adapters.rails.bank_api import SIGNATURE_HEADER, PaymentState, is_signed
from core.rejections import Code

CALLBACK_PATH: Final = "/v1/rails/{rail:str}/callback"
WAITING_MAX: Final = 1_000
"""Notices that wait to be written; more are told to come again."""
_Waiting = tuple[str, Change, asyncio.Future[bool]]
_notice: Final = msgspec.json.Decoder(PaymentState)


class Notices:
    """Writes news of orders: what comes while one transaction runs goes into the next one together."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._turn = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def write(self, order_number: str, change: Change) -> bool:
        """Return whether there is such an order, once the news is durable; raises JournalUnavailable."""
        if len(self._waiting) >= WAITING_MAX:
            raise Refusal(Code.OVERLOADED, f"{WAITING_MAX} notices wait already")
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((order_number, change, written))
        async with self._turn:
            if not written.done():
                await self._write_waiting()
        return written.result()

    async def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            unknown = await self._orders.change([(number, change) for number, change, _ in waiting])
        except JournalUnavailable as error:
            _fail(waiting, error)
        except BaseException as error:
            _fail(waiting, JournalUnavailable(f"cut short: {type(error).__name__}"))
            raise
        else:
            for number, _, written in waiting:
                written.set_result(number not in unknown)


def _fail(waiting: list[_Waiting], error: JournalUnavailable) -> None:
    for _, _, written in waiting:
        written.set_exception(error)
        # Seen: whoever waited may be gone.
        written.exception()


def callback_route(orders: Orders, secrets: Mapping[str, bytes]) -> HTTPRouteHandler:
    """Return the route for banks' notices; `secrets` holds what each rail signs with."""
    notices = Notices(orders)

    @post(CALLBACK_PATH, status_code=200)
    async def receive_notice(request: AnyRequest) -> Response[bytes]:
        rail = request.path_params["rail"]
        said = _verified(secrets.get(rail), await request.body(), request.headers.get(SIGNATURE_HEADER, ""))
        news = notified(RailAnswer(said.state, said.reference, said.reason))
        if not await notices.write(said.order_number, news):
            raise Refusal(HttpCode.ROUTE_UNKNOWN, "there is no such order")
        return answer_json({"status": "received"})

    return receive_notice


def _verified(secret: bytes | None, body: bytes, claimed: str) -> PaymentState:
    """Return what the bank says; one answer for every notice that is not signed as it should be."""
    if secret is None or not is_signed(secret, body, claimed):
        raise Refusal(HttpCode.ROUTE_UNKNOWN, "no rail of ours signs like this")
    try:
        return _notice.decode(body)
    except msgspec.DecodeError as error:
        raise Refusal(Code.MALFORMED, str(error)) from None
