"""The words of charges and credits: terms in words, what rows ask, and what events are called."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from core import commands
from core.charge_events import (
    ChargeReduced,
    ChargeWaived,
    DepositSwept,
    FeesWithheld,
    LateInterestBilled,
    PaymentChargedBack,
    UnappliedUsed,
)
from core.commands import Command
from core.contract.servicing import Source
from core.events import ChargeAdded, CreditReceived, Event
from core.identity import loan_id
from tests.scenarios.amounts import minor, rate, share

ASKS = (
    r"(charge fee|charge penalty)(?: due (\S+))?",
    r"(adjust charge|pay back charge|charge back payment)(?: (\d+))?",
    r"(waive fee|waive penalty|waive interest)(?: of installment (\d+))?",
    r"(credit goodwill|credit merchant refund|credit payout refund|credit interest refund)( with interest)?",
    r"(use unapplied)",
)
"""What rows ask, each with its argument."""

SOURCES = {
    "credit goodwill": "goodwill_credit",
    "credit merchant refund": "merchant_refund",
    "credit payout refund": "payout_refund",
    "credit interest refund": "interest_refund",
}
WHEN = {
    "withheld": {"when": "withheld"},
    "out of the payout": {"when": "from_payout"},
    "at disbursement": {"when": "disbursement"},
    "with each installment": {"when": "installment"},
    "every year": {"when": "yearly"},
}
BASES = {
    "principal and interest": "principal_interest",
    "the whole installment": "installment",
    "all principal": "all_principal",
}


def asked(what: str) -> tuple[str, str] | None:
    """Return what a row asks and its argument, if it is about charges or credits."""
    found = [match for pattern in ASKS if (match := re.fullmatch(pattern, what))]
    return (found[0][1], (found[0].groups()[-1] or "").strip()) if found else None


def charge_command(
    what: str, argument: str, amount: int, loan: int, payments: list[int], charges: list[int]
) -> Command:
    """Return what the row asks; without an amount, all."""
    named: dict[str, Any] = {"account": 1, "loan": loan_id(1, loan)}
    some = amount or None
    match what.split():
        case ["charge", "fee" | "penalty" as component]:
            due_date = date.fromisoformat(argument) if argument else None
            return commands.AddCharge(**named, component=component, amount=amount, due_date=due_date)
        case ["waive", "fee" | "penalty" | "interest" as component]:
            number = int(argument) if argument else None
            return commands.Waive(**named, component=component, amount=some, installment=number)
        case ["adjust", _] | ["pay", *_]:
            seq = charges[int(argument) - 1]
            return commands.AdjustCharge(account=1, charge=seq, amount=amount, pay_out=what.startswith("pay"))
        case ["charge", "back", _]:
            return commands.ChargeBack(**named, payment=payments[int(argument) - 1], amount=amount)
        case ["credit", *_]:
            source = Source(SOURCES[what])
            return commands.ReceiveCredit(**named, source=source, amount=amount, with_interest=bool(argument))
        case _:
            return commands.ApplyUnapplied(**named, amount=some)


def told(event: Event) -> str | None:
    """Return what an event of charges and credits is called in the table."""
    match event:
        case ChargeAdded():
            return event.component if event.fee else f"charge {event.component}"
        case ChargeWaived():
            return f"waive {event.component}"
        case ChargeReduced():
            return "pay back charge" if event.paid_out else "adjust charge"
        case PaymentChargedBack():
            return "charge back payment"
        case UnappliedUsed():
            return "use unapplied"
        case DepositSwept():
            return "deposit pays"
        case FeesWithheld():
            return "fees withheld"
        case CreditReceived(follows=True):
            return event.source.replace("_", " ")
        case LateInterestBilled():
            return "late interest"
        case CreditReceived():
            words = {source: what for what, source in SOURCES.items()}
            return words.get(event.source) or event.source.replace("_", " ")
        case _:
            return None


def charge_parts(event: Event) -> dict[str, int] | None:
    """Return what an event charges or makes owed again, by component."""
    match event:
        case ChargeAdded():
            return {event.component: event.amount}
        case LateInterestBilled():
            return {"interest": event.interest}
        case PaymentChargedBack():
            owed = event.owed
            return {"penalty": owed.penalty, "fee": owed.fee, "interest": owed.interest, "principal": owed.principal}
        case _:
            return None


def charge_terms(fields: dict[str, Any], phrase: str) -> bool:
    """Add what a phrase says of charges to the fields of terms; say whether it did."""
    for pattern, add in PHRASES:
        if found := re.fullmatch(pattern, phrase):
            add(fields, *found.groups())
            return True
    return False


def _price(text: str) -> dict[str, Any]:
    if found := re.fullmatch(r"([\d.]+ %) of (principal|installment|overdue|what is overdue)", text):
        return {"share_ppb": share(found[1]), "of": found[2].removeprefix("what is ")}
    return {"flat": minor(text)}


def _fee(fields: dict[str, Any], price: str, when: str) -> None:
    on = when.removeprefix("on ")
    fee = WHEN[when] if on == when else {"when": "date", "on": on}
    fields.setdefault("fees", []).append({"name": "fee", "price": _price(price), **fee})


def _late_fee(
    fields: dict[str, Any], price: str, days: str, every: str | None, unit: str | None, most: str | None
) -> None:
    fee: dict[str, Any] = {"name": "late", "when": "overdue", "component": "penalty", "price": _price(price)}
    fee["wait_days"] = int(days)
    if unit:
        fee[f"every_{unit}s"] = int(every or 1)
    if most:
        fee["most"] = minor(most)
    fields.setdefault("fees", []).append(fee)


def _penalty(name: str, value: Callable[[str], object]) -> Callable[..., None]:
    def add(fields: dict[str, Any], *found: str) -> None:
        fields.setdefault("penalty", {})[name] = value(found[0] if found else "")

    return add


def _field(name: str, value: Callable[[str], object]) -> Callable[..., None]:
    def add(fields: dict[str, Any], *found: str) -> None:
        fields[name] = value(found[0] if found else "")

    return add


PHRASES: tuple[tuple[str, Callable[..., None]], ...] = (
    (
        r"late fee (.+?) after (\d+) days?(?:, every (?:(\d+) )?(day|month)s?)?(?:, at most ([\d.,]+))?",
        _late_fee,
    ),
    (r"fee (.+?) (withheld|out of the payout|at disbursement|with each installment|every year|on \S+)", _fee),
    (r"penalty on (principal and interest|the whole installment|all principal)", _penalty("base", BASES.__getitem__)),
    (r"penalty from the due date", _penalty("both_ends", lambda _: True)),
    (r"penalty at most ([\d.]+ %)", _penalty("cap_ppb", share)),
    (r"compound interest ([\d.]+ % a (?:day|month|year))", _field("compound_rate", rate)),
    (r"all costs at most ([\d.]+ %) a year", _field("cost_cap_ppb", share)),
    (r"the due date is day 1", _field("first_late_day", lambda _: 1)),
    (r"deposit pays after (\d+) days", _field("sweep_deposit_after_days", int)),
    (r"down payment ([\d.]+ %)", _field("down_payment_ppb", share)),
    (r"down payment collected", _field("collect_down_payment", lambda _: True)),
    (r"chargeback of ([a-z, ]+) first", _field("credit_order", lambda text: text.split(", "))),
)
"""Phrases of the terms, and what each adds to the fields."""
