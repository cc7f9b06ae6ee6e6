"""Random cases in the shape of the acceptance files, with the tables that the oracle expects."""

from copy import deepcopy
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.properties.oracle.books import DUE_ORDERS, Books
from tests.properties.oracle.recalculated import RecalculatedBooks
from tests.properties.oracle.schedules import Case, printed, schedule

DAY_COUNTS = [
    {"days_in_year": "360", "days_in_month": "30"},
    {"days_in_year": "365", "days_in_month": "ACTUAL"},
    {"days_in_year": "360", "days_in_month": "ACTUAL"},
    {"days_in_year": "364", "days_in_month": "ACTUAL"},
    {"days_in_year": "ACTUAL", "days_in_month": "ACTUAL"},
    {"days_in_year": "ACTUAL", "days_in_month": "30"},
    {"days_in_year": "365", "days_in_month": "30"},
]
ADVANCED = "ADVANCED_PAYMENT_ALLOCATION"
BUCKETS = ("PAST_DUE", "DUE", "IN_ADVANCE")
FUTURES = ("NEXT_INSTALLMENT", "LAST_INSTALLMENT", "NEXT_LAST_INSTALLMENT", "REAMORTIZATION")


@st.composite
def loans(draw: st.DrawFn) -> Case:
    unit, most = draw(st.sampled_from([("MONTHS", 3), ("MONTHS", 1), ("WEEKS", 4), ("DAYS", 45)]))
    schedule_type = draw(st.sampled_from(["PROGRESSIVE", "CUMULATIVE"]))
    case: Case = {
        "id": "random",
        "schedule_type": schedule_type,
        "annual_rate_pct": str(draw(st.one_of(st.just(0), st.decimals(0, 40, places=3)))),
        "interest_method": "DECLINING_BALANCE",
        "interest_calculation_period": draw(st.sampled_from(["DAILY", "SAME_AS_REPAYMENT_PERIOD"])),
        "amortization": "EQUAL_INSTALLMENTS",
        "n_installments": draw(st.integers(1, 8)),
        "period": f"{draw(st.integers(1, most))} {unit}",
        "day_count": dict(draw(st.sampled_from(DAY_COUNTS))),
        "principal": draw(st.integers(10_000, 5_000_000)),
        "disbursed_on": draw(st.dates(date(2019, 1, 1), date(2025, 12, 31))).isoformat(),
    }
    if draw(st.booleans()) and case["day_count"]["days_in_year"] == "ACTUAL":
        if schedule_type == "PROGRESSIVE" and draw(st.booleans()):
            case["day_count"]["days_in_year_custom"] = "FEB_29_PERIOD_ONLY"
        else:
            case["interest_recognition_on_disbursement_date"] = True
    case["installment_multiple_of"] = draw(st.sampled_from([None, None, None, 1, 5, 100]))
    return case


@st.composite
def schedule_cases(draw: st.DrawFn) -> Case:
    case = draw(loans())
    rows = schedule(case)
    assume(all(row.principal >= 0 for row in rows))
    return {**case, "kind": "schedule", "schedule": printed(rows, case["principal"])}


@st.composite
def rules(draw: st.DrawFn, futures: tuple[str, ...], parts: list[str] | None = None) -> dict[str, Any]:
    order = [
        f"{bucket}_{part}"
        for bucket in BUCKETS
        for part in parts or draw(st.permutations(["PENALTY", "FEE", "INTEREST", "PRINCIPAL"]))
    ]
    return {"future_installment_rule": draw(st.sampled_from(futures)), "order": order}


@st.composite
def fixed_cases(draw: st.DrawFn) -> Case:
    """Loans whose schedule never moves: every strategy, charges, a down payment, money early and late."""
    case = draw(loans())
    case |= {"kind": "allocation", "allocation_strategy": draw(st.sampled_from([ADVANCED, *DUE_ORDERS]))}
    case["interest_recalculation"] = False
    if case["allocation_strategy"] == ADVANCED:
        of_kinds = ["DEFAULT", *draw(st.sets(st.sampled_from(["MERCHANT_ISSUED_REFUND", "PAYOUT_REFUND"])))]
        case["payment_allocation"] = [{"transaction_type": kind, **draw(rules(FUTURES))} for kind in of_kinds]
        case["schedule_processing"] = draw(st.sampled_from(["HORIZONTAL", "VERTICAL"]))
    case["down_payment"] = draw(st.booleans())
    case["down_payment_taken"] = case["down_payment"] and draw(st.booleans())
    kinds = ["REPAYMENT", "REPAYMENT", "MERCHANT_ISSUED_REFUND", "PAYOUT_REFUND"]
    case["events"] = draw(payments(case, kinds)) + draw(charges(case))
    case["events"].sort(key=lambda event: event["booked_on"])
    days = {event["date"] for event in case["events"] if event["type"] != "CHARGE"}
    charged = [event for event in case["events"] if event["type"] == "CHARGE"]
    # A charge after the loan was overpaid is for no rule to say.
    uncharged = Books(deepcopy({**case, "events": [event for event in case["events"] if event["type"] != "CHARGE"]}))
    uncharged.play()
    assume(all(not paid["overpayment"] for paid in uncharged.transactions[:-1]))
    assume(not uncharged.overpaid() or all(event["booked_on"] < max(days) for event in charged))
    return with_tables(case, Books)


