"""The guide for channels names every code with the status that it is answered with, and every reason of bad terms."""

from enum import StrEnum
from typing import Any, Final, get_args

import pytest
from msgspec import Struct
from msgspec.structs import fields

from actors.messages import Reply
from adapters.http.commands import COMMANDS, path_of
from adapters.http.lending import proves
from adapters.http.problems import HttpCode, status_of
from adapters.trial import Untried
from core.commands import (
    AccountCommand,
    ChangeCommand,
    ChargeCommand,
    DisburseTranche,
    LendingCommand,
    MoneyCommand,
    Prepay,
    Reverse,
)
from core.contract.changes import Change
from core.origination.commands import OriginationCommand
from core.rejections import Code
from core.schedule.plan import Refusal
from core.schedule.solve import Unsolvable
from tests.unit.guide import GUIDE, default_of, kinds_of, tables_of

TEXT = (GUIDE.parent / "channels.md").read_text()
SERVICING: Final = AccountCommand | LendingCommand | MoneyCommand | ChargeCommand | ChangeCommand | Reverse
OF_NO_PLAN: Final = "fees_exceed_principal"
"""What is wrong with terms for which a schedule can be planned all the same."""


def column(first: str) -> dict[str, list[str]]:
    """Return the rows of all tables that begin with a column, by each of the names in it."""
    tables = (table for table in tables_of(TEXT) if table.header[0] == first)
    return {name.strip("`"): row[1:] for table in tables for row in table.rows for name in row[0].split()}


def test_every_code_is_explained_with_its_status() -> None:
    codes: list[Code | HttpCode] = [*Code, *HttpCode]
    assert {code: row[0] for code, row in column("code").items()} == {code: str(status_of(code)) for code in codes}
    assert all(row[1] for row in column("code").values())


@pytest.mark.parametrize("reasons", [Refusal, Unsolvable, Untried], ids=lambda kind: kind.__name__)
def test_every_reason_of_bad_terms_is_explained(reasons: type[StrEnum]) -> None:
    assert not {reason.value for reason in reasons} - column("reason").keys()


def test_no_reason_is_explained_that_does_not_exist() -> None:
    reasons = {reason.value for kind in (Refusal, Unsolvable, Untried) for reason in kind}
    assert column("reason").keys() - reasons == {OF_NO_PLAN}


@pytest.mark.parametrize("commands", [SERVICING, OriginationCommand], ids=["servicing", "before the loan"])
def test_every_command_is_in_a_table_of_the_guide(commands: Any) -> None:
    tags = {str(kind.__struct_config__.tag) for kind in kinds_of(commands) if issubclass(kind, Struct)}
    assert not {tag.replace("_", "-") for tag in tags} - column("command").keys()


def test_every_command_that_somebody_must_prove_to_send_is_in_the_table_of_who_may() -> None:
    proven = {path_of(kind).removeprefix("/v1/") for kind in COMMANDS if proves(kind)}
    who_may = TEXT.split("### Who may send what")[1].split("\n### ")[0]
    assert not {name for name in proven if f"`{name}`" not in who_may}


@pytest.mark.parametrize("reply", get_args(Reply), ids=lambda kind: str(kind.__name__))
def test_every_kind_of_reply_is_shown(reply: type[Struct]) -> None:
    assert f'"status":"{reply.__struct_config__.tag}"' in TEXT


def test_every_change_of_terms_is_in_the_guide() -> None:
    tags = {str(kind.__struct_config__.tag) for kind in kinds_of(Change) if issubclass(kind, Struct)}
    assert not {tag for tag in tags if f"`{tag}`" not in TEXT}


def test_every_part_of_charges_credits_and_changes_has_a_row_with_its_default() -> None:
    shared = {"account", "loan", "change", "effective_on"}
    asked = {path_of(kind).removeprefix("/v1/"): kind for kind in get_args(ChargeCommand | Prepay | DisburseTranche)}
    changes = {str(kind.__struct_config__.tag): kind for kind in get_args(Change)}
    said = {f"{name}.{field.name}": field for name, kind in (asked | changes).items() for field in fields(kind)}
    parts = {name: default_of(field) for name, field in said.items() if field.name not in shared}
    assert {name: row[0] for name, row in column("part").items()} == parts
