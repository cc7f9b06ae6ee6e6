"""The engine against an independent computation: slow, plain and exact, on random loans and random payments.

The oracle itself is held to the published figures: what it says of random loans, it says by the same rules.
"""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.conformance.cases import MATCHED
from adapters.conformance.fineract import fineract_schedule
from adapters.conformance.fineract_books import fineract_allocation
from tests.properties.oracle.books import Books
from tests.properties.oracle.cases import ADVANCED, fixed_cases, recalculated_cases, schedule_cases
from tests.properties.oracle.recalculated import RecalculatedBooks
from tests.properties.oracle.schedules import Case, annual, cumulative, due_dates, printed, progressive, schedule

PUBLISHED: Final = Path(__file__).parents[1] / "golden" / "published"
PAID: Final = [
    (1, 1, 500),
    (1, 31, 400),
    (1, 31, 2000),
    (3, 1, 2600),
    (3, 2, 700),
    (3, 2, 700),
    (3, 2, 2200),
    (3, 2, 2200),
]
NEXT_LAST: Final = [
    "1452+548 1532+468 1616+384 1704+296 1798+202 1898+104",
    "1480+520 1534+466 1618+382 1706+294 1800+200 1862+102",
    "1481+519 1534+466 1618+382 1706+294 1800+200 1861+102",
    "1497+503 1570+430 1670+330 1761+239 1858+142 1644+41",
    "1497+503 1570+430 1703+297 1763+237 1859+141 1608+39",
    "1497+503 1570+430 1740+260 1765+235 1862+138 1566+36",
    "1497+503 1570+430 1990+10 1565+435 1864+136 1514+34",
    "1497+503 1570+430 1990+10 1802+198 1141+2 2000+0",
    "1497+503 1570+430 1990+10 943+0 2000+0 2000+0",
]
"""Apache Fineract, ProgressiveLoanTransactionProcessorNextLastTest: principal and interest after each payment."""


def published(file: str) -> list[Case]:
    cases: list[Case] = json.loads((PUBLISHED / file).read_text(encoding="utf-8"))["cases"]
    return cases


def raw(case: Case) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(case))


def books(case: Case) -> Books:
    recalculated = case.get("interest_recalculation") and annual(case)
    played = RecalculatedBooks(case) if recalculated else Books(case)
    played.play()
    return played


@pytest.mark.parametrize("case", published("fineract_schedules.json"), ids=lambda case: case["id"])
def test_the_oracle_prints_the_published_schedules(case: Case) -> None:
    dates = [due_dates(case)[0], *(date.fromisoformat(row["due"]) for row in case["schedule"])]
    make = progressive if case["schedule_type"] == "PROGRESSIVE" else cumulative
    assert printed(make(case, case["principal"], dates), case["principal"]) == case["schedule"]


@pytest.mark.parametrize("case", published("fineract_allocations.json"), ids=lambda case: case["id"])
def test_the_oracle_shows_the_published_books(case: Case) -> None:
    taken = any(paid["type"] == "Down Payment" for paid in case["expected_transactions"])
    played = books({**case, "down_payment_taken": taken})
    assert played.printed() == case["expected_installments"]
    assert played.transactions == case["expected_transactions"]
    assert played.status() == case.get("expected_status", played.status())


@pytest.mark.parametrize("paid", range(len(PAID) + 1))
def test_money_in_advance_pays_the_running_row_and_then_the_last_ones(paid: int) -> None:
    days = [(f"2024-{month:02}-{day:02}", amount) for month, day, amount in PAID[:paid]]
    played = books(
        next_last([{"type": "REPAYMENT", "date": on, "booked_on": on, "amount": amount} for on, amount in days])
    )
    assert " ".join(f"{row['principal_due']}+{row['interest_due']}" for row in played.printed()) == NEXT_LAST[paid]
    shown = {"expected_installments": played.printed(), "expected_transactions": played.transactions}
    assert fineract_allocation(raw({**played.case, **shown})) == MATCHED


def test_late_interest_is_paid_with_the_last_open_installment() -> None:
    paid = {"2024-01-01": 4_000, "2024-02-01": 2_000, "2024-03-01": 2_000, "2024-04-01": 2_000, "2024-05-11": 500}
    case = next_last([{"type": "REPAYMENT", "date": on, "booked_on": on, "amount": paid[on]} for on in paid])
    case["payment_allocation"][0]["future_installment_rule"] = "LAST_INSTALLMENT"
    case["cob_run_on"] = ["2024-05-20"]
    played = RecalculatedBooks(case)
    played.play()
    assert [row["interest_due"] for row in played.printed()] == [
        328,
        237,
        140,
        39 + 16,
        0,
        0,
    ]  # 7.05 for 10 days, then 2.05 for 9
    shown = {"expected_installments": played.printed(), "expected_transactions": played.transactions}
    assert fineract_allocation(raw({**played.case, **shown})) == MATCHED