@st.composite
def recalculated_cases(draw: st.DrawFn, future: str = "NEXT_INSTALLMENT", parts: list[str] | None = None) -> Case:
    """Loans whose interest follows the payments, with charges; close of business is run now and then."""
    case = draw(loans())
    case |= {
        "kind": "allocation",
        "schedule_type": "PROGRESSIVE",
        "interest_calculation_period": "DAILY",
        "installment_multiple_of": None,
        "annual_rate_pct": str(draw(st.decimals("0.5", 40, places=3))),
        "allocation_strategy": ADVANCED,
        "payment_allocation": [{"transaction_type": "DEFAULT", **draw(rules((future,), parts))}],
        "interest_recalculation": True,
        "pre_closure_strategy": "TILL_PRECLOSE",
        "no_interest_on_past_due": draw(st.booleans()),
        "down_payment": draw(st.booleans()),
    }
    case["down_payment_taken"] = case["down_payment"] and draw(st.booleans())
    case["events"] = draw(payments(case, ["REPAYMENT"]))
    if draw(st.booleans()):
        case["pre_closure_strategy"] = draw(st.sampled_from(["TILL_PRECLOSE", "TILL_REST_FREQUENCY"]))
        case["events"].append(draw(payoff(case)))
    elif draw(st.booleans()):
        case["events"] = draw(with_charges(case))
    last = max(event["booked_on"] for event in case["events"])
    case["cob_run_on"] = [(date.fromisoformat(last) + timedelta(days=draw(st.integers(0, 70)))).isoformat()]
    return with_tables(case, RecalculatedBooks)


@st.composite
def with_charges(draw: st.DrawFn, case: Case) -> list[dict[str, Any]]:
    """Add charges to payments that leave something to pay."""
    books = RecalculatedBooks(deepcopy(case))
    books.play()
    charged = draw(charges(case))
    assume(not charged or not books.overpaid())
    return sorted(case["events"] + charged, key=lambda event: event["booked_on"])


@st.composite
def payoff(draw: st.DrawFn, case: Case) -> dict[str, Any]:
    """Pay all that is owed, some days after the last payment; only that one may be charged to the due date."""
    books = RecalculatedBooks(deepcopy({**case, "pre_closure_strategy": "TILL_PRECLOSE"}))
    books.play()
    assume(books.status() == "ACTIVE")
    last = date.fromisoformat(case["events"][-1]["date"])
    on = last + timedelta(days=draw(st.integers(0, 100)))
    due = next((row.due for row in books.regular if row.start < on <= row.due), on)
    amount = books.payoff(due if case["pre_closure_strategy"] == "TILL_REST_FREQUENCY" else on)
    return {"type": "PAYOFF", "date": on.isoformat(), "amount": amount, "booked_on": on.isoformat()}


@st.composite
def payments(draw: st.DrawFn, case: Case, kinds: list[str]) -> list[dict[str, Any]]:
    rows = schedule(case)
    span = (rows[-1].due - rows[0].start).days
    dues = [(row.due - rows[0].start).days for row in rows]
    level = rows[0].principal + rows[0].interest
    events = []
    some_day = st.one_of(st.sampled_from(dues), st.integers(0, span + 20))
    for day in sorted(draw(st.lists(some_day, min_size=1, max_size=4))):
        amount = draw(st.one_of(st.just(level), st.integers(1, 2 * level), st.integers(1, case["principal"])))
        on = (rows[0].start + timedelta(days=day)).isoformat()
        events.append({"type": draw(st.sampled_from(kinds)), "date": on, "amount": amount, "booked_on": on})
    return events


@st.composite
def charges(draw: st.DrawFn, case: Case) -> list[dict[str, Any]]:
    rows = schedule(case)
    span = (rows[-1].due - rows[0].start).days
    events = []
    for _ in range(draw(st.integers(0, 2))):
        booked = draw(st.integers(0, span))
        due = booked + draw(st.integers(0, span + 10 - booked))
        dates = [(rows[0].start + timedelta(days=day)).isoformat() for day in (due, booked)]
        kind, amount = draw(st.sampled_from(["FEE", "PENALTY"])), draw(st.integers(1, 5000))
        events.append({"type": "CHARGE", "kind": kind, "date": dates[0], "amount": amount, "booked_on": dates[1]})
    return events


def with_tables(case: Case, kind: type[Books]) -> Case:
    """Add what the oracle's books show; a loan that is closed is left alone afterwards."""
    down = round(Fraction(case["principal"], 4)) if case.get("down_payment") else 0
    assume(all(row.principal > 0 for row in schedule(case, case["principal"] - down)))
    books = kind(deepcopy(case))
    books.play()
    assume(all(not paid["overpayment"] for paid in books.transactions[:-1]))
    return {
        **{name: value for name, value in case.items() if name != "down_payment_taken"},
        "expected_installments": books.printed(),
        "expected_transactions": books.transactions,
        "expected_overpaid": books.overpaid(),
        "expected_status": books.status(),
    }
