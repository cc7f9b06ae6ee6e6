"""Reads *.scenario files: terms in words, a table of rows, journal lines. README.md has the format."""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from core.terms import PPB, Terms

PHRASES = (
    r"(?P<principal>[\d.,]+) in (?P<installments>\d+) installments? "
    r"every( (?P<every>\d+))? (?P<unit>day|week|month|year)s?",
    r"(?P<rate>[\d.]+ % a (day|month|year))",
    r"(?P<method>equal installment|equal principal|interest only|at maturity|flat)",
    r"days (?P<day_count>\S+)",
    r"first due (?P<first_due>[\d-]+)",
    r"due on day (?P<due_day>\d+)",
    r"penalty (?P<penalty_rate>[\d.]+ % a (day|month|year))",
    r"(?P<grace_days>\d+) days of grace",
    r"reminder (?P<reminder_days>\d+) days? before",
    r"pays (?P<waterfall>[a-z, ]+)",
    r"rounded (?P<rounding>half up|half even|up|down)",
)
COMMANDS = (
    "open account",
    "limit",
    "freeze",
    "unfreeze",
    "deposit",
    "release deposit",
    "book",
    "cancel",
    "disburse",
    "payment",
    "payoff",
    "refund",
    "reverse payment",
    "quote through",
)


class Row(Struct, frozen=True):
    """One line of the table."""

    text: str
    on: date
    what: str
    """What is asked or happens, without its argument."""
    argument: str
    cells: dict[str, str]

    @property
    def loan(self) -> int | None:
        """The loan that the row is about; None for the account."""
        return int(self.cells.get("loan") or 0) or None

    @property
    def asks(self) -> bool:
        """Whether somebody asks for something here; other rows tell what follows by itself."""
        return self.what in COMMANDS


class Scenario(Struct, frozen=True):
    """A file as read."""

    title: str
    terms: dict[int, Terms]
    rows: list[Row]
    journals: dict[date, dict[str, str]]


def money(amount: int) -> str:
    """Write minor units as people do: 1,066.19; nothing is blank."""
    sign, amount = "-" * (amount < 0), abs(amount)
    return f"{sign}{amount // 100:,}.{amount % 100:02}" if amount else ""


def minor(text: str) -> int:
    """Read 1,066.19 as minor units."""
    assert re.fullmatch(r"\d{1,3}(,\d{3})*\.\d\d", text), f"not an amount: {text!r}"
    return int(re.sub("[,.]", "", text))


def read_scenario(path: Path) -> Scenario:
    """Read a file; a line that means nothing is an error."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    scenario = Scenario(lines[0].removeprefix("scenario: "), {}, [], {})
    columns: list[str] = []
    for line in lines[1:]:
        if found := re.fullmatch(r"loan(?: (\d+))?: (.*)", line):
            scenario.terms[int(found[1] or 1)] = _terms(found[2])
        elif found := re.fullmatch(r"journal (\S+): (.*)", line):
            scenario.journals[date.fromisoformat(found[1])] = _journal(found[2])
        elif not columns:
            columns = [cell.strip() for cell in line.split("|")]
        else:
            scenario.rows.append(_row(line, columns))
    return scenario


def _row(line: str, columns: list[str]) -> Row:
    cells = dict(zip(columns, (cell.strip() for cell in line.split("|")), strict=True))
    what, argument = cells["what"], ""
    if found := re.fullmatch(r"(reverse payment|quote through) (\S+)", what):
        what, argument = found[1], found[2]
    return Row(line, date.fromisoformat(cells["date"]), what, argument, cells)


def _terms(text: str) -> Terms:
    fields: dict[str, Any] = {}
    for phrase in text.split("; "):
        found = [match for pattern in PHRASES if (match := re.fullmatch(pattern, phrase))]
        assert found, f"terms do not know {phrase!r}"
        fields |= {name: _value(name, value) for name, value in found[0].groupdict().items() if value}
    return msgspec.convert(fields, Terms, strict=False)


def _value(name: str, text: str) -> object:
    match name:
        case "principal":
            return minor(text)
        case "rate" | "penalty_rate":
            percent, per = text.split(" % a ")
            ppb = Fraction(percent) * PPB / 100
            assert ppb.denominator == 1
            return {"ppb": int(ppb), "per": per}
        case "waterfall":
            order = text.removesuffix(" across installments")
            return {"order": order.split(", "), "direction": "horizontal" if order == text else "vertical"}
        case "method" | "rounding":
            return text.replace(" ", "_")
        case _:
            return text


def _journal(text: str) -> dict[str, str]:
    sides = [re.fullmatch(r"(debit|credit) (.+) ([\d,.]+)", part) for part in text.split("; ")]
    assert all(sides), text
    return {f"{side[1]} {side[2]}": side[3] for side in sides if side}
