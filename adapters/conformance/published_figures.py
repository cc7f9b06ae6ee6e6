"""What is printed of a schedule: single figures, totals, columns and rates, and how."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from core.contract.terms import PPB, Installment, installment_total
from core.cost.disclosure import Disclosure

Figure = Decimal | list[Decimal]
"""In minor units; rates in ppb."""


def figures_of(principal: int, rows: Sequence[Installment]) -> dict[str, Figure]:
    """Return what is printed of a schedule, by name."""
    interest = Decimal(sum(row.interest for row in rows))
    totals: dict[str, Figure] = {
        "total_interest": interest,
        "total_payment": principal + interest,
        "avg_payment": (principal + interest) / len(rows),
    }
    return {**_of_rows(rows), **_columns(principal, rows), **totals}


def _of_rows(rows: Sequence[Installment]) -> dict[str, Figure]:
    """Return figures of the first, the second and the last row."""
    first, last = rows[0], rows[-1]
    return {
        "payment": Decimal(installment_total(first)),
        "monthly_payment": Decimal(installment_total(first)),
        "monthly_principal": Decimal(first.principal),
        "monthly_interest": Decimal(first.interest),
        "monthly_decrease": Decimal(installment_total(first) - installment_total(rows[min(1, len(rows) - 1)])),
        **{
            f"{place}_{part}": Decimal(amount)
            for place, row in (("first", first), ("last", last))
            for part, amount in (
                ("payment", installment_total(row)),
                ("principal", row.principal),
                ("interest", row.interest),
            )
        },
    }


def _columns(principal: int, rows: Sequence[Installment]) -> dict[str, Figure]:
    """Return all rows, column by column; balances begin with the principal."""
    balances = [Decimal(principal)]
    for row in rows:
        balances.append(balances[-1] - row.principal)
    return {
        "payments": [Decimal(installment_total(row)) for row in rows],
        "principal": [Decimal(row.principal) for row in rows],
        "interest": [Decimal(row.interest) for row in rows],
        "balances": [*balances],
    }


def major(minor: int) -> str:
    """Return minor units as printed: 877.63."""
    return str((Decimal(minor) / 100).quantize(Decimal("0.01")))


def ratio(ppb: int, printed: str) -> str:
    """Return a rate as a fraction, to as many digits as the printed one has."""
    return str((Decimal(ppb) / PPB).quantize(Decimal(printed), ROUND_HALF_UP))


RATES: Final[dict[str, Callable[[Disclosure], int]]] = {
    "irr": lambda rates: rates.per_period,
    "irr_monthly": lambda rates: rates.per_period,
    "apr_simple": lambda rates: rates.simple,
    "apr_effective": lambda rates: rates.compound,
}
