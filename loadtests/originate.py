"""The bench of origination: a burst of applications to recorded decisions, then all approved signed and paid out."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
from msgspec import Struct
from msgspec.structs import replace

from adapters.rails.reconciliation import statement_of
from adapters.system import System
from core.identity import loan_id
from core.origination.commands import OfferContract, RequestPayout
from loadtests import ledger, peak
from loadtests.applicants import application, known
from loadtests.bench import new_book
from loadtests.book import Progress, carry_out, trial_difference
from loadtests.client import Answer, Batch, Order, Sent, batch, send_all
from loadtests.desk import Desk
from loadtests.machine import machine

CHANNEL: Final = "applications"
CONNECTIONS: Final = 8
POOL: Final = "main"
POOL_BALANCE: Final = 10**13
PATIENCE_SECONDS: Final = 30.0
"""Without any further confirmation."""
REASONS: Final = 12
POLL_SECONDS: Final = 0.25


class BenchOriginate(Struct, frozen=True, kw_only=True):
    """Applications decided and recorded a second, and approved ones paid out."""

    applications_per_s: float
    p50_ms: float
    p99_ms: float
    approve: float
    """Shares of all applications."""
    decline: float
    refer: float
    reasons: dict[str, int]
    """Why, the most frequent first."""
    contracts_per_s: float
    signatures_per_s: float
    payout_requests_per_s: float
    disbursements_per_s: float
    """From the first request to the last loan that the bank confirmed."""
    applications: int
    approved: int
    requested: int
    disbursed: int
    pool_overdrawn: int
    """By how much more was reserved and spent than the pool held; 0."""
    paid_twice: int
    """Orders that the bank's own statement has more than once."""
    trial_balance: int
    batch: int
    shards: int
    machine: str


class Lent(Struct, frozen=True):
    """What became of the approved applications."""

    offered: list[Sent]
    signed: list[Sent]
    requested: list[Sent]
    disbursed: int
    seconds: float
    """From the first request for a payout to the last loan that the bank confirmed."""


async def bench_originate(
    progress: Progress, applications: int = 100_000, batch_size: int = 500, shards: int = 2
) -> BenchOriginate:
    """Measure a burst of applications on a book whose borrowers are known, then lend to everybody approved."""
    async with _running(shards, progress) as (system, desk):
        url, people = system.base_url, range(1, applications + 1)
        onboarding = (list(known(each)) for each in people)
        await carry_out(url, onboarding, 5 * applications, progress, "applicants", desk.proof)
        burst = await send(url, map(application, people), applications, batch_size, progress, "applications")
        approved = [account for account, answer in answers(burst) if answer.state == "approved"]
        lent = await lend(system, desk, approved, batch_size, progress)
        return replace(
            _figures(burst, lent, len(approved), batch_size, shards),
            pool_overdrawn=await ledger.figure(system.postgres_dsn, "pool_overdrawn"),
            paid_twice=await paid_twice(system.paying.bank_url),
            trial_balance=await trial_difference(url),
        )


async def lend(system: System, desk: Desk, approved: list[int], size: int, progress: Progress) -> Lent:
    """Offer, sign and pay out; the bank of this machine settles at once."""
    url = system.base_url
    offered, signed = await contracts(url, desk, approved, size, progress)
    loans = [account for account, answer in answers(signed) if answer.loan]
    began = time.perf_counter()
    requested = await send(url, map(request, loans), len(loans), size, progress, "payouts requested")
    wanted = sum(answer.status == "done" for _, answer in answers(requested))
    disbursed = await _until_disbursed(system.postgres_dsn, wanted, progress)
    return Lent(offered, signed, requested, disbursed, time.perf_counter() - began)


async def contracts(
    url: str, desk: Desk, approved: Sequence[int], size: int, progress: Progress
) -> tuple[list[Sent], list[Sent]]:
    """Offer contracts and sign them; return what was said to either."""
    offered = await send(url, map(_offer, approved), len(approved), size, progress, "contracts")
    signing = [desk.sign(account, answer.digest) for account, answer in answers(offered) if answer.digest]
    return offered, await send(url, signing, len(signing), size, progress, "signatures")


