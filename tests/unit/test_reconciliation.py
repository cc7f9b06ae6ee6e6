"""Our orders beside a bank's statement."""

from pathlib import Path

import pytest

from adapters.rails.bank_api import StatementLine
from adapters.rails.reconciliation import Difference, Ours, Outcome, StatementError, read_statement, reconcile

CASES = """
ours      | movements  | outcome
succeeded | 100        | match
returned  | 100 -100   | match
failed    |            | match
sent      |            | match
succeeded |            | only_ours
returned  |            | only_ours
sent      | 100        | state_differs
failed    | 100        | state_differs
succeeded | 100 -100   | state_differs
returned  | 100        | state_differs
succeeded | 99         | amount_differs
returned  | 100 -99    | amount_differs
succeeded | 100 100    | paid_twice
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_an_order_is_compared_with_all_its_movements(line: str) -> None:
    state, movements, outcome = (cell.strip() for cell in line.split("|"))
    statement = [StatementLine("7-1", "CNY", int(amount), "M1") for amount in movements.split()]
    found = reconcile([Ours("7-1", "CNY", 100, state, "")], statement)
    assert found.outcomes[outcome] == sum(found.outcomes.values()) == 1
    assert found.balanced is (outcome == "match")


def test_what_only_the_bank_has_is_found_with_its_amount() -> None:
    found = reconcile([], [StatementLine("8-1", "CNY", 5, "M1")])
    assert found.differences == [Difference(Outcome.ONLY_THEIRS, "8-1", "CNY", 0, 5, "")]
    assert found.paid == {"CNY": 5}


def test_a_statement_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_text("\ufeffnew column,amount,reference,currency,order_number\nx,-100,M1,CNY,7-1\n", encoding="utf-8")
    assert read_statement(file) == [StatementLine("7-1", "CNY", -100, "M1")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("amount,currency\n1,CNY\n", "order_number, reference"),
        ("order_number,currency,amount,reference\n7-1,CNY,1.5,M1\n", "line 2"),
        ('{"lines": []}', "no statement"),
    ],
)
def test_a_statement_that_cannot_be_read_says_where(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "statement"
    file.write_text(text)
    with pytest.raises(StatementError, match=why):
        read_statement(file)
