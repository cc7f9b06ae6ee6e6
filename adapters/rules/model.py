"""A rule set as files: `index.toml` says which version decides from when, `<version>.json` is a decision model."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import zen
from msgspec import Meta, Struct

from core.origination.product import PPB

FACTS: Final[dict[tuple[str, ...], type]] = {
    ("applicant", "age"): int,
    ("bureau", "score"): int,
    ("income", "monthly"): int,
    ("debtor_list", "listed"): bool,
    ("sanctions", "listed"): bool,
    ("device", "risk"): int,
}
"""What sources say, and as what; anything else is no answer."""
Need = tuple[tuple[str, ...], type | None]
"""An input's path, and what it must be; None: anything."""
_PARTS: Final = ("application", "account", "product", *(path[0] for path in FACTS))
_PATH: Final = re.compile(rf"(?<![\w.])(?:{'|'.join(_PARTS)})(?:\.[a-z_]\w*)+")
NODES: Final = frozenset({"inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"})
"""Functions in JavaScript, calls of other models and of services are left out: slow, or not of this version alone."""
CHANCE: Final = re.compile(r"""\brand\s*\(|\bd\s*\(\s*\)|['"]now['"]|\.is(?:Today|Tomorrow|Yesterday)\b""")


class RulesError(Exception):
    """A rule set cannot be used; the message names the file and what is wrong in it."""


class Version(Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a rule set."""

    number: Annotated[int, Meta(ge=1, le=10_000)]
    effective_from: date | None = None
    """The first date on which it decides; None: a draft, which decides nothing."""


class Challenger(Struct, frozen=True, forbid_unknown_fields=True):
    """A version that is asked silently."""

    version: int
    share_ppb: Annotated[int, Meta(ge=0, le=PPB)]
    """Of the applications."""


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """What `index.toml` says of a rule set."""

    title: str
    versions: Annotated[tuple[Version, ...], Meta(min_length=1, max_length=100)]
    challenger: Challenger | None = None

    def in_effect(self, on: date) -> int:
        """Return the number of the version that decides on a date; 0: none."""
        begun = [(each.effective_from, each.number) for each in self.versions if each.effective_from is not None]
        return max((each for each in begun if each[0] <= on), default=(on, 0))[1]


class Rule(Struct, frozen=True):
    """A row of a decision table, as people read it."""

    table: str
    when: str
    then: dict[str, str]
    why: str


def read_index(path: Path) -> Index:
    """Read the versions of a rule set."""
    try:
        index = msgspec.toml.decode(path.read_bytes(), type=Index)
    except (msgspec.DecodeError, ValueError) as error:
        raise RulesError(f"{path}: {error}") from error
    numbers = {version.number for version in index.versions}
    if len(numbers) < len(index.versions):
        raise RulesError(f"{path}: a version is there twice")
    if index.challenger is not None and index.challenger.version not in numbers:
        raise RulesError(f"{path}: the challenger {index.challenger.version} is not among the versions")
    return index


def read_model(path: Path) -> dict[str, Any]:
    """Read a decision model and let the engine check its graph and expressions."""
    try:
        text = path.read_text()
        zen.ZenEngine().create_decision(text).validate()
        model: dict[str, Any] = msgspec.json.decode(text)
        _check(model)
    except (OSError, RuntimeError, ValueError) as error:
        raise RulesError(f"{path}: {str(error).partition(chr(10))[0]}") from error
    return model


def _check(model: dict[str, Any]) -> None:
    """Raise ValueError if a model could answer the same question differently another time, or a cell is mistyped."""
    for node in model["nodes"]:
        if node["type"] not in NODES:
            raise ValueError(f"{node['name']}: a {node['type']} is not allowed; only {', '.join(sorted(NODES))}")
        for place, text, compiled in _expressions(node):
            try:
                compiled(text)
            except RuntimeError as error:
                # The engine would take a rule with such a cell for one that never fires.
                raise ValueError(f"{node['name']}, {place}: {text}: {error}") from error
    chance = next((found[0] for text in _texts(model) if (found := CHANCE.search(text))), None)
    if chance:
        raise ValueError(f"{chance} depends on the clock or on chance")


def _expressions(node: dict[str, Any]) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    """Return every expression of a node: where it stands, and how it is compiled. An empty cell holds for all."""
    content = node["content"]
    for each in content.get("expressions", ()):
        yield each["key"], each["value"], zen.compile_expression
    for each in content.get("statements", ()):
        if each.get("condition"):
            yield each["id"], each["condition"], zen.compile_expression
    for column in content.get("inputs", ()):
        if column.get("field"):
            yield f"column {column['name']}", column["field"], zen.compile_expression
    for row in content.get("rules", ()):
        for column in (*content["inputs"], *content["outputs"]):
            tests = column in content["inputs"] and column.get("field")
            if cell := row.get(column["id"]):
                yield f"rule {row['_id']}", cell, zen.compile_unary_expression if tests else zen.compile_expression


def needs_of(model: dict[str, Any]) -> tuple[Need, ...]:
    """Return every input that a model looks at."""
    found = {tuple(path.split(".")) for text in _texts(model) for path in _PATH.findall(text)}
    return tuple((path, FACTS.get(path)) for path in sorted(found))


def rules_of(model: dict[str, Any]) -> Iterator[Rule]:
    """Return the rows of all decision tables, table by table."""
    for node in model["nodes"]:
        if node["type"] == "decisionTableNode":
            table = node["content"]
            for row in table["rules"]:
                when = [f"{each['name']} {row[each['id']]}" for each in table["inputs"] if row.get(each["id"])]
                then = {each["field"]: row[each["id"]].strip('"') for each in table["outputs"] if row.get(each["id"])}
                yield Rule(node["name"], " and ".join(when) or "always", then, row.get("_description", ""))


def _texts(part: Any) -> Iterator[str]:
    """Return every text in a model: expressions are among them."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from _texts(each)
