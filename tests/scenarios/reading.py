"""Reads *.scenario files: terms in words, a table of rows, journal lines. README.md has the format."""

import re
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct, structs

from core.contract.terms import Terms
from core.origination.product import Product
from tests.scenarios.amounts import minor, rate
from tests.scenarios.changing import asked_change, change_terms
from tests.scenarios.charging import asked, charge_terms
from tests.scenarios.originating import asked_lender, product_of
from tests.scenarios.planning import plan_terms

PHRASES = (
    r"(?P<principal>[\d.,]+) in (?P<installments>\d+) installments? "
    r"every( (?P<every>\d+))? (?P<unit>day|week|month|year)s?",
    r"(?P<rate>[\d.]+ % a (day|month|year))",
    r"(?P<method>equal installment|equal principal|interest only|at maturity|flat)",
    r"days (?P<day_count>\S+( \w+)?)",
    r"first due (?P<first_due>[\d-]+)",
    r"due on day (?P<due_day>\d+)",
    r"penalty (?P<penalty_rate>[\d.]+ % a (day|month|year))",
    r"(?P<grace_days>\d+) days of grace",
    r"reminder (?P<reminder_days>\d+) days? before",
    r"pays (?P<waterfall>[a-z, ]+)",
    r"in advance the (?P<ahead>(next|last|next last|all) installments?(: [a-z, ]+)?)",
    r"interest follows payments"
    r"(?P<recalculation>|, from the next due date|, whole period at payoff|, not what is late)",
    r"of product (?P<product>[a-z-]+)",
    r"booked at most (?P<backdate_days>\d+) days back",
    r"rounded (?P<rounding>half up|half even|up|down)",
)
RECALCULATIONS: dict[str, dict[str, object]] = {
    "": {},
    ", from the next due date": {"rest": "period"},
    ", whole period at payoff": {"payoff": "until_due"},
    ", not what is late": {"on_past_due": False},
}
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
    "reverse change",
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
    effective_on: date | None = None
    """The earlier day on which what is asked takes effect."""

    @property
    def loan(self) -> int | None:
        """The loan that the row is about; None for the account."""
        return int(self.cells.get("loan") or 0) or None

    @property
    def asks(self) -> bool:
        """Whether somebody asks for something here; other rows tell what follows by itself."""
        changes = asked_change(self.what + self.argument) is not None
        return self.what in COMMANDS or changes or asked(self.what) is not None or asked_lender(self.what)


class Scenario(Struct, frozen=True):
    """A file as read."""

    title: str
    terms: dict[int, Terms]
    rows: list[Row]
    journals: dict[date, dict[str, str]]
    closed_through: date | None = None
    """The accounting period that is closed."""
    products: dict[str, Product] = {}
    """What the lender offers."""


def read_scenario(text: str) -> Scenario:
    """Read a file's text; a line that means nothing is an error."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    scenario = Scenario(lines[0].removeprefix("scenario: "), {}, [], {})
    columns: list[str] = []
    for line in lines[1:]:
        if found := re.fullmatch(r"loan(?: (\d+))?: (.*)", line):
            scenario.terms[int(found[1] or 1)] = _terms(found[2])
        elif found := re.fullmatch(r"product (\S+): (.*)", line):
            scenario.products[found[1]] = product_of(found[1], found[2], _terms)
        elif found := re.fullmatch(r"journal (\S+): (.*)", line):
            scenario.journals[date.fromisoformat(found[1])] = _journal(found[2])
        elif found := re.fullmatch(r"books closed through (\S+)", line):
            scenario = structs.replace(scenario, closed_through=date.fromisoformat(found[1]))
        elif not columns:
            columns = [cell.strip() for cell in line.split("|")]
        else:
            scenario.rows.append(_row(line, columns))
    return scenario


def _row(line: str, columns: list[str]) -> Row:
    cells = dict(zip(columns, (cell.strip() for cell in line.split("|")), strict=True))
    what, _, effective = cells["what"].partition(" effective ")
    argument, effective_on = "", date.fromisoformat(effective) if effective else None
    if found := re.fullmatch(r"(reverse payment|reverse change|quote through) (\S+)", what):
        what, argument = found[1], found[2]
    named = asked(what) or asked_change(what)
    if named is not None:
        what, argument = named
    return Row(line, date.fromisoformat(cells["date"]), what, argument, cells, effective_on)


def _terms(text: str) -> Terms:
    fields: dict[str, Any] = {}
    for phrase in text.split("; "):
        if charge_terms(fields, phrase) or change_terms(fields, phrase) or plan_terms(fields, phrase):
            continue
        found = [match for pattern in PHRASES if (match := re.fullmatch(pattern, phrase))]
        assert found, f"terms do not know {phrase!r}"
        named = found[0].groupdict().items()
        fields |= {name: _value(name, value) for name, value in named if value or name == "recalculation"}
    if ahead := fields.pop("ahead", None):
        waterfall = fields.setdefault("waterfall", {"steps": [{}]})
        waterfall["steps"].append({"reach": "in_advance"} | ahead["step"])
        waterfall["future"] = ahead["future"]
    return msgspec.convert(fields, Terms, strict=False)


def _value(name: str, text: str) -> object:
    match name:
        case "principal":
            return minor(text)
        case "rate" | "penalty_rate":
            return rate(text)
        case "waterfall":
            order = text.removesuffix(" across installments")
            direction = "horizontal" if order == text else "vertical"
            return {"steps": [{"order": order.split(", "), "direction": direction}]}
        case "ahead":
            which, _, order = text.partition(": ")
            future = which.removesuffix("s").removesuffix(" installment").replace(" ", "_").replace("all", "reamortize")
            return {"future": future, "step": {"order": order.split(", ")} if order else {}}
        case "recalculation":
            return RECALCULATIONS[text]
        case "method" | "rounding":
            return text.replace(" ", "_")
        case _:
            return text


def _journal(text: str) -> dict[str, str]:
    sides = [re.fullmatch(r"(debit|credit) (.+) ([\d,.]+)", part) for part in text.split("; ")]
    assert all(sides), text
    return {f"{side[1]} {side[2]}": side[3] for side in sides if side}
