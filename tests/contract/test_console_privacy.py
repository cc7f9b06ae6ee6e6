"""tenor privacy: numbers come on stdin, answers are masked, keys are changed in order."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from actors.rows import AccountRow
from adapters.console.api_client import ApiClient
from adapters.console.privacy import privacy
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_USAGE
from adapters.postgres.book import open_book
from adapters.privacy.keyring import Keyring, key_file
from adapters.privacy.masking import PersonalData
from adapters.privacy.sealing import person_rows
from adapters.settings import Settings
from tests.contract.building import account_row

ANN = PersonalData("Ann Lee", "11010519491231002X", "13812345678", date(1949, 12, 31))
COLUMNS = ("account_id", "kind", "number", "found_by", "sealed", "key_id")


async def _identify(dsn: str, keyring: Keyring) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table("secret", records=person_rows(keyring, 7, ANN), columns=COLUMNS)
    await connection.close()


@pytest.fixture
def book(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name a book in which Ann has account 7."""
    monkeypatch.setenv("TENOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TENOR_POSTGRES_DSN", database)
    asyncio.run(_identify(database, Keyring.load(key_file(Settings(data_dir=str(tmp_path))))))


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(privacy, arguments, input=typed)


def answer(*arguments: str, typed: str = "") -> Any:
    result = run(*arguments, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.usefixtures("book")
def test_accounts_are_found_by_a_number_on_stdin() -> None:
    assert answer("find", typed="110105 19491231 002x\n") == {"accounts": [7]}
    assert run("find", typed="nobody's\n").exit_code == EXIT_NOT_FOUND
    assert run("find", ANN.identity_number).exit_code == 2, "a number is never an argument: shells remember those"


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_borrower_is_shown_masked(as_json: list[str]) -> None:
    shown = run("show", "7", *as_json).stdout
    assert "1101**********002X" in shown
    assert not any(plain in shown for plain in (ANN.name, ANN.identity_number, ANN.phone))
    assert run("show", "8").exit_code == EXIT_NOT_FOUND


@pytest.mark.usefixtures("book")
def test_keys_are_rotated_rows_resealed_and_old_keys_retired_only_then() -> None:
    ((old, rows),) = [(key["key"], key["rows"]) for key in answer("keys")["keys"]]
    newest = answer("rotate-keys")["key"]
    assert rows == 2
    assert run("retire-key", str(old)).exit_code == EXIT_REFUSED
    assert answer("reseal") == {"rows": 2}
    assert {key["key"]: key["rows"] for key in answer("keys")["keys"]} == {old: 0, newest: 2}
    assert "wait" in run("retire-key", str(old)).output


def test_without_the_books_key_file_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_DATA_DIR", str(tmp_path))
    assert run("show", "7").exit_code == EXIT_REFUSED
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, str]]:
    """What goes to the running system; account 8 is not lin's to erase."""
    sent: list[tuple[str, Any, str]] = []

    def post(_: ApiClient, path: str, body: Any, *, token: str, **__: Any) -> Any:
        sent.append((path, body, token))
        if path != "/v1/batch":
            return {"status": "kept" if body.get("erase") else "done", "account": 7, "seq": 3, "erasable_on": None}
        refused = {"status": "refused", "code": "own_case", "detail": "account 8 is lin's own"}
        accounts = [item["command"]["account"] for item in body["commands"]]
        return {"replies": [refused if each == 8 else {"status": "done", "account": each} for each in accounts]}

    monkeypatch.setattr(ApiClient, "post", post)
    monkeypatch.setenv("TENOR_OFFICER", "lin")
    monkeypatch.setenv("TENOR_OFFICER_TOKEN", "lin's")
    return sent


@pytest.mark.parametrize(("command", "erased"), [("restrict", {}), ("erase", {"erase": True})])
def test_restricting_and_erasing_are_commands_of_the_running_system(
    sent: list[tuple[str, Any, str]], command: str, erased: dict[str, bool]
) -> None:
    assert answer(command, "7")["seq"] == 3
    assert sent == [("/v1/restrict-borrower", {"account": 7, "officer": "lin", **erased}, "lin's")]


async def _wait_to_be_erased(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await open_book(connection, date(2036, 1, 20))
    day = date(2026, 1, 15)
    files = [(account, b"", day + timedelta(days=account)) for account in (7, 8, 9)]
    await connection.copy_records_to_table("credit_file", records=files)
    accounts = [account_row(account) for account in (7, 8, 9)]
    await connection.copy_records_to_table("account", records=accounts, columns=list(AccountRow._fields))
    events = [(account, 1, 1, day, day, b"", b"") for account in (7, 8, 9)]
    columns = ("account_id", "seq", "kind", "effective_on", "posted_on", "body", "hash")
    await connection.copy_records_to_table("event", records=events, columns=columns)
    await connection.close()


@pytest.mark.usefixtures("book")
def test_all_whose_time_has_come_are_erased_and_it_is_said_who_was_not(
    database: str, sent: list[tuple[str, Any, str]]
) -> None:
    asyncio.run(_wait_to_be_erased(database))
    assert [each["account"] for each in answer("due")["due"]] == [7, 8, 9]
    assert "2036-01-16" in run("due").output, "3,653 days after 2026-01-15"
    done = run("erase", "--due", "--json")
    assert done.exit_code == EXIT_REFUSED
    document = json.loads(done.stdout)
    assert (document["erased"], [each["account"] for each in document["refused"]]) == ([7, 9], [8])
    ((path, body, token),) = sent
    assert (path, token, len({item["request_id"] for item in body["commands"]})) == ("/v1/batch", "lin's", 3)
    assert [item["command"] for item in body["commands"]] == [
        {"type": "restrict_borrower", "account": account, "officer": "lin", "erase": True} for account in (7, 8, 9)
    ]
    assert [run("erase", "--due", "--limit", "1").exit_code, len(sent[-1][1]["commands"])] == [0, 1]


def test_it_is_one_account_or_all_that_are_due(sent: list[tuple[str, Any, str]]) -> None:
    assert run("erase").exit_code == run("erase", "7", "--due").exit_code == EXIT_USAGE
    assert sent == []
