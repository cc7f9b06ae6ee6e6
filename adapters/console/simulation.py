"""What an operator sees of a simulation: replies, events, allocation, journal, schedules before and after, payoffs."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import msgspec
from rich.table import Table

from adapters.console.terminal import facts, money, quote_table, table

_PARTS = ("penalty", "fee", "interest", "principal")
_Found = dict[str, Any]


def simulation_tables(commands: Sequence[_Found], found: _Found) -> list[Table]:
    """Return what these commands would do."""
    currency = found["after"]["currency"] if found["after"] else ""
    events = [("days", event) for event in found["due"]]
    events += [
        (str(number), event) for number, outcome in enumerate(found["outcomes"], 1) for event in outcome["events"]
    ]
    title = f"simulation on {found['on']}, account {found['account']}: nothing was done"
    allocations = list(_allocations(events, currency))
    entries = list(_entries(events, currency))
    numbered = ("no.", "loan", "installment", *_PARTS)
    journal = ("seq", "account", "name", "loan", "debit", "credit")
    return [
        table(title, ("no.", "command", "reply", "what"), _replies(commands, found["outcomes"], currency)),
        *([table("events", ("by", "seq", "on", "event", "what"), map(_event, events))] if events else []),
        *([table("allocation", numbered, allocations, _PARTS)] if allocations else []),
        *([table("journal", journal, entries, ("debit", "credit"))] if entries else []),
        *(shown for loan in found["loans"] for shown in _loan(loan, currency)),
        *([facts("account after", _balances(found["after"], currency))] if found["after"] else []),
    ]


def _replies(commands: Sequence[_Found], outcomes: Sequence[_Found], currency: str) -> Iterator[tuple[object, ...]]:
    for number, (command, outcome) in enumerate(zip(commands, outcomes, strict=True), 1):
        reply = outcome["reply"]
        match reply["status"]:
            case "refused":
                what = f"{reply['code']}: {reply['detail']}"
            case "received":
                what = ", ".join(f"{part} {money(reply[part], currency)}" for part in (*_PARTS, "unapplied"))
            case _:
                what = f"loan {reply['loan']}" if "loan" in reply else ""
        yield number, command["type"], reply["status"], what


def _event(row: tuple[str, _Found]) -> tuple[object, ...]:
    by, event = row
    # Lists are allocations and schedules, which have tables of their own.
    plain = {name: value for name, value in event["event"].items() if not isinstance(value, list | dict)}
    return by, event["seq"], event["on"], event["type"], msgspec.json.encode(plain).decode()


def _allocations(events: Sequence[tuple[str, _Found]], currency: str) -> Iterator[tuple[object, ...]]:
    for by, event in events:
        said = event["event"]
        for paid in [*said.get("allocations", []), *said.get("ahead", [])]:
            yield by, paid["loan"], paid["number"], *(money(paid[part], currency) for part in _PARTS)


def _entries(events: Sequence[tuple[str, _Found]], currency: str) -> Iterator[tuple[object, ...]]:
    for _, event in events:
        for line in event["entry"]:
            sides = (money(line[side], currency) if line[side] else None for side in ("debit", "credit"))
            yield event["seq"], line["account"], line["name"], line["loan"], *sides


def _loan(loan: _Found, currency: str) -> Iterator[Table]:
    after = loan["after"]
    amounts = ("before", "unpaid before", "principal", "interest", "after", "unpaid")
    pairs = list(zip_longest(loan["schedule_before"], loan["schedule"]))
    moved = any((before and row and before["due_date"] != row["due_date"]) or not row for before, row in pairs)
    first = 0 if moved else 1
    yield table(
        f"schedule of loan {after['loan']} ({after['status']})",
        ("no.", *("due before", *amounts[:2])[first:], "due", *amounts[2:], "state"),
        [
            (number, *_installment(before, ("total", "unpaid"), currency)[first:], *_row_after(row, currency))
            for number, (before, row) in enumerate(pairs, 1)
        ],
        ("no.", *amounts),
    )
    if loan["quote"]:
        yield quote_table(loan["quote"], currency)


def _row_after(row: _Found | None, currency: str) -> tuple[object, ...]:
    cells = _installment(row, ("principal", "interest", "total", "unpaid"), currency)
    return *cells, row and row["state"]


def _installment(row: _Found | None, amounts: Sequence[str], currency: str) -> tuple[object, ...]:
    if row is None:
        return (None,) * (len(amounts) + 1)
    return row["due_date"], *(money(row[amount], currency) for amount in amounts)


def _balances(account: _Found, currency: str) -> dict[str, object]:
    return {name: money(account[name], currency) for name in ("available", "unapplied", "deposit")}