def test_principal_past_the_agreed_installment_is_paid_with_the_rest() -> None:
    # On 1 June the last installment begins: it gets its 20.02, and what late interest displaced is still to come.
    paid = [("REPAYMENT", 10_000), ("REPAYMENT", 2_002), ("PAYOFF", 738)]
    case = next_last(
        [{"type": kind, "date": "2024-06-01", "booked_on": "2024-06-01", "amount": of} for kind, of in paid]
    )
    case["payment_allocation"][0]["future_installment_rule"] = "LAST_INSTALLMENT"
    played = books(case)
    assert played.status() == "CLOSED_OBLIGATIONS_MET"
    shown = {"expected_installments": played.printed(), "expected_transactions": played.transactions}
    assert fineract_allocation(raw({**played.case, **shown, "expected_status": "CLOSED_OBLIGATIONS_MET"})) == MATCHED


def test_money_in_advance_passes_an_installment_that_earlier_money_left_empty() -> None:
    paid = {"type": "REPAYMENT", "date": "2019-04-01", "booked_on": "2019-04-01", "amount": 1_676}
    case = next_last([paid] * 4)
    case |= {"disbursed_on": "2019-01-01", "annual_rate_pct": "28.052", "n_installments": 8, "period": "3 MONTHS"}
    case["payment_allocation"][0]["future_installment_rule"] = "LAST_INSTALLMENT"
    played = books(case)
    # The two last ones paid, interest is so much less that the sixth has nothing left to repay.
    assert [row["paid"] for row in played.printed()] == [1_676, 0, 0, 0, 1_676, 0, 1_676, 1_676]
    shown = {"expected_installments": played.printed(), "expected_transactions": played.transactions}
    assert fineract_allocation(raw({**played.case, **shown})) == MATCHED


def next_last(events: list[dict[str, object]]) -> Case:
    parts = ("PENALTY", "FEE", "PRINCIPAL", "INTEREST")
    order = [f"{bucket}_{part}" for bucket in ("PAST_DUE", "DUE", "IN_ADVANCE") for part in parts]
    return {
        "schedule_type": "PROGRESSIVE",
        "annual_rate_pct": "65.7",
        "interest_method": "DECLINING_BALANCE",
        "interest_calculation_period": "DAILY",
        "amortization": "EQUAL_INSTALLMENTS",
        "n_installments": 6,
        "period": "1 MONTHS",
        "day_count": {"days_in_year": "360", "days_in_month": "30"},
        "principal": 10_000,
        "disbursed_on": "2024-01-01",
        "interest_recalculation": True,
        "pre_closure_strategy": "TILL_PRECLOSE",
        "allocation_strategy": ADVANCED,
        "payment_allocation": [
            {"transaction_type": "DEFAULT", "future_installment_rule": "NEXT_LAST_INSTALLMENT", "order": order}
        ],
        "events": events,
    }


@given(schedule_cases())
def test_schedules_agree(case: Case) -> None:
    assert fineract_schedule(raw(case)) in (MATCHED, None)


@given(fixed_cases())
def test_allocations_agree_on_schedules_that_stay(case: Case) -> None:
    assert fineract_allocation(raw(case)) in (MATCHED, None)


@given(recalculated_cases())
def test_recalculated_schedules_agree(case: Case) -> None:
    assert fineract_allocation(raw(case)) in (MATCHED, None)


@given(recalculated_cases("REAMORTIZATION"))
def test_recalculated_schedules_paid_in_shares_agree(case: Case) -> None:
    # The agreed installment stays and one absorbs: which several a payoff in shares leaves lower, no rule says.
    assume(case["events"][-1]["type"] != "PAYOFF" or sum(total != agreed(case) for total in in_advance(case)) <= 1)
    assert fineract_allocation(raw(case)) in (MATCHED, None)


def agreed(case: Case) -> int:
    lent = case["principal"] - (round(Fraction(case["principal"], 4)) if case["down_payment"] else 0)
    first = schedule(case, lent)[0]
    return first.principal + first.interest


def in_advance(case: Case) -> list[int]:
    """Return principal and interest of the installments that fall due after the last payment."""
    rows = [row for row in case["expected_installments"] if row["due"] > case["events"][-1]["date"]]
    return [row["principal_due"] + row["interest_due"] for row in rows]


@given(st.sampled_from(["LAST_INSTALLMENT", "NEXT_LAST_INSTALLMENT"]).flatmap(recalculated_cases))
def test_recalculated_schedules_paid_from_the_end_agree(case: Case) -> None:
    assert fineract_allocation(raw(case)) in (MATCHED, None)
