"""The guide to the terms of a loan: every term is in it with its default, and every figure is the engine's."""

from collections.abc import Iterator
from enum import Enum

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from adapters.trial import calculate
from core.contract.terms import Terms
from tests.scenarios.playing import comes_out
from tests.unit.guide import GUIDE, Example, computed, default_of, examples, kinds_of, life, tables_of

TEXT = GUIDE.read_text()
EXAMPLES = examples(TEXT)


def named(example: Example) -> str:
    return f"{example.trial.terms.method.value}-{EXAMPLES.index(example) + 1}"


def terms_of(kind: type[Struct], path: str, seen: set[type]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield every term by its path; a structure that occurs more than once is explained where it occurs first."""
    for field in fields(kind):
        yield f"{path}{field.name}", field
        for part in kinds_of(field.type):
            if issubclass(part, Struct) and part not in seen:
                seen.add(part)
                yield from terms_of(part, f"{path}{field.name}.", seen)


ALL = dict(terms_of(Terms, "", {Terms}))


def used(value: object, path: str = "") -> Iterator[str]:
    """Yield the paths of all terms that an example states."""
    for part in value if isinstance(value, list) else [value]:
        for name, inner in part.items() if isinstance(part, dict) else ():
            yield f"{path}{name}"
            yield from used(inner, f"{path}{name}.")


def test_every_term_has_a_row_with_its_default() -> None:
    rows = {row[0].strip("`"): row[1] for table in tables_of(TEXT) if table.header[0] == "term" for row in table.rows}
    assert rows == {path: default_of(field) for path, field in ALL.items()}


def test_every_value_that_a_term_can_take_is_explained() -> None:
    kinds = {part for field in ALL.values() for part in kinds_of(field.type) if issubclass(part, Enum)}
    missing = {value.value for kind in kinds for value in kind if f"`{value.value}`" not in TEXT}
    assert not missing


def test_every_term_is_in_a_worked_example() -> None:
    bodies = TEXT.split("```json\n")[1:]
    stated = {path for body in bodies for path in used(msgspec.json.decode(body.split("\n```\n")[0])["terms"])}
    assert not ALL.keys() - stated


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_comes_out_as_the_guide_says(example: Example) -> None:
    assert example.tables or example.lives or example.refusals
    for table in example.tables:
        assert computed(example, table) == table.rows
    for text in example.lives:
        for daily in (True, False):
            comes_out(life(example, text), daily=daily)
    for code in example.refusals:
        assert calculate(example.trial) == code
