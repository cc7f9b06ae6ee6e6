"""What one gateway process counts, for Prometheus."""

import os
from collections import Counter as Tally
from collections.abc import Iterable
from typing import Final, assert_never

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from actors.messages import Decided, Done, Kept, Offered, Received, Refused, Reply

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of requests and commands; processes on one port are kept apart by the label `gateway`."""

    __slots__ = ("_commands", "_gateway", "_registry", "_requests", "_seconds", "in_flight")

    def __init__(self) -> None:
        self._gateway = str(os.getpid())
        self._registry = CollectorRegistry()
        self.in_flight = 0
        self._requests = Counter(
            "tenor_http_requests", "Requests answered", ("gateway", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tenor_http_request_seconds",
            "Seconds from a request's headers to the end of its answer",
            ("gateway", "route"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._commands = Counter(
            "tenor_http_commands",
            "Commands answered: done, received, or the code of the refusal",
            ("gateway", "outcome"),
            registry=self._registry,
        )
        in_flight = Gauge("tenor_http_in_flight", "Requests being answered", ("gateway",), registry=self._registry)
        in_flight.labels(self._gateway).set_function(lambda: self.in_flight)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests.labels(self._gateway, route, status).inc()
        self._seconds.labels(self._gateway, route).observe(seconds)

    def count(self, replies: Iterable[Reply]) -> None:
        """Count what became of commands."""
        for outcome, number in Tally(map(_outcome, replies)).items():
            self._commands.labels(self._gateway, outcome).inc(number)

    def exposition(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)


def _outcome(reply: Reply) -> str:
    match reply:
        case Received():
            return "received"
        case Done():
            return "done"
        case Decided():
            return reply.state
        case Offered():
            return "offered"
        case Kept():
            return "kept"
        case Refused():
            return reply.code.value
        case _:
            assert_never(reply)
