"""Whether the gateway lives, whether the book serves, and what was counted."""

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from adapters.http.backend import Backend
from adapters.http.media import answer, answer_json
from adapters.http.metrics import CONTENT_TYPE, Metrics
from adapters.http.problems import Refusal
from core.rejections import Code


def health_routes(backend: Backend, metrics: Metrics) -> list[HTTPRouteHandler]:
    """Return the routes for load balancers and for Prometheus."""

    @get("/health/live")
    async def live() -> Response[bytes]:
        return answer_json({"status": "live"})

    @get("/health/ready")
    async def ready() -> Response[bytes]:
        if not await backend.ready():
            raise Refusal(Code.UNAVAILABLE, "the shards are starting")
        return answer_json({"status": "ready"})

    @get("/metrics")
    async def show_metrics() -> Response[bytes]:
        return answer(metrics.exposition(), CONTENT_TYPE)

    return [live, ready, show_metrics]
