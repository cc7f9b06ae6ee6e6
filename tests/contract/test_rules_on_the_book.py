"""tenor rules on a live book: champion against challenger as recorded, and past decisions run again."""

import asyncio
import json
from datetime import date
from hashlib import sha256
from typing import Any

import asyncpg
import pytest
from msgspec import msgpack
from typer.testing import CliRunner, Result

from actors.rows import EventRow, FileRow, GroupCommit
from adapters.console.rules import rules
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_UNAVAILABLE
from adapters.rules.book import RuleBook
from core.account import Bucket
from core.events import kind_of
from core.identity import loan_id
from core.origination.events import ApplicationDecided
from core.origination.file import Agreement, ApplicationStatus, CreditFile
from tests.contract.building import TERMS, TODAY, account_row, contract_row, loan_row, postgres_store
from tests.unit.test_rules import but

BOOK = RuleBook()
STATUS = {
    "approve": ApplicationStatus.APPROVED,
    "decline": ApplicationStatus.DECLINED,
    "refer": ApplicationStatus.REFERRED,
}
WEAK, MIDDLING, FAIR, GOOD = 600, 645, 705, 760
"""Bureau scores: of the middle two, classic 2 refers what classic 1 declines, and approves what classic 1 refers."""


def _decided(score: int, challenged: bool) -> ApplicationDecided:
    inputs = but(bureau={"score": score})
    verdict = BOOK.evaluate("classic", 1, inputs)
    challenger = BOOK.evaluate("classic", 2, inputs) if challenged else None
    return ApplicationDecided(TODAY, 1, STATUS[verdict.outcome], verdict, (), challenger)


def _commit(account: int, score: int, challenged: bool = True, bucket: Bucket | None = None) -> GroupCommit:
    """Return the rows of an account whose application was decided twice, the same; with a loan if it has a bucket."""
    event = _decided(score, challenged)
    body = msgpack.encode(event)
    rows = [EventRow(account, seq, kind_of(event), TODAY, TODAY, body, sha256(body).digest()) for seq in (1, 2)]
    loan = 0 if bucket is None else 1
    signed = Agreement(1, 1, "quick-loan", 1, "quick@1", "00", TERMS, TODAY, TODAY, loan=loan)
    commit = GroupCommit(events=rows, accounts=[account_row(account)])
    commit.files = [FileRow(account, msgpack.encode(CreditFile(agreements=(signed,))), None)]
    if bucket is not None:
        commit.loans, commit.contracts = [loan_row(account)], [contract_row(account)]
    return commit


async def _write(dsn: str) -> None:
    late = {5: Bucket.CURRENT, 6: Bucket.M3}
    async with postgres_store(dsn) as store:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        for account, score in enumerate((WEAK, MIDDLING, FAIR, FAIR, GOOD, GOOD), 1):
            await journal.commit(claim, _commit(account, score, account != 4, late.get(account)))
    connection = await asyncpg.connect(dsn)
    for account, bucket in late.items():
        await connection.execute("UPDATE loan SET bucket = $2 WHERE loan_id = $1", loan_id(account, 1), int(bucket))
    await connection.close()


@pytest.fixture
def decided(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name a book with six decisions of classic 1, five of them challenged by 2; two became loans."""
    monkeypatch.setenv("TENOR_POSTGRES_DSN", database)
    asyncio.run(_write(database))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(rules, arguments)


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.usefixtures("decided")
def test_a_challenger_is_compared_with_the_champion_on_what_both_decided() -> None:
    (found,) = answer("compare", "classic")["comparisons"]
    assert (found["against"]["version"], found["result"]["version"], found["cases"]) == (1, 2, 5)
    assert found["pairs"] == {
        "approve -> approve": 2,
        "decline -> decline": 1,
        "decline -> refer": 1,
        "refer -> approve": 1,
    }
    assert [each["case"] for each in found["examples"]] == ["2 1", "3 1"]


@pytest.mark.usefixtures("decided")
def test_an_application_ended_well_unless_its_loan_is_seriously_late() -> None:
    (found,) = answer("compare", "classic")["comparisons"]
    assert (found["result"]["good"]["approve"], found["result"]["bad"]["approve"]) == (1, 1)
    assert (found["result"]["decided"], found["result"]["agreed"]) == (2, 1)


@pytest.mark.usefixtures("decided")
def test_what_the_book_decided_is_run_again_on_another_version() -> None:
    found = answer("back-test", "classic", "--book", "--version", "2", "--against", "1")
    assert (found["cases"], found["pairs"]["refer -> approve"]) == (6, 2)


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(("days", "cases"), [(("--since", str(TODAY)), 6), (("--until", "2026-05-03"), 0)])
def test_only_decisions_of_the_days_asked_for_count(days: tuple[str, ...], cases: int) -> None:
    assert answer("back-test", "classic", "--book", *days)["cases"] == cases


@pytest.mark.usefixtures("decided")
def test_where_no_challenger_was_asked_that_is_said() -> None:
    nobody = run("compare", "classic", "--until", str(date(2026, 5, 3)))
    assert nobody.exit_code == EXIT_NOT_FOUND
    assert "no challenger" in nobody.output
    assert "refer -> approve" in run("compare", "classic").stdout


def test_a_book_that_is_not_open_is_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_POSTGRES_DSN", database)
    assert run("compare", "classic").exit_code == EXIT_UNAVAILABLE
