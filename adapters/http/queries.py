"""What a channel may look at: accounts, loans, schedules, quotes, and what commands would do. Answers are JSON."""

from typing import Any, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec.json import Decoder

from actors.messages import encoder
from actors.queries import (
    AnyQuery,
    QuotePayoff,
    ShowAccount,
    ShowFile,
    ShowLoan,
    ShowSchedule,
    ShowTransactions,
    Simulate,
    account_named,
)
from adapters.http.backend import Backend
from adapters.http.media import Codec, answer
from adapters.http.problems import AnyRequest, Refusal, rejected
from core.rejections import Code, Rejection

Q = TypeVar("Q")
PATHS: dict[str, type[AnyQuery]] = {
    "/v1/accounts/{account:str}": ShowAccount,
    "/v1/accounts/{account:str}/file": ShowFile,
    "/v1/accounts/{account:str}/transactions": ShowTransactions,
    "/v1/loans/{loan:str}": ShowLoan,
    "/v1/loans/{loan:str}/schedule": ShowSchedule,
    "/v1/loans/{loan:str}/quote": QuotePayoff,
}
SIMULATE_PATH = "/v1/simulate"
_rejection = Decoder(Rejection)
_simulate = Codec(Simulate)


def query_routes(backend: Backend) -> list[HTTPRouteHandler]:
    """Return the routes that ask one account."""

    @post(SIMULATE_PATH, status_code=200)
    async def simulate(request: AnyRequest) -> Response[bytes]:
        return await _put(await _simulate.read(request), backend)

    return [*(_route(path, kind, backend) for path, kind in PATHS.items()), simulate]


def asked(request: AnyRequest, kind: type[Q]) -> Q:
    """Return the question that path and query string put, or refuse it."""
    said: dict[str, Any] = {**dict(request.query_params.items()), **request.path_params}
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(Code.MALFORMED, str(error)) from None


def _route(path: str, kind: type[AnyQuery], backend: Backend) -> HTTPRouteHandler:
    @get(path)
    async def show(request: AnyRequest) -> Response[bytes]:
        return await _put(asked(request, kind), backend)

    return show


async def _put(query: AnyQuery, backend: Backend) -> Response[bytes]:
    found = await backend.read(account_named(query), encoder.encode(query))
    return answer(found[1:]) if found[0] else rejected(_rejection.decode(found[1:]))
