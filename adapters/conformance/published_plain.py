"""Published figures of loans in equal periods: single figures, totals, rates, rows and whole columns."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MalformedCase, Outcome, minor, rate
from adapters.conformance.published_figures import RATES, Figure, figures_of
from adapters.conformance.published_phrases import NOT_SAID_DAY, WAN
from core.contract.terms import (
    PPB,
    DayCount,
    Installment,
    Method,
    Rate,
    RatePer,
    RateStep,
    Terms,
    Unit,
    installment_total,
)
from core.cost.disclosure import disclose
from core.schedule.dates import due_dates
from core.schedule.plan import Refusal, plan

FINE: Final = 10_000
"""Parts of a cent in which figures are computed that their publisher does not round."""
METHODS: Final = {
    "equal_installment": Method.EQUAL_INSTALLMENT,
    "annuity": Method.EQUAL_INSTALLMENT,
    "equal_principal": Method.EQUAL_PRINCIPAL,
    "flat": Method.FLAT,
    "irr": Method.FLAT,
    "interest_only": Method.INTEREST_ONLY,
    "bullet": Method.INTEREST_ONLY,
    "at_maturity": Method.AT_MATURITY,
    "principal_first": Method.PRINCIPAL_FIRST,
}
"""By what the kind of a case begins with."""

COLUMNS: Final = {"payment": "payments", "principal": "principal", "interest": "interest", "balance": "balances"}
"""Columns of a printed row, unless the case names its own, and of the whole schedule."""

Printed = str | list[str]


class PlainInputs(Struct, forbid_unknown_fields=True):
    """A loan in equal periods, rate as a fraction per year, month, day or period."""

    principal: Decimal
    rates: list[tuple[int, int, Decimal]] = []
    """Yearly rates that change: from installment, to installment, rate; elsewhere `annual_rate` holds."""
    annual_rate: Decimal | None = None
    rate_per_period: str | None = None
    """A decimal, or in words ("annual/12") beside an annual rate."""
    monthly_rate: Decimal | None = None
    daily_rate: Decimal | None = None
    """Of periods of 30 days, or of one period of `days`."""
    days: int | None = None
    n: int | list[int] = 1
    """Several numbers of installments: each figure is a list, one for each."""
    payment: Decimal | None = None


class PlainCase(Struct):
    """A published case with its printed figures."""

    kind: str
    inputs: PlainInputs
    published: dict[str, Printed | dict[str, list[str]]]
    """`rows` holds some rows by their number, `row_columns` what is printed of them."""
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
    named = case.published.get("row_columns")
    columns = named if isinstance(named, list) else [*COLUMNS]
    differences = []
    for name, printed in case.published.items():
        known, unit = name.removesuffix("_wan"), 100 * WAN if name.endswith("_wan") else 100
        if isinstance(printed, dict):
            if several or name != "rows" or not set(columns) <= COLUMNS.keys():
                return None
            differences += _rows_off(own[0], printed, columns, _tolerance(case.use))
        elif name != "row_columns":
            if any(known not in each for each in own):
                return None
            found = [each[known] for each in own] if several else own[0][known]
            differences += _off(name, found, printed, PPB if known in RATES else unit, _tolerance(case.use))
    return "; ".join(differences)


def figures(terms: Terms, convention: str = "A") -> dict[str, Figure]:
    """Return what is printed of a plain loan.

    Convention B rounds nothing but what it prints; C totals the rounded installments.
    """
    fine = FINE if convention.startswith("B") else 1
    terms = structs.replace(terms, principal=terms.principal * fine)
    rows = planned(terms)
    own = figures_of(terms.principal, rows)
    interest = Decimal(sum(row.interest for row in rows))
    if convention.startswith("C"):
        interest = Decimal(installment_total(rows[0]) * terms.installments - terms.principal)
        own |= {"total_interest": interest, "total_payment": terms.principal + interest}
        own["avg_payment"] = (terms.principal + interest) / terms.installments
    rates = disclose(terms, NOT_SAID_DAY, rows)
    for other in Method:
        others = plan(structs.replace(terms, method=other), NOT_SAID_DAY)
        if other is not terms.method and not isinstance(others, Refusal):
            own[f"vs_{other.value}_interest_diff"] = abs(sum(row.interest for row in others) - interest)
    disclosed: dict[str, Figure] = {name: Decimal(of(rates)) for name, of in RATES.items()} if rates else {}
    return {name: _divided(figure, fine) for name, figure in own.items()} | disclosed


def planned(terms: Terms) -> tuple[Installment, ...]:
    """Return the schedule of terms without dates; raises MalformedCase where there is none."""
    rows = plan(terms, NOT_SAID_DAY)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return rows


def _terms(case: PlainCase, installments: int) -> Terms | None:
    inputs, method = case.inputs, method_of(case.kind)
    changes = _changes(inputs, installments)
    given: tuple[tuple[Decimal | str | None, RatePer, int], ...] = (
        (changes[0][1] if changes else None, RatePer.YEAR, 1),
        (inputs.annual_rate, RatePer.YEAR, 1),
        (inputs.monthly_rate, RatePer.MONTH, 1),
        (inputs.daily_rate, RatePer.MONTH, 30) if inputs.days is None else (inputs.daily_rate, RatePer.DAY, 1),
        (inputs.rate_per_period, RatePer.MONTH, 1),
    )
    said = next(((Decimal(value) * days, per) for value, per, days in given if value is not None), None)
    if said is None:
        raise MalformedCase("no rate")
    exact = rate(*said)
    if exact is None or method is None or (inputs.days is not None and exact.per is not RatePer.DAY):
        return None
    terms = Terms(
        principal=minor(inputs.principal),
        rate=exact,
        installments=installments,
        method=method,
        agreed_installment=None if inputs.payment is None else minor(inputs.payment),
    )
    if inputs.days is not None:
        return structs.replace(terms, every=inputs.days, unit=Unit.DAY, day_count=DayCount.ACT_365)
    return _stepped(terms, changes[1:])


def _changes(inputs: PlainInputs, installments: int) -> list[tuple[int, Decimal]]:
    """Return from which installment on which yearly rate holds, where it changes."""
    changes = {first: changed for first, _, changed in inputs.rates}
    if changes and inputs.annual_rate is not None:
        for start in (1, *(last + 1 for _, last, _ in inputs.rates if last < installments)):
            changes.setdefault(start, inputs.annual_rate)
    return sorted(changes.items())


def _stepped(terms: Terms, changes: Sequence[tuple[int, Decimal]]) -> Terms | None:
    """Return terms whose rate changes where each step's first period starts."""
    dates = due_dates(terms, NOT_SAID_DAY)
    assert dates is not None
    steps: list[tuple[date, Rate | None]] = [(dates[first - 2], rate(changed)) for first, changed in changes]
    known = tuple(RateStep(start, changed) for start, changed in steps if changed is not None)
    return structs.replace(terms, rate_steps=known) if len(known) == len(steps) else None


def _rows_off(
    own: Mapping[str, Figure], printed: Mapping[str, list[str]], columns: Printed, tolerance: Decimal
) -> list[str]:
    """Say what differs of single rows."""
    differences = []
    for number, row in printed.items():
        found: list[Decimal] = []
        for column in columns:
            whole = own[COLUMNS[column]]
            assert isinstance(whole, list)
            # Balances begin with the principal.
            found.append(whole[int(number) - (column != "balance")])
        differences += _off(f"row {number}", found, row, 100, tolerance)
    return differences


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
        value = Decimal(text.rstrip("%").replace(",", ""))
        exact = amount / unit * (100 if text.endswith("%") else 1)
        equal = exact.quantize(value, ROUND_HALF_UP) == value
        if not equal and abs(exact - value) > tolerance:
            differences.append(f"{name}: computed {exact}, published {text}")
    return differences
