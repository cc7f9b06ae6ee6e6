"""The gateway as an ASGI application."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final

from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import Message, Send
from msgspec.json import encode

from adapters.http.backend import Backend
from adapters.http.batch import batch_route
from adapters.http.book import book_routes, trial_route
from adapters.http.commands import command_routes
from adapters.http.health import health_routes
from adapters.http.lending import lending_routes
from adapters.http.media import answer
from adapters.http.metrics import Metrics
from adapters.http.openapi import document
from adapters.http.problems import BODY_MAX, EXCEPTION_HANDLERS, PROBLEM_JSON, problem, retry
from adapters.http.queries import query_routes
from core.rejections import Code

IN_FLIGHT_MAX: Final = 2_048
"""Requests being answered at a time; more are told to wait. Health and metrics are always answered."""


class Gateway(Litestar):
    """Litestar that counts every request, refused routes included, and bounds those in flight."""

    __slots__ = ("metrics",)

    def __init__(self, metrics: Metrics, **config: Any) -> None:
        super().__init__(**config)
        self.metrics = metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        status, started = 500, perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.in_flight += 1
        try:
            if self.metrics.in_flight > IN_FLIGHT_MAX and scope["path"].startswith("/v1/"):
                await _overloaded(counted)
            else:
                await super().__call__(scope, receive, counted)
        finally:
            self.metrics.in_flight -= 1
            self.metrics.observe(scope.get("path_template") or "none", status, perf_counter() - started)


def make_app(backend: Backend, notices: Sequence[HTTPRouteHandler] = ()) -> Litestar:
    """Return the gateway in front of a backend, with routes for the notices of banks."""
    metrics = Metrics()
    return Gateway(
        metrics,
        route_handlers=[
            *command_routes(backend, metrics),
            batch_route(backend, metrics),
            *query_routes(backend),
            *book_routes(backend),
            *lending_routes(backend),
            trial_route(),
            *health_routes(backend, metrics),
            show_openapi,
            *notices,
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=BODY_MAX,
        # Our document is made from the very structs that decode the bodies; Litestar never sees those.
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


@get("/openapi.json")
async def show_openapi() -> Response[bytes]:
    """Show the interface as an OpenAPI document."""
    return answer(_DOCUMENT)


async def _overloaded(send: Send) -> None:
    body = problem(Code.OVERLOADED, f"{IN_FLIGHT_MAX} requests are being answered already")
    headers = {"Content-Type": PROBLEM_JSON, **retry(body)}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": body.status, "headers": encoded})
    await send({"type": "http.response.body", "body": encode(body), "more_body": False})


_DOCUMENT: Final = encode(document())
