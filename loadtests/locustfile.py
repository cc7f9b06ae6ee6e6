"""Locust: the bulk peak. Users send batches of repayments; the shape climbs to the peak, stays and goes down.

`tenor bench load` starts a system and runs this against it. Alone: locust -f loadtests/locustfile.py --host URL
--accounts N, on a book whose accounts 1 to N have loans.
"""

from argparse import ArgumentParser
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
from locust import FastHttpUser, LoadTestShape, constant_throughput, events, task

from core.commands import Repay
from loadtests.client import AS_MSGPACK, Order, answers, batch
from loadtests.peak import CHANNEL, Acknowledged

BATCH: Final = 200
AMOUNT: Final = 100
BATCHES_PER_S: Final = 4.0
"""Of each user, unless answers come slower."""
RAMP: Final = ((5, 2), (10, 6), (25, 12), (30, 4))
"""(until second, users)"""
HEADERS: Final = {"Tenor-Channel": CHANNEL, AS_MSGPACK.split(": ")[0]: AS_MSGPACK.split(": ")[1].strip()}

_numbers: Final = count()
_acknowledged: Final[list[Acknowledged]] = []


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust has no types.
def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=1_000, help="accounts 1 to this are repaid")
    parser.add_argument("--acknowledged", default="", help="file that gets what was acknowledged, as msgpack")


@events.test_stop.add_listener  # type: ignore[untyped-decorator]  # Locust has no types.
def _write(environment: Any, **_: Any) -> None:
    if environment.parsed_options.acknowledged:
        Path(environment.parsed_options.acknowledged).write_bytes(msgspec.msgpack.encode(_acknowledged))


class Channel(FastHttpUser):
    """A channel that brings in repayments batch by batch."""

    wait_time = constant_throughput(BATCHES_PER_S)

    def on_start(self) -> None:
        """Give each user accounts of its own choosing."""
        self.chance = Random(next(_numbers))

    @task
    def repay(self) -> None:
        """Send a batch; one that is not answered well is sent again under the same request ids."""
        last = self.environment.parsed_options.accounts
        orders = [
            Order(f"locust-{next(_numbers)}", Repay(account=self.chance.randint(1, last), amount=AMOUNT))
            for _ in range(BATCH)
        ]
        while orders:
            orders = self._send(orders)

    def _send(self, orders: list[Order]) -> list[Order]:
        """Return the orders that have to be sent again."""
        # Typed for text; it sends bytes as they are.
        body: Any = batch(orders).body
        sent = self.client.post("/v1/batch", data=body, headers=HEADERS, catch_response=True)
        with sent as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return orders
            again = []
            for order, each in zip(orders, answers(answer.content), strict=True):
                if each.status == "received" and isinstance(order.command, Repay):
                    _acknowledged.append(Acknowledged(order.request_id, order.command.account, order.command.amount))
                elif each.try_again():
                    again.append(order)
                else:
                    answer.failure(each.code)
            return again


class Peak(LoadTestShape):
    """Climbs to the peak of a repayment day."""

    def tick(self) -> tuple[int, float] | None:
        """Return users and how many of them start or stop a second; None ends the test."""
        seconds = float(self.get_run_time())  # type: ignore[no-untyped-call]  # Locust has no types.
        return next(((users, float(users)) for until, users in RAMP if seconds < until), None)
