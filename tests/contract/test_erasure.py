"""Who waits to be erased, on a real database: listed are those whom the decision would erase, and nobody else."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from actors.rows import GroupCommit
from actors.staging import Cached, Stage
from adapters.privacy.keyring import Keyring
from adapters.privacy.register import Erasable, Register
from core.commands import PayOff, ReleaseDeposit, Repay, TakeDeposit
from core.events import Event
from core.origination.commands import Apply, RestrictBorrower
from core.origination.events import BorrowerRestricted, ErasureAsked
from core.rejections import Code, Rejection
from core.servicing.quote import Quote, quote
from tests.contract.building import TODAY, postgres_store
from tests.unit.lender import START, Borrowing, SmallLender

RETENTION_DAYS = 100
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def erase(account: int) -> RestrictBorrower:
    return RestrictBorrower(account=account, officer="ren", erase=True)


def borrower(account: int) -> Borrowing:
    """Return somebody to whom 30,000 were paid out on the first day."""
    lender = SmallLender()
    lender.retention_days = RETENTION_DAYS
    life = Borrowing(lender, account)
    life.identify()
    life.borrow(30_000)
    return life


def repay_all(life: Borrowing) -> None:
    """Owe nothing any more."""
    owed = quote(life.account, life.loan(1), life.on, life.on)
    assert isinstance(owed, Quote)
    life.do(PayOff(account=life.number, loan=life.loan(1), amount=owed.to_pay))


def repaid(account: int, days: int, asks: bool = True, pays_again: bool = False) -> Borrowing:
    """Return somebody who asked at once, owed nothing after so many days, and may have sent money today once more."""
    life = borrower(account)
    if asks:
        life.do(erase(account))
    life.wait(days)
    repay_all(life)
    life.wait((TODAY - life.on).days)
    if pays_again:
        life.do(Repay(account=account, amount=100))
    return life


def applicant(account: int) -> Borrowing:
    """Return somebody who was refused."""
    life = Borrowing(account=account)
    life.identify()
    life.said = {"score": 500}
    life.do(Apply(account=account, product="joint", amount=30_000, installments=6))
    life.wait((TODAY - life.on).days)
    return life


def depositor(account: int, held_for: int | None) -> Borrowing:
    """Return somebody who has borrowed nothing, asked, and whose deposit was here for so many days, or is still."""
    life = Borrowing(account=account)
    life.identify()
    life.do(TakeDeposit(account=account, amount=500), erase(account))
    if held_for is not None:
        life.wait(held_for)
        life.do(ReleaseDeposit(account=account, amount=500))
    life.wait((TODAY - life.on).days)
    life.lender.retention_days = RETENTION_DAYS
    return life


def people() -> list[Borrowing]:
    """Return borrowers of every kind, as of today; 1, 6 and 10 asked and can be erased."""
    last_day = (TODAY - START).days - RETENTION_DAYS
    erased = repaid(5, 20)
    erased.do(erase(5))
    late = borrower(6)
    late.wait(20)
    repay_all(late)
    late.wait(3)
    late.do(erase(6))
    late.wait((TODAY - late.on).days)
    owing = borrower(3)
    owing.do(erase(3))
    owing.wait((TODAY - owing.on).days)
    return [
        repaid(1, last_day),
        repaid(2, last_day + 1),
        owing,
        repaid(4, 20, asks=False),
        erased,
        late,
        repaid(7, 20, pays_again=True),
        applicant(8),
        depositor(9, None),
        depositor(10, 30),
    ]


def rows(life: Borrowing) -> GroupCommit:
    """Return what is stored of a life."""
    stage, cached = Stage(), Cached(life.number, None)
    events: list[Event] = [event for _, event in life.history]
    stage.record(cached, life.account, events, TODAY)
    return stage.seal(TODAY)


@pytest.fixture
async def register(database: str, tmp_path: Path) -> AsyncIterator[Register]:
    async with postgres_store(database) as store:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        for life in people():
            await journal.commit(claim, rows(life))
    register = Register(database, Keyring.load(tmp_path / "keys.json"))
    yield register
    await register.close()


async def test_listed_are_those_who_asked_and_whose_retention_is_over_the_longest_waiting_first(
    register: Register,
) -> None:
    asked, ended = START, TODAY - timedelta(days=RETENTION_DAYS)
    first = Erasable(1, asked, ended, TODAY)
    repaid_on = START + timedelta(days=20)
    second = Erasable(6, date(2024, 2, 23), repaid_on, repaid_on + timedelta(days=RETENTION_DAYS))
    released_on = START + timedelta(days=30)
    third = Erasable(10, START, released_on, released_on + timedelta(days=RETENTION_DAYS))
    assert await register.due(RETENTION_DAYS, 10) == [first, third, second]
    assert await register.due(RETENTION_DAYS, 1) == [first]
    assert await register.due(RETENTION_DAYS + 1, 10) == [
        Erasable(10, START, released_on, third.erasable_on + timedelta(days=1)),
        Erasable(6, second.asked_on, repaid_on, second.erasable_on + timedelta(days=1)),
    ]


async def test_the_decision_erases_exactly_those(register: Register) -> None:
    listed = {each.account for each in await register.due(RETENTION_DAYS, 10)}
    waiting = [life for life in people() if life.file.borrower is not None and life.file.borrower.erasure_asked_on]
    said = {life.number: life.ask(erase(life.number)) for life in waiting}
    assert {account for account, events in said.items() if not isinstance(events, Rejection)} == listed == {1, 6, 10}
    refused = {account: each.code for account, each in said.items() if isinstance(each, Rejection)}
    not_due = Code.ERASURE_NOT_DUE
    assert refused == {2: not_due, 3: not_due, 5: Code.NOTHING_TO_DO, 7: not_due, 9: not_due}


def test_who_was_refused_is_forgotten_at_once() -> None:
    life = applicant(8)
    assert life.ask(erase(8)) == (BorrowerRestricted(TODAY, "ren", erased=True),)


def test_who_asks_is_told_from_which_day_on_it_can_be_done() -> None:
    life = borrower(1)
    assert life.copy().ask(erase(1)) == (ErasureAsked(START, "ren", None),)
    repay_all(life)
    life.wait(5)
    day = START + timedelta(days=RETENTION_DAYS)
    assert life.ask(erase(1)) == (ErasureAsked(life.on, "ren", day),)
    refused = life.ask(erase(1))
    assert isinstance(refused, Rejection)
    assert str(day) in refused.detail
