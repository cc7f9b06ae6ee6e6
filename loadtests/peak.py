"""The peak: repayments in batches over a few connections, as fast as they are acknowledged."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from core.commands import Repay
from loadtests.client import Batch, Order, Sent, batch, send_all
from loadtests.results import Latency, Peak, Throughput

CHANNEL: Final = "peak"
CONNECTIONS: Final = 8
INTERVALS: Final = 24
"""Points of the throughput chart."""


class Acknowledged(Struct, frozen=True, gc=False):
    """A repayment that the system said it has."""

    request_id: str
    account: int
    amount: int


class Outcome(Struct, frozen=True):
    """A peak's figures, and every repayment that was acknowledged."""

    peak: Peak
    acknowledged: list[Acknowledged]


def repayments(amounts: Sequence[tuple[int, int]]) -> list[Order]:
    """Return repayments of (account, amount), each under a request id of its own."""
    return [
        Order(f"repay-{number}", Repay(account=account, amount=amount))
        for number, (account, amount) in enumerate(amounts)
    ]


async def run(
    base_url: str,
    orders: Sequence[Order],
    size: int,
    progress: Callable[[int], None] = lambda _: None,
    connections: int = CONNECTIONS,
) -> Outcome:
    """Send the orders in batches of `size`; `progress` hears how many were handed out."""
    bodies = [batch(orders[start : start + size]) for start in range(0, len(orders), size)]
    sent, resent = await send_all(base_url, CHANNEL, _reported(bodies, progress), connections)
    acknowledged = [each for batch_sent in sent for each in _acknowledged(batch_sent)]
    return Outcome(_figures(sent, len(orders), len(acknowledged), resent, size, connections), acknowledged)


def latency(seconds: Sequence[float]) -> Latency:
    """Return the percentiles of how long answers took."""
    ranked = sorted(seconds)
    if not ranked:
        return Latency(0, 0, 0, 0, 0, 0)
    marks = (ranked[min(len(ranked) - 1, len(ranked) * percent // 100)] for percent in (50, 75, 90, 95, 99, 100))
    return Latency(*(round(1000 * mark, 2) for mark in marks))


def _reported(bodies: Sequence[Batch], progress: Callable[[int], None]) -> Iterator[Batch]:
    for number, each in enumerate(bodies):
        progress(number * len(each.orders))
        yield each


def _acknowledged(sent: Sent) -> Iterator[Acknowledged]:
    for order, answer in zip(sent.orders, sent.answers, strict=True):
        if answer.status == "received" and isinstance(order.command, Repay):
            yield Acknowledged(order.request_id, order.command.account, order.command.amount)


def _figures(sent: list[Sent], orders: int, acknowledged: int, resent: int, size: int, connections: int) -> Peak:
    began, ended = min(each.began for each in sent), max(each.ended for each in sent)
    seconds = ended - began
    return Peak(
        sent=orders,
        acknowledged=acknowledged,
        refused=orders - acknowledged,
        resent=resent,
        batch=size,
        connections=connections,
        seconds=round(seconds, 6),
        repayments_per_s=round(acknowledged / seconds, 1),
        latency=latency([each.ended - each.began for each in sent]),
        throughput=_throughput(sent, began, seconds / INTERVALS),
    )


def _throughput(sent: list[Sent], began: float, interval: float) -> list[Throughput]:
    """Spread each batch evenly over the time from its sending to its answer."""
    counts = [0.0] * INTERVALS
    for each in sent:
        first, last = (each.began - began) / interval, (each.ended - began) / interval
        for number in range(int(first), min(INTERVALS, int(last) + 1)):
            share = (min(last, number + 1) - max(first, number)) / (last - first)
            counts[number] += max(0.0, share) * len(each.orders)
    return [Throughput(round((n + 0.5) * interval, 3), round(c / interval, 1)) for n, c in enumerate(counts)]
