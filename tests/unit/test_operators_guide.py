"""The guide for operators names every setting with its default, every check of the proof, every command of the tool."""

from collections.abc import Iterator

import msgspec
import pytest
from typer.core import TyperGroup
from typer.main import get_group

from adapters.roster import Member
from adapters.settings import Settings
from adapters.verification.verify import CHECKS
from cli import app
from core.origination.lender import Role
from tests.unit.guide import GUIDE, tables_of

GUIDES = ("operators", "privacy", "payouts", "rules", "products-catalogue", "performance", "contracts")
TEXT = (GUIDE.parent / "operators.md").read_text()


def column(first: str) -> dict[str, list[str]]:
    """Return the rows of all tables that begin with a column, by each of the names in it."""
    tables = (table for table in tables_of(TEXT) if table.header[0] == first)
    return {name.strip("`,"): row[1:] for table in tables for row in table.rows for name in row[0].split()}


def commands(group: TyperGroup, path: str = "tenor") -> Iterator[str]:
    """Yield every command as it is typed."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_every_setting_is_in_the_table_and_no_other() -> None:
    assert column("setting").keys() == {field.name for field in msgspec.structs.fields(Settings)}


def test_every_check_of_the_proof_is_explained() -> None:
    assert column("check").keys() == set(CHECKS)


def test_every_role_of_an_officer_is_explained() -> None:
    assert column("role").keys() == set(Role) - {Role.BORROWER}


def test_the_example_of_an_officer_has_every_field() -> None:
    example = TEXT.split("```toml\n[[officers]]")[1].split("```")[0]
    assert not {name for name in Member.__struct_fields__ if f"\n{name} = " not in example}


@pytest.mark.parametrize("command", list(commands(get_group(app))))
def test_every_command_of_the_tool_is_in_a_guide(command: str) -> None:
    guides = [(GUIDE.parent / f"{name}.md").read_text() for name in GUIDES]
    guides.append((GUIDE.parents[1] / "README.md").read_text())
    text = "\n".join(guides)
    name = command.removeprefix("tenor ")
    # Commands of a group are often listed after the first: `tenor privacy keys`, `rotate-keys`.
    assert f"{command} " in f"{text} " or f"{command}`" in text or f"`{name.split()[-1]}`" in text
