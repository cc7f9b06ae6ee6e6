"""The words of schedules: what terms say of due dates, interest, installments, grace, and other orders of payment."""

import re
from collections.abc import Callable
from typing import Any

from tests.scenarios.amounts import minor, rate, share

RULE = r"(following|modified following|preceding|modified preceding)"
BROKEN = {"due upfront": "upfront", "due with the first": "first", "spread over all": "spread"}
ORDER = r"([a-z]+(?:, [a-z]+)*)"


def plan_terms(fields: dict[str, Any], phrase: str) -> bool:
    """Add what a phrase says of the schedule to the fields of terms; say whether it did."""
    for pattern, add in PHRASES:
        if found := re.fullmatch(pattern, phrase):
            add(fields, *found.groups())
            return True
    return False


def _set(name: str, value: Callable[[str], object] = str) -> Callable[..., None]:
    def add(fields: dict[str, Any], *found: str) -> None:
        fields[name] = value(found[0] if found else "")

    return add


def _append(name: str, value: Callable[..., dict[str, object]]) -> Callable[..., None]:
    def add(fields: dict[str, Any], *found: str) -> None:
        fields.setdefault(name, []).append(value(*found))

    return add


def _yes(_: str) -> bool:
    return True


def _holidays(fields: dict[str, Any], rule: str, calendar: str) -> None:
    fields["business_days"], fields["calendar"] = rule.replace(" ", "_"), calendar


def _within(fields: dict[str, Any], floor: str, cap: str) -> None:
    fields["floating"] |= {"floor_ppb": share(floor), "cap_ppb": share(cap)}


def _interest_dates(fields: dict[str, Any], every: str, first: str) -> None:
    fields["interest_cycle"] = {"first": first, "every": int(every)}


def _late(days: str, order: str) -> dict[str, object]:
    return {"days_past_due": int(days), "waterfall": {"steps": [{"order": order.split(", ")}]}}


def _non_accrual(fields: dict[str, Any], days: str, order: str | None) -> None:
    fields["non_accrual"] = {"days_past_due": int(days)} if order is None else _late(days, order)


def _refund(which: str) -> dict[str, object]:
    steps = [{}, {"reach": "in_advance"}]
    return {"source": "merchant_refund", "waterfall": {"steps": steps, "future": which}}


PHRASES: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"last due (\S+)", _set("last_due")),
    (r"month ends stay", _set("month_end", _yes)),
    (rf"holidays move to the {RULE} business day \(([\w-]+)\)", _holidays),
    (r"interest to the agreed day", _set("count_to_shifted", lambda _: False)),
    (r"interest every (\d+) months from (\S+)", _interest_dates),
    (r"level by (\S+)", _set("level_day_count")),
    (r"first period by (\S+)", _set("first_day_count")),
    (r"broken period (due upfront|due with the first|spread over all)", _set("broken_period", BROKEN.__getitem__)),
    (r"installment ([\d.,]+)", _set("agreed_installment", minor)),
    (r"installment a multiple of ([\d.,]+)", _set("installment_multiple", minor)),
    (r"installment rounded (up|down)", _set("installment_rounding")),
    (r"difference spread over all", _set("smoothing_rounds", lambda _: 3)),
    (r"unpaid interest becomes principal", _set("negative_amortization", _yes)),
    (r"balloon ([\d.,]+)", _set("balloon", minor)),
    (r"planned over (\d+) installments", _set("amortize_over", int)),
    (r"no principal for (\d+)", _set("principal_grace", int)),
    (r"free of interest for (\d+)", _set("interest_free", int)),
    (r"waiting interest becomes principal", _set("capitalize_grace", _yes)),
    (r"interest becomes principal until (\S+)", _set("capitalize_until")),
    (r"rate from ([\d.]+ %) to ([\d.]+ %)", _within),
    (
        r"([\d.]+ % a year) from (\S+)",
        _append("rate_steps", lambda value, start: {"start": start, "rate": rate(value)}),
    ),
    (r"no interest from (\S+) to (\S+)", _append("pauses", lambda start, end: {"start": start, "end": end})),
    (rf"from (\d+) days late pays {ORDER}", _append("late_waterfalls", _late)),
    (rf"non-accrual from (\d+) days late(?:, then pays {ORDER})?", _non_accrual),
    (r"a merchant refund pays the (next|last) installments", _append("source_waterfalls", _refund)),
)
"""Phrases of the terms, and what each adds to the fields."""
