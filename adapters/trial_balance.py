"""The trial balance as a report for people and machines."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from accounting.chart import CHART, Gl, dotted
from adapters.postgres.book import TrialBalance


class TrialBalanceLine(Struct, frozen=True):
    """One GL account in one currency; `balance` is positive on the debit side."""

    currency: str
    account: str
    name: str
    debit: int
    credit: int
    balance: int


class TrialBalanceReport(Struct, frozen=True):
    """All GL accounts; `difference` is debits less credits over everything and must be 0."""

    as_of: date | None
    difference: int
    lines: list[TrialBalanceLine]


def report(as_of: date | None, rows: Sequence[TrialBalance]) -> TrialBalanceReport:
    """Name the accounts and add up the difference."""
    lines = [
        TrialBalanceLine(row.currency, dotted(row.gl), CHART[Gl(row.gl)].name, row.debit, row.credit, row.balance)
        for row in rows
    ]
    return TrialBalanceReport(as_of, sum(line.balance for line in lines), lines)
