"""A gateway process: HTTP on one side, the shards on the other. Any number of them share one port."""

import argparse
import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import uvloop
from litestar.handlers import HTTPRouteHandler
from msgspec.json import Encoder, decode

from actors.clock import MonotonicClock
from actors.cluster import RayTransport, join_ray, ray_address
from actors.day_close import DayClose
from actors.messages import Envelope
from actors.protocols import OutcomeUnknown, ShardUnavailable
from actors.router import Router
from adapters.contracts.pdf import as_pdf
from adapters.house import BANK, HouseSettings, LendingHouse
from adapters.http.server import listen, serve
from adapters.postgres.book import close_period, contract_text, proposals, reviews, suspended, trial_balance
from adapters.postgres.day_book import PostgresBook
from adapters.postgres.session import Session
from adapters.rails.callbacks import callback_route
from adapters.rails.orders import PostgresOrders
from adapters.stopping import told_to_stop
from adapters.trial_balance import report
from core.rejections import Rejection

_json = Encoder()
_SESSION_NAME: Final = "tenor-gateway"
RAY_PROBE_SECONDS: Final = 1.0
RAY_MISSES_MAX: Final = 3
_log = logging.getLogger("tenor.gateway")


class Gateway:
    """Implements adapters.http.backend.Backend."""

    def __init__(self, dsn: str, shards: int, house: LendingHouse) -> None:
        clock = MonotonicClock()
        self._transport = RayTransport(shards)
        self._router = Router(self._transport, shards, clock)
        self._house = house
        self.products = house.catalogue
        self.authentic = house.roster.authentic
        self.as_pdf = as_pdf
        self._session = Session(dsn, _SESSION_NAME, {})
        self._book = PostgresBook(self._session)
        # Of its own, so that a long close does not hold up a query.
        self._closing = DayClose(PostgresBook(Session(dsn, _SESSION_NAME, {})), self._transport, clock)

    async def submit(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        """See Backend."""
        with _cut_short():
            return await self._router.submit(envelopes)

    async def read(self, account: int, query: bytes) -> bytes:
        """See Backend."""
        return await self._router.read(account, query)

    async def ready(self) -> bool:
        """See Backend."""
        try:
            await asyncio.gather(*(self._transport.ping(shard) for shard in range(self._transport.count)))
        except ShardUnavailable:
            return False
        return True

    async def business_date(self) -> date:
        """See Backend."""
        return await self._book.business_date()

    async def close_day(self, date: date | None) -> bytes | Rejection:
        """See Backend."""
        report = await self._closing.close(date)
        return report if isinstance(report, Rejection) else _json.encode(report)

    async def close_period(self, through: date) -> date | None:
        """See Backend."""
        async with self._session.turn() as connection:
            return await close_period(connection, through)

    async def reviews(self, product: str | None, limit: int) -> bytes:
        """See Backend."""
        async with self._session.turn() as connection:
            return _json.encode(await reviews(connection, product, limit))

    async def proposals(self, product: str | None, limit: int) -> bytes:
        """See Backend."""
        async with self._session.turn() as connection:
            return _json.encode(await proposals(connection, product, limit))

    async def contract_text(self, account: int, agreement: int) -> bytes | None:
        """See Backend."""
        async with self._session.turn() as connection:
            row = await contract_text(connection, account, agreement)
        return None if row is None else self._house.open_text(row)

    async def suspended(self) -> bytes:
        """See Backend."""
        async with self._session.turn() as connection:
            return _json.encode(await suspended(connection))

    async def trial_balance(self, as_of: date | None, *, by_product: bool) -> bytes:
        """See Backend."""
        async with self._session.turn() as connection:
            rows = await trial_balance(connection, as_of, by_product=by_product)
        return _json.encode(report(as_of, rows, self.products))


@contextmanager
def _cut_short() -> Iterator[None]:
    """Answer what a stopping server cannot wait for; left alone, it would look like an error of ours."""
    try:
        yield
    except asyncio.CancelledError:
        raise OutcomeUnknown("the gateway stops") from None


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m adapters.gateway", description=__doc__)
    parser.add_argument("--dsn", required=True, help="the book's PostgreSQL database")
    parser.add_argument("--ray", required=True, help="address of the Ray cluster")
    parser.add_argument("--shards", required=True, type=int)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--house", required=True, help="where the lender's documents and keys are, JSON")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    join_ray(options.ray)
    settings = decode(options.house, type=HouseSettings)
    gateway = Gateway(options.dsn, options.shards, LendingHouse.open(settings, options.dsn))
    orders = PostgresOrders(Session(options.dsn, _SESSION_NAME, {}))
    notices = callback_route(orders, {BANK: Path(settings.bank_secret).read_bytes().strip()})
    uvloop.run(_until_told(gateway, options.host, options.port, notices))
    # What Ray does at exit takes its time, and hangs where Ray itself is gone.
    os._exit(0)


async def _until_told(gateway: Gateway, host: str, port: int, notices: HTTPRouteHandler) -> None:
    """Serve until a signal."""
    stop = told_to_stop()
    watch = asyncio.create_task(_leave_without_ray())
    await serve(gateway, listen(host, port), stop, [notices])
    watch.cancel()


async def _leave_without_ray() -> None:
    """Leave at once when Ray is gone: no answer can come any more, and a driver cannot join again."""
    host, _, port = ray_address().rpartition(":")
    misses = 0
    while misses < RAY_MISSES_MAX:
        await asyncio.sleep(RAY_PROBE_SECONDS)
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), RAY_PROBE_SECONDS)
        except OSError:  # A timeout is one as well.
            misses += 1
        else:
            writer.close()
            misses = 0
    _log.error("Ray is gone: the gateway leaves")
    os._exit(1)


if __name__ == "__main__":
    main()
