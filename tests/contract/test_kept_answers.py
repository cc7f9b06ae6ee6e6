"""Answers that were paid for, on a real database: used again after a restart, and gone with the person."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest

from actors.rows import FileRow, GroupCommit
from adapters.privacy.masking import PersonalData
from adapters.sources.kept import KeptAnswers
from adapters.sources.source import Answer, Line
from adapters.sources.sources import Asking, Sources
from tests.contract.building import TODAY, event, opening, postgres_store

ANN, BOB = "hash of ann", "hash of bob"
REUSE_DAYS = 30
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Bureau:
    """Counts what it is paid for."""

    name = "bureau"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, index: str, _: PersonalData) -> Answer:
        self.asked.append(index)
        return {"score": 700 + len(self.asked)}


@pytest.fixture
async def shelf(database: str) -> AsyncIterator[KeptAnswers]:
    """Where answers are kept; Ann has account 7, Bob has none."""
    async with postgres_store(database) as store:
        journal = await store.journal(0)
        await journal.claim_people([(ANN, 7)])
        await journal.commit(await journal.claim(0), opening(7))
    shelf = KeptAnswers(database)
    yield shelf
    await shelf.close()


async def scores(shelf: KeptAnswers, bureau: Bureau, on: date) -> dict[int, tuple[Answer, date]]:
    """Ask as a process does that has just started; return scores with their days."""
    who = PersonalData("Ann", "P-1234", "13800138000", date(1980, 1, 1))
    people: list[Asking] = [(7, ANN, who), (8, BOB, who)]
    found = await Sources([Line(source=bureau, reuse_days=REUSE_DAYS, kept=shelf)]).gather(people, on)
    return {account: (each.answers["bureau"], each.as_of["bureau"]) for account, each in found.items()}


async def test_an_answer_outlives_the_process_for_as_long_as_it_may_be_used(shelf: KeptAnswers) -> None:
    bureau = Bureau()
    first = await scores(shelf, bureau, TODAY)
    last_day = TODAY + timedelta(days=REUSE_DAYS - 1)
    assert (await scores(shelf, bureau, last_day))[7] == first[7] == ({"score": 701}, TODAY)
    assert bureau.asked == [ANN, BOB, BOB], "of who has no account nothing is kept"
    later = last_day + timedelta(days=1)
    assert (await scores(shelf, bureau, later))[7][1] == later
    assert (await scores(shelf, bureau, later))[7][1] == later
    assert bureau.asked.count(ANN) == 2


async def test_answers_go_with_the_person_who_is_erased(shelf: KeptAnswers, database: str) -> None:
    bureau = Bureau()
    await scores(shelf, bureau, TODAY)
    async with postgres_store(database) as store:
        journal = await store.journal(0)
        erasing = GroupCommit(events=[event(7, 2)], files=[FileRow(7, b"", None)], erased=[7])
        await journal.commit(await journal.claim(0), erasing)
    await scores(shelf, bureau, TODAY)
    assert bureau.asked.count(ANN) == 2
    connection = await asyncpg.connect(database)
    assert await connection.fetch("SELECT FROM answer") == []
    await connection.close()
