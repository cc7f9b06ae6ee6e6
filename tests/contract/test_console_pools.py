"""tenor pool: made, filled, limited and listed straight on the book's database."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from adapters.console import pools as console
from adapters.console.pools import pool
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_USAGE
from adapters.postgres import book
from adapters.postgres.funding import PostgresTreasury
from cli import app
from tests.contract.building import TODAY
from tests.contract.test_postgres_funding import claim

OFFICERS = "\n".join(
    f"""
    [[officers]]
    name = "{name}"
    role = "{role}"
    token_sha256 = "{sha256(f"{name}'s token".encode()).hexdigest()}"
    """
    for name, role in (("lin", "administrator"), ("ren", "risk_officer"))
)
AMOUNTS = ("balance", "leased", "reserved", "daily_limit", "reserved_today", "spent_today", "spent")


async def _open(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await book.open_book(connection, TODAY)
    await book.assign(connection, 1)
    await connection.close()


@pytest.fixture
def opened(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Settings that name an open book without pools."""
    monkeypatch.setenv("TENOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TENOR_POSTGRES_DSN", database)
    monkeypatch.setenv("TENOR_OFFICERS_FILE", str(tmp_path / "officers.toml"))
    (tmp_path / "officers.toml").write_text(OFFICERS)
    asyncio.run(_open(database))
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(pool, arguments)


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["pools"]


def by(*arguments: str) -> tuple[str, ...]:
    return (*arguments, "--officer", "lin", "--token", "lin's token")


def made(currency: str = "CNY") -> None:
    answer(*by("create", "main", currency, "--daily-limit", "5000"))


@pytest.mark.usefixtures("opened")
def test_a_pool_is_made_filled_limited_and_listed() -> None:
    assert answer("list") == []
    (empty,) = answer(*by("create", "main", "CNY", "--daily-limit", "5000"))
    assert empty == {"pool": "main", "currency": "CNY", **dict.fromkeys(AMOUNTS, 0), "daily_limit": 500_000}
    answer(*by("top-up", "main", "1,066.19"))
    answer(*by("withdraw", "main", "66.19"))
    answer(*by("limit", "main", "0"))
    (found,) = answer("list")
    assert (found["balance"], found["daily_limit"]) == (100_000, 0)
    shown = run("list").stdout
    assert "1,000.00" in shown


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "other", "CNY", "--daily-limit", "1"),
        ("top-up", "main", "1"),
        ("withdraw", "main", "1"),
        ("limit", "main", "1"),
    ],
)
def test_only_an_administrator_who_proves_it_changes_a_pool(arguments: tuple[str, ...]) -> None:
    made()
    for officer, token, code in (
        ("lin", "ren's token", "officer_unauthenticated"),
        ("nobody", "nobody's token", "officer_unauthenticated"),
        ("payer", "", "officer_unauthenticated"),
        ("ren", "ren's token", "role_insufficient"),
    ):
        refused = run(*arguments, "--officer", officer, "--token", token)
        assert refused.exit_code == EXIT_REFUSED, refused.output
        assert code in refused.output
    assert [each["pool"] for each in answer("list")] == ["main"]


@pytest.mark.usefixtures("opened")
def test_who_changed_a_pool_is_on_record() -> None:
    made()
    answer(*by("top-up", "main", "100"))
    said = run("changes", "main", "--json")
    changes = json.loads(said.stdout)["changes"]
    assert [(each["officer"], each["amount"], each["daily_limit"]) for each in changes] == [
        ("lin", 10_000, 500_000),
        ("lin", 0, 500_000),
    ]
    assert "100.00" in run("changes", "main").stdout
    assert run("changes", "none").exit_code == EXIT_REFUSED


def test_a_database_without_a_book_is_said_to_be_one(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_POSTGRES_DSN", empty_database)
    for asked in (["pool", "list"], ["verify"]):
        ended = CliRunner().invoke(app, asked)
        assert (ended.exit_code, "holds no book" in ended.output) == (EXIT_NOT_FOUND, True)


def test_without_a_file_nobody_is_an_officer(opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TENOR_OFFICERS_FILE")
    refused = run(*by("create", "main", "CNY", "--daily-limit", "1"))
    assert refused.exit_code == EXIT_USAGE
    assert "officers_file" in refused.output


@pytest.mark.usefixtures("opened")
def test_amounts_are_in_the_pools_currency() -> None:
    made("JPY")
    assert answer(*by("top-up", "main", "1066"))[0]["balance"] == 1_066
    assert run(*by("top-up", "main", "1066.19")).exit_code == EXIT_USAGE


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "main", "CNY", "--daily-limit", "1"), "pool_exists"),
        (("top-up", "none", "1"), "pool_unknown"),
        (("limit", "none", "1"), "pool_unknown"),
        (("withdraw", "main", "0.01"), "balance_too_low"),
    ],
)
def test_a_refusal_has_its_code(arguments: tuple[str, ...], code: str) -> None:
    made()
    refused = run(*by(*arguments))
    assert refused.exit_code == EXIT_REFUSED
    assert code in refused.output


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("arguments", [("create", "No Name", "CNY"), ("create", "main", "yuan")])
def test_a_pool_has_a_name_that_products_can_have(arguments: tuple[str, ...]) -> None:
    assert run(*by(*arguments, "--daily-limit", "1")).exit_code == EXIT_USAGE


def test_money_that_shards_hold_is_waited_for_a_while(opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lease() -> None:
        treasury = PostgresTreasury(opened, 0)
        assert await treasury.lease(claim(), "main", 100, TODAY) == 500
        await treasury.close()

    made()
    answer(*by("top-up", "main", "100"))
    asyncio.run(lease())
    monkeypatch.setattr(console, "PATIENCE_SECONDS", 0.3)
    refused = run(*by("withdraw", "main", "99"))
    assert refused.exit_code == EXIT_REFUSED
    assert "balance_leased" in refused.output
    answer(*by("withdraw", "main", "95"))


def test_a_book_that_is_not_there_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TENOR_POSTGRES_DSN", f"postgresql://postgres@/postgres?host={tmp_path}")
    assert run("list").exit_code == EXIT_UNAVAILABLE


def test_a_book_that_is_not_open_is_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_POSTGRES_DSN", database)
    assert run("list").exit_code == EXIT_UNAVAILABLE
