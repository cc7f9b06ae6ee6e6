"""Schedules by the book: exact fractions, one row after the other, nothing shared with the engine."""

from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

Case = dict[str, Any]
NOMINAL_DAYS = {"MONTHS": 30, "WEEKS": 7, "DAYS": 1}
PERIODS_A_YEAR = {"MONTHS": 12, "WEEKS": 52}


@dataclass
class Row:
    start: date
    due: date
    principal: int
    interest: int


def due_dates(case: Case) -> list[date]:
    """Disbursement and due dates: as printed in books that are given, else each counted from the disbursement."""
    start = date.fromisoformat(case["disbursed_on"])
    first = 1 if case.get("down_payment") else 0
    shown = case.get("expected_installments", [])[first : first + case["n_installments"]]
    if shown:
        return [start, *(date.fromisoformat(row["due"]) for row in shown)]
    every, unit = period(case)
    return [start, *(step(start, k * every, unit) for k in range(1, case["n_installments"] + 1))]


def period(case: Case) -> tuple[int, str]:
    every, unit = case["period"].split()
    return int(every), unit


def step(start: date, count: int, unit: str) -> date:
    if unit != "MONTHS":
        return start + timedelta(days=count * NOMINAL_DAYS[unit])
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def annual(case: Case) -> Fraction:
    return Fraction(case["annual_rate_pct"]) / 100


def year_days(day: date) -> int:
    return 366 if isleap(day.year) else 365


def fraction(case: Case, start: date, due: date) -> Fraction:
    """The progressive schedule's interest of one period on a balance of 1."""
    every, unit = period(case)
    basis, days = case["day_count"], (due - start).days
    if case["interest_calculation_period"] == "SAME_AS_REPAYMENT_PERIOD" and unit in PERIODS_A_YEAR:
        return annual(case) * every / PERIODS_A_YEAR[unit]
    if basis["days_in_year"] == "ACTUAL":
        length = year_days(start)
        if basis.get("days_in_year_custom"):
            length = 366 if holds_february_29(start, due) else 365
        elif start.year != due.year:
            return annual(case) * split_over_years(case, start, due)
    else:
        length = int(basis["days_in_year"])
    if basis["days_in_month"] == "30":
        days = NOMINAL_DAYS[unit] * every
    return annual(case) * days / length


def holds_february_29(start: date, due: date) -> bool:
    return any(isleap(year) and start < date(year, 2, 29) <= due for year in range(start.year, due.year + 1))


def split_over_years(case: Case, start: date, due: date) -> Fraction:
    at_january = case.get("interest_recognition_on_disbursement_date")
    total, since = Fraction(0), start
    for year in range(start.year, due.year + 1):
        cut = date(year + 1, 1, 1) if at_january else date(year, 12, 31)
        until = due if year == due.year else cut
        total += Fraction((until - since).days, year_days(date(year, 1, 1)))
        since = until
    return total


def to_multiple(case: Case, amount: int) -> int:
    """The nearest multiple, and one where none is near."""
    multiple = case.get("installment_multiple_of")
    if multiple is None or not amount:
        return amount
    return max(1, round(Fraction(amount, multiple * 100))) * int(multiple) * 100


def progressive(case: Case, principal: int, dates: list[date]) -> list[Row]:
    periods = list(pairwise(dates))
    fractions = [fraction(case, start, due) for start, due in periods]
    divisor, product = Fraction(0), Fraction(1)
    for f in fractions:
        divisor, product = 1 + divisor * (1 + f), product * (1 + f)
    level = to_multiple(case, round(principal * product / divisor))
    rows = by_level(principal, level, periods, fractions)
    for _ in range(3):
        difference = rows[-1].principal + rows[-1].interest - level
        if abs(difference) <= len(periods) // 2:
            break
        tried = to_multiple(case, level + round(Fraction(difference, len(periods))))
        adjusted = by_level(principal, tried, periods, fractions)
        if abs(adjusted[-1].principal + adjusted[-1].interest - tried) >= abs(difference):
            break
        level, rows = tried, adjusted
    return rows


def cumulative(case: Case, principal: int, dates: list[date]) -> list[Row]:
    every, unit = period(case)
    basis = case["day_count"]
    length = 365 if basis["days_in_year"] == "ACTUAL" else int(basis["days_in_year"])
    same_as = case["interest_calculation_period"] == "SAME_AS_REPAYMENT_PERIOD"
    if same_as and unit in PERIODS_A_YEAR:
        rate = annual(case) * every / PERIODS_A_YEAR[unit]
    else:
        rate = annual(case) * NOMINAL_DAYS[unit] * every / length
    n = case["n_installments"]
    exact = Fraction(principal, n) if rate == 0 else principal * rate / (1 - (1 + rate) ** -n)
    periods = list(pairwise(dates))
    by_days = not same_as and basis["days_in_month"] != "30"
    fractions = [annual(case) * (due - start).days / length if by_days else rate for start, due in periods]
    rows = by_level(principal, to_multiple(case, round(exact)), periods, fractions)
    return [row for row in rows if row.principal or row.interest]


def by_level(principal: int, level: int, periods: list[tuple[date, date]], fractions: list[Fraction]) -> list[Row]:
    rows, balance = [], principal
    for (start, due), f in zip(periods, fractions, strict=True):
        interest = round(balance * f)
        part = balance if due == periods[-1][1] else min(balance, level - interest)
        rows.append(Row(start, due, part, interest))
        balance -= part
    return rows


def schedule(case: Case, principal: int | None = None) -> list[Row]:
    make = progressive if case["schedule_type"] == "PROGRESSIVE" else cumulative
    return make(case, case["principal"] if principal is None else principal, due_dates(case))


def printed(rows: list[Row], principal: int) -> list[dict[str, Any]]:
    """The rows in the shape of an acceptance case."""
    shown, balance = [], principal
    for number, row in enumerate(rows, 1):
        balance -= row.principal
        shown.append(
            {
                "n": number,
                "due": row.due.isoformat(),
                "days": (row.due - row.start).days,
                "principal_due": row.principal,
                "interest_due": row.interest,
                "total_due": row.principal + row.interest,
                "balance": balance,
            }
        )
    return shown
