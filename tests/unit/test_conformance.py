"""The conformance run: what it matches, what it misses, what it does not claim, and what it cannot read."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from adapters.conformance.fineract_allocations import Row
from adapters.conformance.report import FileReport, UnreadableCases, conformance

CASES = Path(__file__).parents[1] / "data" / "conformance_cases.json"
PUBLISHED = Path(__file__).parents[1] / "golden" / "published" / "fineract_allocations.json"


def altered(**fields: object) -> str:
    """Return a published case as JSON; fields of it, of its first event or of its first order are replaced."""
    case = json.loads(PUBLISHED.read_text(encoding="utf-8"))["cases"][0]
    for name, value in fields.items():
        places = (case, case["events"][0], case["payment_allocation"][0])
        next(place for place in places if name in place)[name] = value
    return json.dumps(case)


def run(path: Path) -> FileReport:
    (report,) = conformance([path]).files
    return report


def test_each_case_is_matched_missed_or_not_claimed() -> None:
    report = run(CASES)
    # 12 % over 2 of 52 weeks on 100.00 is 0.46; the file prints 0.99.
    assert [miss.id for miss in report.misses] == ["own-2"]
    assert "interest_due=46" in report.misses[0].why
    assert "interest_due=99" in report.misses[0].why
    assert (report.file, report.cases, report.matched, report.unsupported) == (CASES.name, 11, 5, 5)


def test_the_report_has_the_documented_shape() -> None:
    report = msgspec.to_builtins(conformance([CASES]))
    assert list(report) == ["files"]
    assert list(report["files"][0]) == ["file", "cases", "matched", "unsupported", "misses"]
    assert list(report["files"][0]["misses"][0]) == ["id", "why"]


def test_a_changed_figure_is_a_miss(tmp_path: Path) -> None:
    for printed, changed in (('"877.61"', '"877.62"'), ('"payoff": 5.0', '"payoff": 5.03'), ('"n": 3,', '"n": 4,')):
        path = tmp_path / "changed.json"
        path.write_text(CASES.read_text(encoding="utf-8").replace(printed, changed), encoding="utf-8")
        assert run(path).matched == 4, printed


def test_a_case_is_known_by_its_terms_and_not_by_its_id(tmp_path: Path) -> None:
    path = tmp_path / "renamed.json"
    path.write_text(CASES.read_text(encoding="utf-8").replace("own-", "other-"), encoding="utf-8")
    assert run(path).matched == run(CASES).matched


def test_a_directory_is_all_its_case_files() -> None:
    assert [report.file for report in conformance([CASES.parent, CASES]).files].count(CASES.name) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "bad.json: "),
        ('{"rows": []}', "bad.json: .*cases"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableCases, match=message):
        run(path)


FLAT = '"id": "flat", "kind": "flat_interest", "published": {"monthly_interest": "7500.00"}'


@pytest.mark.parametrize(
    ("case", "name", "why"),
    [
        ('{"kind": "schedule"}', "case 1", "id"),
        ('{"id": "a", "kind": "schedule"}', "a", "schedule_type"),
        (f'{{{FLAT}, "inputs": {{"principal": "1"}}}}', "flat", "no rate"),
        (f'{{{FLAT}, "inputs": {{"principal": "1", "rate_per_period": "dear"}}}}', "flat", "failed: "),
    ],
)
def test_a_case_that_makes_no_sense_is_a_miss_and_stops_no_other(
    tmp_path: Path, case: str, name: str, why: str
) -> None:
    sound = f'{{{FLAT}, "inputs": {{"principal": "500000.00", "monthly_rate": "0.015"}}}}'
    path = tmp_path / "mixed.json"
    path.write_text(f'{{"cases": [{case}, {sound}]}}', encoding="utf-8")
    report = run(path)
    assert (report.matched, [miss.id for miss in report.misses]) == (1, [name])
    assert why in report.misses[0].why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"future_installment_rule": "SOME_INSTALLMENT"}, "makes no sense: .*SOME_INSTALLMENT"),
        ({"order": ["DUE_INSURANCE"]}, "makes no sense: order .*INSURANCE"),
        ({"period": "0 MONTHS"}, "makes no sense: period '0 MONTHS'"),
        ({"type": "CHARGE"}, "makes no sense: a charge is a fee or a penalty"),
    ],
)
def test_a_loan_that_makes_no_sense_says_why(tmp_path: Path, fields: dict[str, object], why: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(f'{{"cases": [{altered(**fields)}]}}', encoding="utf-8")
    assert [re.match(why, miss.why) is not None for miss in run(path).misses] == [True]


def test_what_happens_to_a_loan_and_is_not_known_here_is_not_claimed(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(f'{{"cases": [{altered(type="CHARGE_OFF")}]}}', encoding="utf-8")
    assert (run(path).misses, run(path).unsupported) == ((), 1)


def test_money_left_over_is_used_by_the_payment_that_left_it(tmp_path: Path) -> None:
    # Fineract's end-to-end tests, TestRailId C3731: a penalty after two credits that left more than it.
    reaches, parts = ("PAST_DUE", "DUE", "IN_ADVANCE"), ("PENALTY", "FEE", "INTEREST", "PRINCIPAL")
    order = [f"{reach}_{part}" for reach in reaches for part in parts]
    terms = {"annual_rate_pct": "11.3", "n_installments": 3, "principal": 18799, "disbursed_on": "2025-04-22"}
    case = json.loads(altered(order=order, **terms))
    last = {"transaction_type": "MERCHANT_ISSUED_REFUND", "future_installment_rule": "LAST_INSTALLMENT"}
    case["payment_allocation"].append(last | {"order": order})
    paid = [
        ("2025-04-29", "Repayment", 1200, 1159, 41, 0, 0, 0),
        ("2025-05-28", "Merchant Issued Refund", 18799, 17640, 160, 0, 280, 719),
        ("2025-05-28", "Interest Refund", 201, 0, 0, 0, 0, 201),
    ]
    rows = [
        (1, "2025-05-22", 30, 6216, 169, 0, 0, 6385, 12583, 6385, 1200, 5185, 0, "2025-05-28"),
        (2, "2025-06-22", 31, 6198, 32, 0, 280, 6510, 6385, 6510, 6510, 0, 0, "2025-05-28"),
        (3, "2025-07-22", 30, 6385, 0, 0, 0, 6385, 0, 6385, 6385, 0, 0, "2025-05-28"),
    ]
    named = [(on, title.replace(" ", "_").upper(), amount) for on, title, amount, *_ in paid]
    events = [{"type": kind, "date": on, "booked_on": on, "amount": amount} for on, kind, amount in named]
    case["events"] = [*events, events[-1] | {"type": "CHARGE", "kind": "PENALTY", "amount": 280}]
    case["expected_transactions"] = [dict(zip(case["expected_transactions"][0], of, strict=True)) for of in paid]
    case["expected_installments"] = [dict(zip(Row.__struct_fields__, row, strict=True)) for row in rows]
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert run(path).misses == ()


def test_a_payoff_was_quoted_from_what_had_been_booked_by_then(tmp_path: Path) -> None:
    case = json.loads(altered())
    late = {"type": "CHARGE", "kind": "PENALTY", "date": "2024-02-10", "booked_on": "2024-02-20", "amount": 280}
    case["events"].append(late)
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert [miss.why.partition(" ")[0] for miss in run(path).misses] == ["computed"]


def test_a_payoff_of_a_schedule_that_stays_is_all_that_is_agreed(tmp_path: Path) -> None:
    case = json.loads(altered(interest_recalculation=False))
    path = tmp_path / "one.json"
    for quoted, difference in ((8504, "computed"), (8381, "quoted")):
        case["events"][1]["amount"] = quoted
        path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
        assert [miss.why.partition(" ")[0] for miss in run(path).misses] == [difference]


def test_charges_after_the_end_share_the_row_that_is_printed_for_them(tmp_path: Path) -> None:
    terms = {"annual_rate_pct": "0", "n_installments": 1, "principal": 100000, "disbursed_on": "2023-10-01"}
    case = json.loads(altered(**terms))
    happened = [
        ("REPAYMENT", "2023-11-01", 100000),
        ("FEE", "2023-11-02", 2000),
        ("PENALTY", "2023-11-05", 1000),
        ("REPAYMENT", "2023-11-10", 2500),
    ]
    case["events"] = [{"type": kind, "date": on, "booked_on": on, "amount": amount} for kind, on, amount in happened]
    for charge in case["events"][1:3]:
        charge |= {"type": "CHARGE", "kind": charge["type"]}
    rows = [
        (1, "2023-11-01", 31, 100000, 0, 0, 0, 100000, 0, 100000, 0, 0, 0, "2023-11-01"),
        (2, "2023-11-05", 4, 0, 0, 2000, 1000, 3000, 0, 2500, 0, 2500, 500, None),
    ]
    paid = [
        ("2023-11-01", "Repayment", 100000, 100000, 0, 0, 0, 0),
        ("2023-11-10", "Repayment", 2500, 0, 0, 1500, 1000, 0),
    ]
    case["expected_transactions"] = [dict(zip(case["expected_transactions"][0], of, strict=True)) for of in paid]
    case["expected_installments"] = [dict(zip(Row.__struct_fields__, row, strict=True)) for row in rows]
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    assert run(path).misses == ()


@pytest.mark.parametrize(("schedule_type", "shown"), [("PROGRESSIVE", 3), ("CUMULATIVE", 2)])
def test_the_rows_after_a_multiple_has_cleared_the_balance(tmp_path: Path, schedule_type: str, shown: int) -> None:
    rows = [("2024-02-01", 31, 10000, 10000), ("2024-03-01", 29, 10000, 0), ("2024-04-01", 31, 0, 0)]
    printed = [
        {"n": n, "due": due, "days": days, "principal_due": part, "interest_due": 0, "total_due": part, "balance": left}
        for n, (due, days, part, left) in enumerate(rows[:shown], 1)
    ]
    terms = {"schedule_type": schedule_type, "n_installments": 3, "installment_multiple_of": 100}
    plain = json.loads(CASES.read_text(encoding="utf-8"))["cases"][0]
    loan = {"annual_rate_pct": "0", "principal": 20000, "disbursed_on": "2024-01-01", "schedule": printed}
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"cases": [plain | terms | loan]}), encoding="utf-8")
    assert run(path).misses == ()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCases, match=r"absent\.json"):
        run(tmp_path / "absent.json")
