"""The trial balance as a report for people and machines."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from accounting.chart import CHART, Gl, dotted
from adapters.catalogue.catalogue import Catalogue
from adapters.postgres.book import TrialBalance


class TrialBalanceLine(Struct, frozen=True):
    """One GL account in one currency; `balance` is positive on the debit side."""

    currency: str
    account: str
    name: str
    debit: int
    credit: int
    balance: int
    product: str = ""
    """Empty: of all products, or of accounts as a whole."""
    control: str = ""
    """The account of the chart that this one, a product's own, is part of; empty where it is that account."""


class TrialBalanceReport(Struct, frozen=True):
    """All GL accounts; `difference` is debits less credits over everything and must be 0."""

    as_of: date | None
    difference: int
    lines: list[TrialBalanceLine]


def report(as_of: date | None, rows: Sequence[TrialBalance], catalogue: Catalogue) -> TrialBalanceReport:
    """Name the accounts, a product's own ones where it has them, and add up the difference."""
    lines = [_line(row, catalogue) for row in rows]
    return TrialBalanceReport(as_of, sum(line.balance for line in lines), lines)


def _line(row: TrialBalance, catalogue: Catalogue) -> TrialBalanceLine:
    control, amounts = dotted(row.gl), (row.debit, row.credit, row.balance)
    own = catalogue.ledger_account(row.product, control)
    if own is None:
        return TrialBalanceLine(row.currency, control, CHART[Gl(row.gl)], *amounts, row.product)
    return TrialBalanceLine(row.currency, own.code, own.name, *amounts, row.product, control)
