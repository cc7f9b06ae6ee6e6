"""A day in the life of a lender: real loans, a repayment peak, a day closed, the books proven.

The book: the 10,000 real loans, and 90,000 more that repeat their terms, paid out at the end of June 2018. All fall
due on 1 July 2018.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from adapters.settings import Settings
from adapters.system import System
from adapters.verification.tally import Check
from adapters.verification.verify import verify
from core.contract.terms import DayCount, Terms
from loadtests import ledger, peak
from loadtests.book import Progress, close_days, fill, trial_difference
from loadtests.borrowers import borrow
from loadtests.comparison import Comparison, compare
from loadtests.lendingclub import COMPARED_ON, ISSUED, PublishedLoan, history, read, terms
from loadtests.machine import machine
from loadtests.onboarding import Borrower, play
from loadtests.peak import Outcome
from loadtests.results import Borrowing, DayClosed, DemoResult, Reconciliation, Stage

LOANS: Final = 100_000
REPAYMENTS: Final = 100_000
BATCH: Final = 500
FILLED_ON: Final = date(2018, 6, 28)
"""Their first period is a few days long, and its interest by actual days."""
UNPAID_EVERY: Final = 50
HALF_PAID_EVERY: Final = 100


class Demo:
    """One run; the acts are in the order in which they are written."""

    def __init__(self, system: System, progress: Progress, stages: list[Stage]) -> None:
        self._url = system.base_url
        self._dsn = system.postgres_dsn
        self._progress = progress
        self._stages = stages
        self._closes: list[DayClosed] = []

    async def run(self, borrowing: Borrowing) -> DemoResult:
        """Play it all; the applicants' play is over."""
        borrowers = self._read()
        with self._stage("10,000 real loans, January to June 2018"):
            await play(self._url, borrowers, self._progress)
            await self._close(FILLED_ON)
        with self._stage("90,000 more loans on the same terms"):
            await self._fill([loan for loan, _ in borrowers])
        with self._stage("day closes to 1 July: every loan falls due"):
            await self._close(COMPARED_ON)
        with self._stage("held against the published figures"):
            comparison = await self._compare(borrowers)
        outcome, reconciliation = await self._peak()
        with self._stage("day close: unpaid loans become overdue"):
            await self._close(COMPARED_ON + timedelta(days=1))
        with self._stage("verify"):
            checks = (await verify(self._dsn, self._progress)).checks
        return await self._result(borrowing, comparison, outcome, reconciliation, checks)

    def _read(self) -> list[Borrower]:
        with self._stage("read the data set"):
            return [(loan, history(loan)) for loan in read()]

    async def _close(self, opens: date) -> None:
        self._progress(f"close of {opens - timedelta(days=1):%d %B}", 0, 1)
        self._closes.append(await close_days(self._url, opens))
        self._progress(f"close of {opens - timedelta(days=1):%d %B}", 1, 1)

    async def _fill(self, loans: Sequence[PublishedLoan]) -> None:
        accounts = range(len(loans) + 1, LOANS + 1)
        repeated = ((account, _repeated(loans[account % len(loans)])) for account in accounts)
        await fill(self._url, repeated, len(accounts), self._progress, "more loans")

    async def _compare(self, borrowers: Sequence[Borrower]) -> Comparison:
        booked = await ledger.standings(self._dsn, len(borrowers))
        return compare([loan for loan, _ in borrowers], [past for _, past in borrowers], booked)

    async def _peak(self) -> tuple[Outcome, Reconciliation]:
        orders = peak.repayments(_amounts(await ledger.owing(self._dsn)))
        with self._stage("the peak"):
            progress = partial(self._progress, "repayments")
            outcome = await peak.run(self._url, orders, BATCH, lambda done: progress(done, len(orders)))
            progress(len(orders), len(orders))
        with self._stage("every acknowledgement looked up in the journal"):
            return outcome, await ledger.reconcile(self._dsn, outcome.acknowledged, COMPARED_ON)

    async def _result(
        self,
        borrowing: Borrowing,
        comparison: Comparison,
        outcome: Outcome,
        reconciliation: Reconciliation,
        checks: list[Check],
    ) -> DemoResult:
        return DemoResult(
            loans=await ledger.figure(self._dsn, "loans"),
            real_loans=comparison.loans,
            installments_matched=comparison.installments_matched,
            balances_matched=comparison.balances_matched,
            repayments=outcome.peak.acknowledged,
            repayments_per_s=outcome.peak.repayments_per_s,
            p50_ms=outcome.peak.latency.p50,
            p99_ms=outcome.peak.latency.p99,
            lost=reconciliation.lost,
            doubled=reconciliation.doubled,
            trial_balance=await trial_difference(self._url),
            verify=int(all(check.ok for check in checks)),
            seconds=round(sum(stage.seconds for stage in self._stages), 1),
            machine=machine(),
            borrowing=borrowing,
            comparison=comparison,
            peak=outcome.peak,
            reconciliation=reconciliation,
            closes=self._closes,
            ageing=await ledger.ageing(self._dsn),
            trial=await ledger.trial(self._dsn),
            checks=checks,
            stages=self._stages,
        )

    def _stage(self, name: str) -> AbstractContextManager[None]:
        return timed(name, self._stages)


@contextmanager
def timed(name: str, stages: list[Stage]) -> Iterator[None]:
    """Note how long the body took."""
    began = time.perf_counter()
    yield
    stages.append(Stage(name, round(time.perf_counter() - began, 2)))


async def demo(settings: Settings, progress: Progress, contracts: Path) -> DemoResult:
    """Play on books of their own in `data_dir`/demo, which are made anew and stay to be looked at.

    A contract is written into the directory `contracts`.
    """
    home = Path(settings.data_dir) / "demo"
    for stale in (home, home.with_name("demo-applicants")):
        shutil.rmtree(stale, ignore_errors=True)
    own = replace(
        settings,
        data_dir=str(home),
        postgres_dsn=None,
        redis_url=None,
        ray_address=None,
        http_port=0,
        business_date=min(ISSUED.values()),
    )
    stages: list[Stage] = []
    with timed("real applicants: decided, reviewed, signed, paid out, first installment", stages):
        borrowing = await borrow(own, home.with_name("demo-applicants"), contracts, progress)
    async with AsyncExitStack() as running:
        with timed("start of Postgres, Redis, Ray, shards, gateway", stages):
            system = await running.enter_async_context(System(own, lambda what: progress(what, 1, 1)))
        return await Demo(system, progress, stages).run(borrowing)


def _repeated(loan: PublishedLoan) -> Terms:
    return replace(terms(loan), first_due=COMPARED_ON, first_day_count=DayCount.ACT_365)


def _amounts(owing: Sequence[tuple[int, int, date]]) -> list[tuple[int, int]]:
    """Return who pays what: most all of it, some in two parts, a few half or nothing; who was late stays late."""
    due = [(account, amount) for account, amount, oldest_due in owing if oldest_due == COMPARED_ON]
    first: list[tuple[int, int]] = []
    second: list[tuple[int, int]] = []
    paying = len(due) - sum(1 for place in range(len(due)) if place % UNPAID_EVERY == 1)
    for place, (account, amount) in enumerate(due):
        if place % UNPAID_EVERY == 1:
            continue
        half = amount // 2
        if place % HALF_PAID_EVERY == 2:
            first.append((account, half))
        elif paying + len(second) < REPAYMENTS:
            first.append((account, half))
            second.append((account, amount - half))
        else:
            first.append((account, amount))
    return first + second
