"""Reads a guide's worked examples: terms as JSON, each with the schedules, lives or refusal that come of it."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from adapters.trial import Trial, TrialRow, TrialSchedule, calculate
from core.contract.terms import Terms
from tests.scenarios.amounts import money
from tests.scenarios.reading import Scenario, read_scenario

GUIDE = Path(__file__).parents[2] / "docs" / "products.md"
WHOLE = ("installments", "first", "last", "last due", "interest")
LIFE = """
date | what | amount
{on} | open account | {plenty}
{on} | book | {principal}
{on} | disburse | {paid_out}
"""
PLENTY = 10**10


class Table(Struct, frozen=True):
    """Cells by column; the first row of the page is the header."""

    header: list[str]
    rows: list[list[str]]


class Example(Struct, frozen=True):
    """A fenced body of a trial calculation, and what the page says comes of it."""

    trial: Trial
    tables: list[Table]
    lives: list[str]
    refusals: list[str]


def examples(text: str) -> list[Example]:
    """Return the examples of a page, each with all that stands under it up to the next one or the next heading."""
    found: list[Example] = []
    for part in re.split(r"^(?=```json\n|#)", text, flags=re.MULTILINE):
        if part.startswith("```json\n"):
            body, rest = part.removeprefix("```json\n").split("\n```\n", 1)
            lives = re.findall(r"^```\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
            tables = [table for table in tables_of(rest) if is_expected(table)]
            refusals = re.findall(r"^refused: `(\w+)`$", rest, re.MULTILINE)
            found.append(Example(msgspec.json.decode(body, type=Trial), tables, lives, refusals))
    return found


def tables_of(text: str) -> Iterator[Table]:
    """Yield the tables of a text."""
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield Table(lines[0], lines[2:])


def default_of(field: FieldInfo) -> str:
    """Return a default as the guide writes it."""
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    match value:
        case None | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case tuple():
            return ", ".join(str(getattr(each, "value", "one step")) for each in value)
        case Struct():
            return str(getattr(value, "ppb", "its defaults"))
        case _:
            return str(value)


def is_expected(table: Table) -> bool:
    """Return whether a table says what comes of an example; others explain."""
    return table.header[0] == "due" or (is_variation(table) and set(table.header[1:]) <= set(WHOLE))


def is_variation(table: Table) -> bool:
    """Return whether the table plans the example once for each value of a term."""
    return table.header[0].strip("`") in {field.name for field in fields(Terms)}


def computed(example: Example, table: Table) -> list[list[str]]:
    """Return the rows of a table as the engine computes them."""
    if not is_variation(table):
        return planned_rows(example.trial, table.header)
    name = table.header[0].strip("`")
    return [[row[0], *whole(varied(example.trial, name, row[0].strip("`")), table.header[1:])] for row in table.rows]


def planned_rows(trial: Trial, columns: Sequence[str]) -> list[list[str]]:
    """Return the schedule of an example, one list of cells for each installment."""
    lines = []
    for row in planned(trial):
        cells = {
            "due": str(row.due_date),
            "principal": money(row.principal),
            "interest": money(row.interest),
            "total": money(row.total),
            "capitalized": money(row.capitalized),
            "balance": money(row.balance),
        }
        lines.append([cells[column] for column in columns])
    return lines


def planned(trial: Trial) -> list[TrialRow]:
    """Return the schedule of an example whose terms may lack one."""
    found = calculate(trial)
    assert isinstance(found, TrialSchedule), found
    return found.rows


def varied(trial: Trial, name: str, cell: str) -> Trial:
    """Return an example with another value of one term."""
    value: object = {"yes": True, "no": False}.get(cell, int(cell) if cell.isdigit() else cell)
    terms = msgspec.convert(msgspec.to_builtins(trial.terms) | {name: value}, Terms)
    return msgspec.structs.replace(trial, terms=terms)


def whole(trial: Trial, columns: Sequence[str]) -> list[str]:
    """Return what a schedule comes to."""
    rows = planned(trial)
    cells = {
        "installments": str(len(rows)),
        "first": money(rows[0].total),
        "last": money(rows[-1].total),
        "last due": str(rows[-1].due_date),
        "interest": money(sum(row.interest for row in rows)),
    }
    return [cells[column] for column in columns]


def life(example: Example, text: str) -> Scenario:
    """Return the life of an example's loan as a scenario: paid out, and then as the page says."""
    terms, on = example.trial.terms, example.trial.disbursed_on
    later = sum(tranche.amount for tranche in terms.tranches)
    begin = LIFE.format(on=on, plenty=money(PLENTY), principal=money(terms.principal), paid_out="")
    begin = begin.replace(f"{on} | disburse | \n", f"{on} | disburse | {paid_out(terms, later)}\n")
    first, lived = read_scenario("begin" + begin), read_scenario("lived\n" + text)
    return Scenario("example", {1: terms}, [*first.rows, *lived.rows], lived.journals)


def paid_out(terms: Terms, later: int) -> str:
    """Return what is lent at first, as the event of the payout names it."""
    return money(terms.principal - later)


def kinds_of(hint: Any) -> Iterator[type]:
    """Yield the structs and enums that a type is made of."""
    if isinstance(hint, type) and get_origin(hint) is None:
        yield hint
    elif get_origin(hint) in (tuple, Union, UnionType) or hasattr(hint, "__metadata__"):
        for part in get_args(hint):
            yield from kinds_of(part)
