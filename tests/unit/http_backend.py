"""A backend that answers what a test tells it to, and a client that calls the gateway without a socket."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from typing import Any

import httpx
from msgspec.json import encode

from actors.messages import Envelope, Received, Refused, Reply, encoder
from adapters.catalogue.catalogue import Catalogue, load_catalogue
from adapters.http.app import make_app
from core.rejections import Code, Rejection

DAY = date(2026, 1, 31)
KEY = {"Idempotency-Key": "r-1"}
JSON = {"Content-Type": "application/json"}
MSGPACK = {"Content-Type": "application/msgpack"}


def received(envelope: Envelope) -> Reply:
    """Answer as if money had come in."""
    return Received(envelope.account, 7, 0, 0, 10, 90, 0)


def refusing(code: Code) -> Callable[[Envelope], Reply]:
    """Answer with this refusal."""
    return lambda _: Refused(code, "as the test wants")


class CannedBackend:
    """Implements adapters.http.backend.Backend."""

    def __init__(self, reply: Callable[[Envelope], Reply] = received) -> None:
        self.reply = reply
        self.sent: list[Envelope] = []
        self.asked: list[tuple[int, bytes]] = []
        self.found = b"\x01{}"
        self.serves = True
        self.closed: bytes | Rejection = b"{}"
        self.broken: Exception | None = None

    async def submit(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        if self.broken is not None:
            raise self.broken
        self.sent += envelopes
        return [encoder.encode(self.reply(envelope)) for envelope in envelopes]

    async def read(self, account: int, query: bytes) -> bytes:
        if self.broken is not None:
            raise self.broken
        self.asked.append((account, query))
        return self.found

    async def ready(self) -> bool:
        return self.serves

    async def business_date(self) -> date:
        return DAY

    @property
    def products(self) -> Catalogue:
        return load_catalogue()

    def authentic(self, officer: str, token: str) -> bool:
        return token == f"token of {officer}"

    async def reviews(self, product: str | None, limit: int) -> bytes:
        return b"[]"

    async def proposals(self, product: str | None, limit: int) -> bytes:
        return b"[]"

    async def contract_text(self, account: int, agreement: int) -> bytes | None:
        return b"<html>a contract</html>" if agreement == 1 else None

    def as_pdf(self, text: bytes) -> bytes:
        return b"%PDF-1.7"

    async def close_day(self, date: date | None) -> bytes | Rejection:
        return self.closed

    async def close_period(self, through: date) -> date | None:
        return through if through < DAY else None

    async def suspended(self) -> bytes:
        return b'[{"account":7,"reason":"planted"}]'

    async def trial_balance(self, as_of: date | None, *, by_product: bool) -> bytes:
        return encode({"as_of": as_of, "by_product": by_product})


class _Present:
    """Stands for the backend of the call that is made: making a gateway takes longer than most tests."""

    backend: CannedBackend

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


@cache
def _shared(present: Any) -> Any:
    return make_app(present)


_PRESENT = _Present()


def call(
    backend: CannedBackend, *requests: tuple[str, str, dict[str, Any]], alone: bool = False
) -> list[httpx.Response]:
    """Send requests one after the other to one gateway: the one of all tests, or a new one for this test alone."""
    _PRESENT.backend = backend
    app: Any = make_app(backend) if alone else _shared(_PRESENT)

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return [await client.request(method, path, **options) for method, path, options in requests]

    return asyncio.run(send())


def post(backend: CannedBackend, path: str, **options: Any) -> httpx.Response:
    """Send one POST."""
    return call(backend, ("POST", path, options))[0]


def get(backend: CannedBackend, path: str, **options: Any) -> httpx.Response:
    """Send one GET."""
    return call(backend, ("GET", path, options))[0]


def assert_problem(response: httpx.Response, status: int, code: str) -> None:
    """Hold a response against RFC 9457 and the code that is expected."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["type"] == f"urn:tenor:problem:{code}"
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert "Traceback" not in response.text
    assert ("retry-after" in response.headers) == (status in {429, 503, 504})
