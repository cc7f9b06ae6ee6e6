"""A trial calculation as an operator asks for it and sees it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from rich.table import Table

from adapters.console.calling import day_of
from adapters.console.terminal import EXIT_USAGE, facts, minor_units, money, schedule_table, stop
from adapters.trial import TrialSchedule
from core.cost.disclosure import Fee


def fees_of(texts: Iterable[str], currency: str) -> tuple[Fee, ...]:
    """Read fees written as 2026-01-31=100.00, or end with how to write one."""
    return tuple(_fee(*text.partition("=")[::2], currency) for text in texts)


def trial_tables(
    found: TrialSchedule, currency: str, title: str = "totals, without fees", totals: Mapping[str, str] | None = None
) -> list[Table]:
    """Return the schedule, its totals (or those given), the terms that were found and the rates to disclose."""
    terms, summary = found.terms, found.summary
    if totals is None:
        totals = {name: money(getattr(summary, name), currency) for name in ("principal", "interest", "total")}
    agreed = {"rate": f"{percent(terms.rate.ppb)} a {terms.rate.per}", "installments": terms.installments}
    shown = [
        schedule_table("trial schedule", msgspec.to_builtins(found.rows), currency),
        facts(title, {**totals, **agreed}),
    ]
    if found.rates is not None:
        rates = {name.replace("_", " "): percent(ppb) for name, ppb in msgspec.to_builtins(found.rates).items()}
        shown.append(facts("cost, fees included", rates))
    return shown


def _fee(on: str, amount: str, currency: str) -> Fee:
    day = day_of(on)
    if day is None or not amount:
        stop(EXIT_USAGE, f"{on!r} is not a fee; write it like 2026-01-31=100.00")
    return Fee(day, minor_units(amount, currency))


def percent(ppb: int) -> str:
    """Return parts per billion as people write them."""
    return f"{Decimal(ppb).scaleb(-7):.4f} %"
