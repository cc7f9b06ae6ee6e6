"""Build a book through the public API: open, book and disburse, and move its date."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core.commands import BookLoan, Disburse, OpenAccount
from core.contract.terms import Terms
from core.identity import loan_id
from loadtests.client import Batch, Client, Order, Sent, batch, send_all
from loadtests.results import DayClosed

CHANNEL: Final = "onboarding"
CURRENCY: Final = "USD"
BATCH: Final = 498
"""At most the 500 commands that travel to a shard together, so that each account's commands keep their order."""
CONNECTIONS: Final = 6
CLOSE_SECONDS: Final = 600.0

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and how much there is."""


class Unexpected(Exception):
    """A command that had to be carried out was refused."""


class _TrialBalance(Struct, frozen=True):
    difference: int


def onboard(account: int, terms: Terms) -> list[Order]:
    """Return the commands that lend to a new borrower on these terms."""
    return [
        Order(f"{account}-open", OpenAccount(account=account, currency=CURRENCY, credit_limit=terms.principal)),
        Order(f"{account}-book", BookLoan(account=account, terms=terms)),
        Order(f"{account}-disburse", Disburse(account=account, loan=loan_id(account, 1))),
    ]


async def fill(
    base_url: str, accounts: Iterable[tuple[int, Terms]], count: int, progress: Progress, what: str = "lending"
) -> None:
    """Open accounts with one loan each, paid out today."""
    groups = (onboard(account, terms) for account, terms in accounts)
    await carry_out(base_url, groups, 3 * count, progress, what)


async def carry_out(
    base_url: str, groups: Iterable[Sequence[Order]], count: int, progress: Progress, what: str, headers: str = ""
) -> list[Sent]:
    """Send groups of commands, each group of one account; raises Unexpected if any is refused."""
    sent, _ = await send_all(base_url, CHANNEL, _batches(groups, count, progress, what), CONNECTIONS, headers)
    progress(what, count, count)
    for each in sent:
        for order, answer in zip(each.orders, each.answers, strict=True):
            if answer.status == "refused":
                raise Unexpected(f"{order.request_id}: {answer.code}: {answer.detail}")
    return sent


async def close_days(base_url: str, opens: date) -> DayClosed:
    """Close days until the business date is `opens`."""
    body = msgspec.json.encode({"business_date": opens - timedelta(days=1)})
    async with Client(base_url, CHANNEL) as client:
        answer = await client.call("POST", "/v1/day-close", body, answer_seconds=CLOSE_SECONDS)
    closed = msgspec.json.decode(answer, type=DayClosed)
    return replace(closed, seconds=round(closed.seconds, 3))


async def trial_difference(base_url: str) -> int:
    """Return debits less credits over the whole book; it must be 0."""
    async with Client(base_url, CHANNEL) as client:
        answer = await client.call("GET", "/v1/trial-balance")
    return msgspec.json.decode(answer, type=_TrialBalance).difference


def _batches(groups: Iterable[Sequence[Order]], count: int, progress: Progress, what: str) -> Iterator[Batch]:
    orders: list[Order] = []
    done = 0
    for group in groups:
        if len(orders) + len(group) > BATCH:
            yield batch(orders)
            done += len(orders)
            progress(what, done, count)
            orders = []
        orders += group
    if orders:
        yield batch(orders)
