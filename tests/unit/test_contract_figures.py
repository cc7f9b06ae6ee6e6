"""Contracts of the conformance run: deals within a period, dates at midnight, terms that make no sense."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.conformance.report import FileReport, run_file

MONTHLY: Final = {"every": 1, "unit": "M", "last_stub": "short"}
BULLET: Final = {
    "start_date": "2025-01-01",
    "status_date": "2024-12-31",
    "maturity_date": "2025-04-01",
    "notional": 1000,
    "annual_rate": "0.12",
    "day_count": "30E360",
    "first_interest_due": "2025-02-01",
    "interest_cycle": MONTHLY,
}
"""10.00 of interest a month; figures follow from the terms by hand."""

Row = tuple[str, str, float, float]


def run(tmp_path: Path, kind: str, terms: dict[str, Any], *rows: Row) -> FileReport:
    names = ("date", "event", "payoff", "notional_after")
    case = {"id": "a", "type": kind, "terms": terms, "expected": [dict(zip(names, row, strict=True)) for row in rows]}
    path = tmp_path / "contract.json"
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    return run_file(path)


def test_a_deal_counts_interest_that_was_earned_before_the_start(tmp_path: Path) -> None:
    # 5.00 at the start and 15 days of 0.3333.
    terms = BULLET | {"accrued_at_start": 5, "purchase": {"date": "2025-01-16", "price": 990}}
    bought = ("2025-01-16", "PRD", -1000, 1000), ("2025-02-01", "IP", 15, 1000)
    rest = ("2025-03-01", "IP", 10, 1000), ("2025-04-01", "IP", 10, 1000), ("2025-04-01", "MD", 1000, 0)
    assert run(tmp_path, "PAM", terms, *bought, *rest).matched == 1


def test_a_deal_counts_interest_on_the_lagged_base(tmp_path: Path) -> None:
    terms = BULLET | {
        "notional": 1200,
        "payment": 100,
        "first_principal_due": "2025-02-01",
        "principal_cycle": MONTHLY,
        "interest_base": "NTL",
        "interest_base_amount": 2400,
        "interest_base_first": "2025-02-11",
        "interest_base_cycle": MONTHLY,
        "termination": {"date": "2025-02-21", "price": 1100},
    }
    # 10 days on 2,400 are 8.00, 10 days on what is left of 1,200 are 3.67.
    rows = ("2025-01-01", "IED", -1200, 1200), ("2025-02-01", "PR", 100, 1100), ("2025-02-01", "IP", 24, 1100)
    assert run(tmp_path, "LAM", terms, *rows, ("2025-02-21", "TD", 1111.67, 0)).matched == 1


@pytest.mark.parametrize("name", ["termination", "termination.date"])
def test_a_deal_at_the_end_of_a_day_counts_as_the_next(tmp_path: Path, name: str) -> None:
    terms = BULLET | {"termination": {"date": "2025-01-15", "price": 1000}, "end_of_day": [name]}
    rows = ("2025-01-01", "IED", -1000, 1000), ("2025-01-16", "TD", 1005, 0)
    assert run(tmp_path, "PAM", terms, *rows).matched == 1


@pytest.mark.parametrize(
    "changed",
    [{"end_of_day": ["notional"]}, {"end_of_day": ["dates"]}, {"notional": "NaN"}, {"accrued_at_start": "Infinity"}],
)
def test_terms_that_make_no_sense_are_a_miss(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert [miss.id for miss in run(tmp_path, "PAM", BULLET | changed).misses] == ["a"]


@pytest.mark.parametrize(
    "changed",
    [{"day_count": "28E336"}, {"interest_cycle": MONTHLY | {"every": 0}}, {"maturity_date": None}, {"fee": 1}],
)
def test_terms_that_the_engine_does_not_know_are_not_claimed(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert run(tmp_path, "PAM", BULLET | changed).unsupported == 1
