"""The bank on this machine as a server of its own."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get, post

from adapters.http.server import serve_stand_in
from adapters.rails.bank_api import Owned, Ownership, Payment, PaymentState
from adapters.rails.bank_ledger import BankLedger, OrderNumberReused
from adapters.rails.simulator import Bank, Conduct
from adapters.stopping import told_to_stop

_payment = msgspec.json.Decoder(Payment)
_ownership = msgspec.json.Decoder(Ownership)
_AnyRequest = Request[Any, Any, Any]


def make_bank(bank: Bank) -> Litestar:
    """Return the bank's HTTP side."""

    @post("/payments", status_code=202)
    async def pay(request: _AnyRequest) -> Response[bytes]:
        try:
            payment = _payment.decode(await request.body())
            new = bank.ledger.state(payment.order_number) is None
            said = bank.take(payment)
        except (msgspec.DecodeError, OrderNumberReused) as error:
            return _json({"error": type(error).__name__, "detail": str(error)}, 422)
        if new and bank.conduct.hits("hang", bank.conduct.hang, payment.order_number):
            await asyncio.sleep(bank.conduct.hang_seconds)
        return _json(said, 202)

    @get("/payments/{order_number:str}")
    async def query(request: _AnyRequest) -> Response[bytes]:
        said: PaymentState | None = bank.query(request.path_params["order_number"])
        return _json({"error": "not_found"}, 404) if said is None else _json(said)

    @get("/statement")
    async def statement() -> Response[bytes]:
        return _json({"movements": bank.ledger.statement()})

    @post("/verify", status_code=200)
    async def verify(request: _AnyRequest) -> Response[bytes]:
        return _json(Owned(belongs(_ownership.decode(await request.body()))))

    return Litestar([pay, query, statement, verify], openapi_config=None, logging_config=None)


def belongs(asked: Ownership) -> bool | None:
    """Return whose an account is by how it ends: 00 is somebody else's, of 99 the bank cannot say."""
    ends = {"00": False, "99": None}
    return ends.get(asked.account_number[-2:], True)


async def serve_bank(bank: Bank, listener: socket.socket, stop: asyncio.Event) -> None:
    """Be a bank until `stop` is set; whatever is open then goes on with the next start on the same ledger."""
    settling = asyncio.create_task(bank.run())
    # A bank that settles no more is closed.
    settling.add_done_callback(lambda _: stop.set())
    try:
        await serve_stand_in(make_bank(bank), listener, stop)
    finally:
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)


async def run_bank(
    ledger: Path | None, conduct: Conduct, callback_url: str | None, secret: bytes, listener: socket.socket
) -> None:
    """Be a bank until SIGTERM or SIGINT."""
    stop, books = told_to_stop(), BankLedger(ledger)
    try:
        await serve_bank(Bank(books, conduct, callback_url, secret), listener, stop)
    finally:
        books.close()


def _json(answer: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(answer), media_type="application/json", status_code=status)
