"""tenor payout: orders changed by hand, by an administrator who proves it and stays on record."""

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from adapters.console.rails import payout
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED
from tests.contract.test_console_pools import opened

__all__ = ["opened"]
DISPUTED, SENT, LIN = "7-1", "8-1", ("--officer", "lin", "--token", "lin's token")
CLOSE = ("close", DISPUTED, "--note", "booked by hand")


async def _order(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    columns = ("order_number", "account_id", "payout", "currency", "amount", "bank", "bank_account", "state")
    rows = [(DISPUTED, 7, 1, "CNY", 106_619, "icbc", 1, "disputed"), (SENT, 8, 1, "CNY", 5, "icbc", 1, "sent")]
    await connection.copy_records_to_table("payout_order", records=rows, columns=columns)
    await connection.close()


@pytest.fixture
def ordered(opened: str) -> None:
    asyncio.run(_order(opened))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(payout, arguments)


@pytest.mark.usefixtures("ordered")
def test_who_changed_an_order_is_on_record() -> None:
    assert run("retry", DISPUTED, *LIN).exit_code == 0
    assert run("retry", SENT, *LIN).exit_code == 0
    shown = json.loads(run("show", DISPUTED, "--json").stdout)
    assert shown["state"] == "sent"
    assert [(each["officer"], each["change"], each["note"]) for each in shown["changes"]] == [
        ("lin", "looked at again", "")
    ]
    said = run("show", DISPUTED).stdout
    assert "1,066.19" in said
    assert "looked at again" in said


@pytest.mark.usefixtures("ordered")
def test_a_disputed_order_is_closed_and_only_once() -> None:
    assert run(*CLOSE, *LIN).exit_code == 0
    again = run(*CLOSE, *LIN)
    assert (again.exit_code, "closed" in again.output) == (EXIT_REFUSED, True)
    shown = json.loads(run("show", DISPUTED, "--json").stdout)
    assert [each["note"] for each in shown["changes"]] == ["booked by hand"]
    assert [each["order_number"] for each in json.loads(run("list", "--json").stdout)["orders"]] == [SENT]


@pytest.mark.usefixtures("ordered")
def test_what_is_on_its_way_is_not_closed() -> None:
    refused = run("close", SENT, "--note", "no news", *LIN)
    assert (refused.exit_code, "sent" in refused.output) == (EXIT_REFUSED, True)
    assert run("retry", "9-1", *LIN).exit_code == EXIT_NOT_FOUND
    assert run("show", "9-1").exit_code == EXIT_NOT_FOUND


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize("arguments", [CLOSE, ("retry", DISPUTED)])
def test_only_an_administrator_who_proves_it_changes_an_order(arguments: tuple[str, ...]) -> None:
    for officer, token, code in (("lin", "guessed", "unauthenticated"), ("ren", "ren's token", "role_insufficient")):
        refused = run(*arguments, "--officer", officer, "--token", token)
        assert (refused.exit_code, code in refused.output) == (EXIT_REFUSED, True)
    assert json.loads(run("show", DISPUTED, "--json").stdout)["changes"] == []