def _figures(burst: list[Sent], lent: Lent, approved: int, batch_size: int, shards: int) -> BenchOriginate:
    states = Counter(answer.state or answer.code for _, answer in answers(burst))
    reasons = Counter(reason for _, answer in answers(burst) for reason in answer.reasons)
    count = states.total()
    latency = peak.latency([each.ended - each.began for each in burst])
    return BenchOriginate(
        applications_per_s=_per_s(burst),
        p50_ms=latency.p50,
        p99_ms=latency.p99,
        approve=round(states["approved"] / count, 3),
        decline=round(states["declined"] / count, 3),
        refer=round(states["referred"] / count, 3),
        reasons=dict(reasons.most_common(REASONS)),
        contracts_per_s=_per_s(lent.offered),
        signatures_per_s=_per_s(lent.signed),
        payout_requests_per_s=_per_s(lent.requested),
        disbursements_per_s=round(lent.disbursed / lent.seconds, 1),
        applications=count,
        approved=approved,
        requested=sum(answer.status == "done" for _, answer in answers(lent.requested)),
        disbursed=lent.disbursed,
        pool_overdrawn=0,
        paid_twice=0,
        trial_balance=0,
        batch=batch_size,
        shards=shards,
        machine=machine(),
    )


def _offer(account: int) -> Order:
    return Order(f"{account}-offer", OfferContract(account=account, application=1))


def request(account: int) -> Order:
    """Return what asks for the money of a borrower's first loan."""
    return Order(f"{account}-payout", RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1))


async def send(url: str, orders: Iterable[Order], count: int, size: int, progress: Progress, what: str) -> list[Sent]:
    """Send orders in batches over a few connections; all are encoded ahead."""
    wanted = list(orders)
    batches = [batch(wanted[start : start + size]) for start in range(0, count, size)]

    def reported() -> Iterator[Batch]:
        for number, each in enumerate(batches):
            progress(what, number * size, count)
            yield each

    sent, _ = await send_all(url, CHANNEL, reported(), CONNECTIONS)
    progress(what, count, count)
    return sent


def answers(sent: Iterable[Sent]) -> Iterator[tuple[int, Answer]]:
    """Yield each answer with its account."""
    for each in sent:
        for order, answer in zip(each.orders, each.answers, strict=True):
            yield order.command.account, answer


def _per_s(sent: Sequence[Sent]) -> float:
    """Return how many were answered with something else than a refusal, a second."""
    if not sent:
        return 0.0
    done = sum(answer.status != "refused" for _, answer in answers(sent))
    return round(done / (max(each.ended for each in sent) - min(each.began for each in sent)), 1)


async def _until_disbursed(dsn: str, wanted: int, progress: Progress) -> int:
    """Wait until the bank has confirmed all payouts, or nothing has come for a while; return how many it has."""
    done, since = 0, time.perf_counter()
    while done < wanted and time.perf_counter() < since + PATIENCE_SECONDS:
        await asyncio.sleep(POLL_SECONDS)
        now = await ledger.figure(dsn, "disbursed")
        if now > done:
            done, since = now, time.perf_counter()
        progress("payouts confirmed", done, wanted)
    return done


async def paid_twice(bank_url: str) -> int:
    """Return how many payments the bank's own statement has beyond one for each order number."""
    async with httpx.AsyncClient(timeout=120) as bank:
        movements = statement_of((await bank.get(f"{bank_url}/statement")).raise_for_status().content)
    paid = Counter(each.order_number for each in movements if each.amount > 0)
    return paid.total() - len(paid)


@asynccontextmanager
async def _running(shards: int, progress: Progress) -> AsyncIterator[tuple[System, Desk]]:
    """Run a system on a new book with officers, a trusted authority and a filled pool."""
    with new_book(shards) as settings:
        desk = Desk.made(Path(settings.data_dir).parent)
        async with System(desk.known_to(settings), lambda what: progress(what, 1, 1)) as system:
            await desk.fund(system.postgres_dsn, POOL, POOL_BALANCE)
            yield system, desk
