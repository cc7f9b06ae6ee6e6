"""Published figures of plain loans: one rate, equal periods; single figures, totals and whole columns."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MalformedCase, Outcome, minor, rate
from adapters.conformance.published_phrases import NOT_SAID_DAY, WAN
from core.contract.terms import Installment, Method, RatePer, Terms, installment_total
from core.schedule.plan import Refusal, plan

FINE: Final = 10_000
"""Parts of a cent in which figures are computed that their publisher does not round."""
METHODS: Final = {
    "equal_installment": Method.EQUAL_INSTALLMENT,
    "annuity": Method.EQUAL_INSTALLMENT,
    "equal_principal": Method.EQUAL_PRINCIPAL,
    "flat": Method.FLAT,
    "interest_only": Method.INTEREST_ONLY,
    "bullet": Method.INTEREST_ONLY,
    "at_maturity": Method.AT_MATURITY,
    "principal_first": Method.PRINCIPAL_FIRST,
}
"""By what the kind of a case begins with."""

Printed = str | list[str]
Figure = Decimal | list[Decimal]
"""In minor units."""


class PlainInputs(Struct, forbid_unknown_fields=True):
    """A loan in equal periods, rate as a fraction per year, month, day or period."""

    principal: Decimal
    annual_rate: Decimal | None = None
    rate_per_period: str | None = None
    """A decimal, or in words ("annual/12") beside an annual rate."""
    monthly_rate: Decimal | None = None
    daily_rate: Decimal | None = None
    """Of periods of 30 days."""
    n: int | list[int] = 1
    """Several numbers of installments: each figure is a list, one for each."""
    payment: Decimal | None = None


class PlainCase(Struct):
    """A published case with its printed figures."""

    kind: str
    inputs: PlainInputs
    published: dict[str, Printed]
    convention: str = "A"
    use: str = "exact"


def method_of(kind: str) -> Method | None:
    """Return the method that a kind of figures is of."""
    return next((method for name, method in METHODS.items() if kind.startswith(name)), None)


def plain(raw: Raw) -> Outcome:
    """Compare every printed figure, each to its last digit or within the tolerance that the case states."""
    case = msgspec.json.decode(raw, type=PlainCase)
    several = isinstance(case.inputs.n, list)
    counts = case.inputs.n if isinstance(case.inputs.n, list) else [case.inputs.n]
    own = []
    for count in counts:
        terms = _terms(case, count)
        if terms is None:
            return None
        own.append(figures(terms, case.convention))
    differences = []
    for name, printed in case.published.items():
        known, unit = name.removesuffix("_wan"), 100 * WAN if name.endswith("_wan") else 100
        if any(known not in each for each in own):
            return None
        found = [each[known] for each in own] if several else own[0][known]
        differences += _off(name, found, printed, unit, _tolerance(case.use))
    return "; ".join(differences)


def figures(terms: Terms, convention: str = "A") -> dict[str, Figure]:
    """Return what is printed of a plain loan.

    Convention B rounds nothing but what it prints; C totals the rounded installments.
    """
    fine = FINE if convention.startswith("B") else 1
    terms = structs.replace(terms, principal=terms.principal * fine)
    rows = planned(terms)
    interest = Decimal(sum(row.interest for row in rows))
    if convention.startswith("C"):
        interest = Decimal(installment_total(rows[0]) * terms.installments - terms.principal)
    own = {**_of_rows(rows), **_columns(terms, rows)}
    own["total_interest"] = interest
    own["total_payment"] = terms.principal + interest
    own["avg_payment"] = (terms.principal + interest) / terms.installments
    for other in Method:
        others = plan(structs.replace(terms, method=other), NOT_SAID_DAY)
        if other is not terms.method and not isinstance(others, Refusal):
            own[f"vs_{other.value}_interest_diff"] = abs(sum(row.interest for row in others) - interest)
    return {name: _divided(figure, fine) for name, figure in own.items()}


def planned(terms: Terms) -> tuple[Installment, ...]:
    """Return the schedule of terms without dates; raises MalformedCase where there is none."""
    rows = plan(terms, NOT_SAID_DAY)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return rows


def _terms(case: PlainCase, installments: int) -> Terms | None:
    inputs, method = case.inputs, method_of(case.kind)
    given: tuple[tuple[Decimal | str | None, RatePer, int], ...] = (
        (inputs.annual_rate, RatePer.YEAR, 1),
        (inputs.monthly_rate, RatePer.MONTH, 1),
        (inputs.daily_rate, RatePer.MONTH, 30),
        (inputs.rate_per_period, RatePer.MONTH, 1),
    )
    said = next(((Decimal(value) * days, per) for value, per, days in given if value is not None), None)
    if said is None:
        raise MalformedCase("no rate")
    exact = rate(*said)
    if exact is None or method is None:
        return None
    return Terms(
        principal=minor(inputs.principal),
        rate=exact,
        installments=installments,
        method=method,
        agreed_installment=None if inputs.payment is None else minor(inputs.payment),
    )


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


def _columns(terms: Terms, rows: Sequence[Installment]) -> dict[str, Figure]:
    """Return all rows, column by column; balances begin with the principal."""
    balances = [Decimal(terms.principal)]
    for row in rows:
        balances.append(balances[-1] - row.principal)
    return {
        "payments": [Decimal(installment_total(row)) for row in rows],
        "principal": [Decimal(row.principal) for row in rows],
        "interest": [Decimal(row.interest) for row in rows],
        "balances": [*balances],
    }


def _divided(figure: Figure, fine: int) -> Figure:
    return [each / fine for each in figure] if isinstance(figure, list) else figure / fine


def _tolerance(use: str) -> Decimal:
    found = re.search(r"tolerance ([\d.]+)", use)
    return Decimal(found[1]) if found else Decimal(0)


def _off(name: str, own: Figure | list[Figure], printed: Printed, unit: int, tolerance: Decimal) -> list[str]:
    """Say what differs of one figure or column; `unit` is what it is printed in, in minor units."""
    found = own if isinstance(own, list) else [own]
    expected = printed if isinstance(printed, list) else [printed]
    if len(found) != len(expected):
        return [f"{name}: {len(found)} computed, {len(expected)} published"]
    differences = []
    for amount, text in zip(found, expected, strict=True):
        assert isinstance(amount, Decimal)
        value, last_digit = Decimal(text.replace(",", "")), Decimal(text.replace(",", ""))
        exact = amount / unit
        equal = exact.quantize(last_digit, ROUND_HALF_UP) == value
        if not equal and abs(exact - value) > tolerance:
            differences.append(f"{name}: computed {exact}, published {text}")
    return differences
