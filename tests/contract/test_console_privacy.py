"""tenor privacy: numbers come on stdin, answers are masked, keys are changed in order."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from adapters.console.api_client import ApiClient
from adapters.console.privacy import privacy
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED
from adapters.privacy.keyring import Keyring, key_file
from adapters.privacy.masking import PersonalData
from adapters.privacy.sealing import person_rows
from adapters.settings import Settings

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


@pytest.mark.parametrize(("command", "erased"), [("restrict", {}), ("erase", {"erase": True})])
def test_restricting_and_erasing_are_commands_of_the_running_system(
    monkeypatch: pytest.MonkeyPatch, command: str, erased: dict[str, bool]
) -> None:
    sent: list[tuple[str, Any, str]] = []

    def post(_: ApiClient, path: str, body: object, *, token: str, **__: Any) -> Any:
        sent.append((path, body, token))
        return {"status": "done", "account": 7, "seq": 3}

    monkeypatch.setattr(ApiClient, "post", post)
    monkeypatch.setenv("TENOR_OFFICER_TOKEN", "lin's")
    assert answer(command, "7", "--officer", "lin")["seq"] == 3
    assert sent == [("/v1/restrict-borrower", {"account": 7, "officer": "lin", **erased}, "lin's")]
