"""Published lending figures of every kind, with terms of their own: read from fields and from the trade's phrases."""

import json
from pathlib import Path

import pytest

from adapters.conformance.report import run_file

CASES = Path(__file__).parents[1] / "data" / "published_cases.json"


def test_every_kind_of_figure_is_reproduced() -> None:
    report = run_file(CASES)
    assert (report.misses, report.unsupported) == ((), 0)
    assert report.matched == report.cases


def test_a_figure_known_to_be_wrong_is_shown_beside_the_right_one() -> None:
    wrong, partly, nonsense, law = run_file(CASES).refuted
    assert (wrong.claimed, wrong.computed) == ({"total": "12301.00"}, {"total": "12300.00"})
    assert partly.claimed == {"total": "12300.00", "total interest": "301.00", "saving": "6.75"}
    assert partly.computed == {"total": "12300.00", "total interest": "300.00", "saving": "1.50"}
    assert nonsense.computed == {}
    assert law.computed == {}


def changed(tmp_path: Path, before: str, after: str) -> Path:
    content = CASES.read_text(encoding="utf-8")
    assert before in content
    path = tmp_path / "changed.json"
    path.write_text(content.replace(before, after), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("case", "before", "after"),
    [
        ("own-b", "1910616.19", "1910616.18"),
        ("own-columns", '"monthly_decrease": "30.00"', '"monthly_decrease": "30.01"'),
        ("own-terms", "91.07", "91.08"),
        ("own-bullet", "5075.00", "5075.01"),
        ("own-step-principal", '"4000.00", "40.00"', '"4000.00", "40.01"'),
        ("own-rows", '["40.00", "4000.00"]', '["40.00", "4000.01"]'),
        ("own-range", '["120.00", "40.00", "40.00"]', '["120.00", "40.00", "20.00"]'),
        ("own-entry-out", '{"银行存款": "50000.00"}', '{"银行存款": "50000.01"}'),
        ("own-entry-earned", '{"营业收入": "7500.00"}', '{"营业收入": "7500.01"}'),
        ("own-days", "155.00", "155.01"),
        ("own-xirr", "13.08%", "13.09%"),
        ("own-tolerant", '"irr": "0.0137"', '"irr": "0.0140"'),
        ("own-annual", "15.96%", "15.95%"),
        ("own-fees", '"irr": "1.3304%"', '"irr": "1.3303%"'),
        ("own-vat-one", '"net": "100.00"', '"net": "100.01"'),
        ("own-step", "4080.27", "4080.28"),
        ("own-irr", "11.2%", "11.1%"),
        ("own-vat", '"130.00"', '"130.01"'),
        ("own-entry-2", '"6.0"', '"7.0"'),
        ("own-entry", '"36.00"', '"36.01"'),
        ("own-frappe-broken", "164.38", "164.40"),
        ("own-frappe-penalty", "320.0", "320.1"),
        ("own-frappe-payoff", "368100.0", "368100.5"),
        ("own-frappe-draw", "9.75", "9.77"),
        ("own-frappe-limit", '"available": 0', '"available": 1'),
        ("own-frappe-ageing", '"2025-02-28": 1', '"2025-02-28": 0'),
        ("own-frappe-ageing-0", "54.18", "54.20"),
        ("own-frappe-cents", "30460", "30459"),
        ("own-frappe-whole", "30459", "30460"),
        ("own-frappe-daily", '"second_interest": 5.0', '"second_interest": 5.02'),
        ("own-frappe-dates", "2025-05-01", "2025-05-02"),
        ("own-frappe-payoff-whole", "371000.0", "371000.5"),
        ("own-frappe-undrawn", '"available": 5000', '"available": 4999'),
        ("own-frappe-fixed", "330.0", "330.02"),
        ("E9", "56.00", "60.00"),
        ("E10", "2030.00", "2030.01"),
        ("E8", "2.57", "2.58"),
        ("E1", "860.70", "860.69"),
        ("E2", "3090.00", "3090.01"),
        ("E3", '"2025-02-16"]', '"2025-02-15"]'),
        ("E5", "0.010862", "0.010863"),
        ("E6", '"6.00"', '"6.01"'),
        ("E7", "0.146", "0.145"),
        ("own-wrong", "12301.00", "12300.00"),
    ],
)
def test_a_changed_figure_is_a_miss(tmp_path: Path, case: str, before: str, after: str) -> None:
    assert [miss.id for miss in run_file(changed(tmp_path, before, after)).misses] == [case]


def test_a_title_that_says_no_terms_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "untitled.json"
    untitled = {"cases": [], "derived_not_published": [{"id": "a", "title": "figures", "interest": "1.00"}]}
    path.write_text(json.dumps(untitled), encoding="utf-8")
    report = run_file(path)
    assert (report.cases, report.unsupported) == (1, 1)


@pytest.mark.parametrize(
    ("case", "before", "after", "why"),
    [
        ("own-entry", "收回1.2万 = 本金10,000", "收回1.2万 = 本金10,001", "the parts in the title do not sum"),
        ("E6", "second installment of E3", "second installment of E9", "there is no E9"),
    ],
)
def test_a_case_that_makes_no_sense_says_why(tmp_path: Path, case: str, before: str, after: str, why: str) -> None:
    [miss] = run_file(changed(tmp_path, before, after)).misses
    assert miss.id == case
    assert why in miss.why
