"""The words of changes: what rows ask of a running loan, what it is called, and what terms say of it."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from core import commands
from core.change_events import ChangeEvent, Prepaid, TermsChanged, TrancheDisbursed
from core.commands import Command
from core.contract.changes import (
    Accelerate,
    Change,
    Effect,
    Extend,
    FixIndex,
    Holiday,
    PauseInterest,
    Reage,
    Reamortize,
    Reschedule,
    UnpaidInterest,
)
from core.contract.terms import Rate
from core.events import Event
from core.identity import loan_id
from tests.scenarios.amounts import minor, rate, share

EFFECTS = {
    "prepay": Effect.SHORTEN,
    "prepay and pay less": Effect.REDUCE_PAYMENT,
    "prepay and keep the schedule": Effect.KEEP_SCHEDULE,
}
INTEREST = {
    "": UnpaidInterest.FIRST,
    ", interest waived": UnpaidInterest.WAIVE,
    ", interest in equal parts": UnpaidInterest.EQUAL,
}
ASKS: dict[str, tuple[str, Callable[..., Change]]] = {
    "change rate": (
        r"to ([\d.]+ % a \w+)(?: from (\S+))?",
        lambda to, start: Reschedule(rate=_rate(to), start=_day(start)),
    ),
    "change due day": (r"to (\d+)", lambda day: Reschedule(due_day=int(day))),
    "change due date": (r"to (\S+)", lambda day: Reschedule(first_due=_day(day))),
    "change number": (r"to (\d+)", lambda count: Reschedule(installments=int(count))),
    "change payment": (r"to ([\d.,]+)", lambda amount: Reschedule(payment=minor(amount))),
    "no principal": (r"for (\d+)", lambda count: Reschedule(principal_grace=int(count))),
    "extend": (r"by (\d+)", lambda count: Extend(installments=int(count))),
    "holiday": (
        r"of (\d+)(, interest becomes principal)?(, same maturity)?",
        lambda count, adds, same: Holiday(installments=int(count), capitalize=bool(adds), extends=not same),
    ),
    "pause interest": (
        r"(\S+) to (\S+)",
        lambda start, end: PauseInterest(start=date.fromisoformat(start), end=date.fromisoformat(end)),
    ),
    "index": (r"([\d.]+ %)", lambda value: FixIndex(on=date.min, ppb=share(value))),
    "re-age": (r"to (\d+)(, .+)?", lambda count, how: Reage(installments=int(count), interest=INTEREST[how or ""])),
    "re-amortize": (r"(, .+)?", lambda how: Reamortize(interest=INTEREST[how or ""])),
    "accelerate": (r"", lambda: Accelerate()),
}
"""What rows ask to change, the argument's form, and the change that it is."""
NAMES: dict[type, str] = {
    Extend: "extend",
    Holiday: "holiday",
    PauseInterest: "pause interest",
    FixIndex: "index",
    Reage: "re-age",
    Reamortize: "re-amortize",
    Accelerate: "accelerate",
}


def asked_change(what: str) -> tuple[str, str] | None:
    """Return what a row asks and its argument, if it is about a change of a running loan."""
    if what in EFFECTS or what == "tranche":
        return what, ""
    for name, (pattern, _) in ASKS.items():
        rest = what.removeprefix(name)
        if rest != what and re.fullmatch(f" ?{pattern}", rest):
            return name, rest
    return None


def change_command(what: str, argument: str, amount: int, loan: int, on: date) -> Command:
    """Return what the row asks; a tranche without an amount is the next one promised."""
    named: dict[str, Any] = {"account": 1, "loan": loan_id(1, loan)}
    if what == "tranche":
        return commands.DisburseTranche(**named, amount=amount or None)
    if what in EFFECTS:
        return commands.Prepay(**named, amount=amount, effect=EFFECTS[what])
    change = change_of(what, argument)
    return commands.ChangeTerms(
        **named, change=FixIndex(on=on, ppb=change.ppb) if isinstance(change, FixIndex) else change
    )


def change_of(what: str, argument: str) -> Change:
    """Return the change that words mean."""
    pattern, make = ASKS[what]
    found = re.fullmatch(f" ?{pattern}", argument)
    assert found is not None
    return make(*found.groups())


def told_change(event: Event) -> str | None:
    """Return what an event is called in the table, if it is a change of a running loan."""
    match event:
        case Prepaid():
            return next(name for name, effect in EFFECTS.items() if effect is event.effect)
        case TrancheDisbursed():
            return "tranche"
        case TermsChanged():
            return NAMES.get(type(event.change)) or _rescheduled(event.change)
        case _:
            return None


def change_parts(event: Event) -> dict[str, int] | None:
    """Return what an event pays or waives, by component."""
    match event:
        case Prepaid():
            parts = {part: sum(getattr(each, part) for each in event.allocations) for part in ("penalty", "fee")}
            interest = event.interest + sum(each.interest for each in event.allocations)
            principal = event.principal + sum(each.principal for each in event.allocations)
            return parts | {"fee": parts["fee"] + event.fee, "interest": interest, "principal": principal}
        case TermsChanged():
            return {"interest": event.waived + event.accrued_waived}
        case _:
            return None


def is_change(event: Event) -> bool:
    """Return whether an event changed a running loan."""
    return isinstance(event, ChangeEvent)


def change_terms(fields: dict[str, Any], phrase: str) -> bool:
    """Add what a phrase says of changes to the fields of terms; say whether it did."""
    if found := re.fullmatch(r"prepayment costs ([\d.]+ %)(?: until month (\d+))?", phrase):
        fields["prepayment"] = {"fee_ppb": share(found[1]), "free_after_months": int(found[2] or 0)}
    elif found := re.fullmatch(r"prepayment costs (\d+) months' interest", phrase):
        fields["prepayment"] = {"fee_months": int(found[1])}
    elif found := re.fullmatch(r"of which ([\d.,]+) on (\S+)", phrase):
        fields.setdefault("tranches", []).append({"on": found[2], "amount": minor(found[1])})
    elif found := re.fullmatch(r"rate follows an index plus ([\d.]+ %) every (\d+) months from (\S+)", phrase):
        resets = {"first": found[3], "every": int(found[2])}
        fields["floating"] = {"resets": resets, "spread_ppb": share(found[1])}
    elif found := re.fullmatch(r"no interest for (\d+)", phrase):
        fields["interest_grace"] = fields["principal_grace"] = int(found[1])
    else:
        return False
    return True


def _rescheduled(change: Change) -> str:
    assert isinstance(change, Reschedule)
    named = {
        "change rate": change.rate,
        "change due day": change.due_day,
        "change due date": change.first_due,
        "change number": change.installments,
        "change payment": change.payment,
    }
    return next((name for name, value in named.items() if value), "no principal")


def _rate(text: str) -> Rate:
    return msgspec.convert(rate(text), Rate)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
