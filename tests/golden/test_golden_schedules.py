"""Printed schedules restated with their source: every row, or the totals, must come out to the cent."""

import csv
from datetime import date
from pathlib import Path

import msgspec
import pytest

from core.contract.terms import Terms
from core.schedule.plan import schedule, summary

SCHEDULES = Path(__file__).parent / "schedules"
TABLES = sorted(SCHEDULES.glob("*.csv"))
TOTALS = list(csv.DictReader((SCHEDULES.parent / "totals.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_a_printed_schedule_comes_out_row_by_row(table: Path) -> None:
    source, terms_line, disbursed, *rows = table.read_text(encoding="utf-8").splitlines()
    assert source.startswith("# source: ")
    terms = msgspec.json.decode(terms_line.removeprefix("# terms: "), type=Terms)
    balance, lines = terms.principal, ["due_date,principal,interest,balance"]
    for row in schedule(terms, date.fromisoformat(disbursed.removeprefix("# disbursed_on: "))):
        # What is capitalized shows in the balance; tranches to come are counted in it from the start.
        balance += row.capitalized - row.principal
        lines.append(f"{row.due_date},{row.principal},{row.interest},{balance}")
    assert lines == rows


@pytest.mark.parametrize("printed", TOTALS, ids=lambda printed: printed["source"])
def test_printed_totals_come_out(printed: dict[str, str]) -> None:
    terms = msgspec.json.decode(printed["terms"], type=Terms)
    totals = summary(schedule(terms, date.fromisoformat(printed["disbursed_on"])))
    own = {"first": totals.first_total, "last": totals.last_total, "interest": totals.interest}
    # An empty cell was not printed.
    assert own == {name: int(printed[name]) if printed[name] else own[name] for name in own}
