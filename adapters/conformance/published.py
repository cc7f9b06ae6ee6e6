"""Figures published by lenders and calculators: installments and totals of plain monthly loans."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from adapters.conformance.published_books import journal, vat_split
from adapters.conformance.published_phrases import NOT_SAID_DAY, WAN
from core.contract.terms import PPB, Installment, Method, RatePer, RateStep, Terms, installment_total
from core.cost.disclosure import internal_rate
from core.money import Minor
from core.schedule.dates import due_dates
from core.schedule.plan import Refusal, Summary, plan, summary

CENT: Final = Decimal("0.01")
FINE: Final = 10_000
"""Parts of a cent in which figures are computed that their publisher does not round."""


class PlainInputs(Struct, forbid_unknown_fields=True):
    """A loan in monthly installments, rate as a fraction per year, month or period."""

    principal: Decimal
    annual_rate: Decimal | None = None
    rate_per_period: str | None = None
    """A decimal, or in words ("annual/12") beside an annual rate."""
    monthly_rate: Decimal | None = None
    n: int | list[int] = 1
    payment: Decimal | None = None


class PlainCase(Struct):
    """A published case with its printed figures."""

    inputs: PlainInputs
    published: dict[str, str | list[str]]
    convention: str = "A"


def _terms(inputs: PlainInputs, method: Method, installments: int) -> Terms | None:
    per = RatePer.YEAR if inputs.annual_rate is not None else RatePer.MONTH
    given = inputs.annual_rate if per is RatePer.YEAR else inputs.monthly_rate or inputs.rate_per_period
    if given is None:
        raise MalformedCase("no rate")
    exact = rate(Decimal(given), per)
    if exact is None:
        return None
    return Terms(
        principal=minor(inputs.principal),
        rate=exact,
        installments=installments,
        method=method,
        agreed_installment=None if inputs.payment is None else minor(inputs.payment),
    )


def _plan(terms: Terms) -> tuple[Installment, ...]:
    planned = plan(terms, NOT_SAID_DAY)
    if isinstance(planned, Refusal):
        raise MalformedCase(f"refused: {planned}")
    return planned


def _count(inputs: PlainInputs) -> int:
    if not isinstance(inputs.n, int):
        raise MalformedCase("one number of installments expected")
    return inputs.n


def _major(amount: Decimal | int) -> str:
    return str((Decimal(amount) / 100).quantize(CENT, ROUND_HALF_UP))


def _plain(method: Method) -> Callable[[Raw], Outcome]:
    def run(raw: Raw) -> Outcome:
        case = msgspec.json.decode(raw, type=PlainCase)
        terms = _terms(case.inputs, method, _count(case.inputs))
        return None if terms is None else _differences(_figures(terms, case.convention), case.published)

    return run


def _figures(terms: Terms, convention: str) -> dict[str, str]:
    """Return the printed figures of a plain loan.

    Convention B rounds nothing but what it prints; C totals the rounded installments.
    """
    fine = FINE if convention.startswith("B") else 1
    terms = structs.replace(terms, principal=terms.principal * fine)
    totals = summary(_plan(terms))
    interest: int = totals.interest
    if convention.startswith("C"):
        interest = totals.first_total * terms.installments - terms.principal
    other = Method.EQUAL_INSTALLMENT if terms.method is Method.EQUAL_PRINCIPAL else Method.EQUAL_PRINCIPAL
    others: Summary = summary(_plan(structs.replace(terms, method=other)))
    own: dict[str, Decimal | int] = {
        "payment": totals.first_total,
        "first_payment": totals.first_total,
        "last_payment": totals.last_total,
        "avg_payment": Decimal(terms.principal + interest) / terms.installments,
        "total_payment": terms.principal + interest,
        "total_interest": interest,
        f"vs_{other.value}_interest_diff": abs(others.interest - interest),
    }
    return {name: _major(Decimal(figure) / fine) for name, figure in own.items()}


def _differences(own: dict[str, str], published: dict[str, str | list[str]]) -> Outcome:
    if not published.keys() <= own.keys():
        return None
    off = [
        f"{name}: computed {own[name]}, published {value}" for name, value in published.items() if own[name] != value
    ]
    return "; ".join(off)


def _interest_totals(raw: Raw) -> Outcome:
    """Compare interest totals printed in units of 10,000, each to the last printed digit."""
    case = msgspec.json.decode(raw, type=PlainCase)
    counts = case.inputs.n if isinstance(case.inputs.n, list) else [case.inputs.n]
    printed = case.published.get("total_interest_wan")
    if not isinstance(printed, list) or len(printed) != len(counts):
        raise MalformedCase("total_interest_wan does not list one figure for each n")
    for count, figure in zip(counts, printed, strict=True):
        terms = _terms(case.inputs, Method.EQUAL_PRINCIPAL, count)
        if terms is None:
            return None
        own = Decimal(summary(_plan(terms)).interest) / 100 / WAN
        if abs(own - Decimal(figure)) > CENT:
            return f"n={count}: computed {own}, published {figure}"
    return MATCHED


def _annuity_rows(raw: Raw) -> Outcome:
    """Compare the principal parts and balances of a short level loan."""
    case = msgspec.json.decode(raw, type=PlainCase)
    terms = _terms(case.inputs, Method.EQUAL_INSTALLMENT, _count(case.inputs))
    if terms is None:
        return None
    rows = _plan(terms)
    balances = [terms.principal]
    for row in rows:
        balances.append(balances[-1] - row.principal)
    own = {"principal": [_major(row.principal) for row in rows], "balances": [_major(left) for left in balances]}
    return MATCHED if own == case.published else f"computed {own}"


def _flat_interest(raw: Raw) -> Outcome:
    case = msgspec.json.decode(raw, type=PlainCase)
    terms = _terms(case.inputs, Method.FLAT, _count(case.inputs))
    return (
        None if terms is None else _differences({"monthly_interest": _major(_plan(terms)[0].interest)}, case.published)
    )


class SteppedInputs(Struct, forbid_unknown_fields=True):
    """A monthly level loan whose yearly rate changes: from installment, to installment, rate."""

    principal: Decimal
    rates: list[tuple[int, int, Decimal]]
    n: int


class SteppedFigures(Struct, forbid_unknown_fields=True):
    """Some rows by their number, and totals."""

    rows: dict[str, tuple[str, str, str, str]] = {}
    """Payment, principal, interest, balance."""
    row_columns: list[str] = []
    total_payment: str = ""
    total_interest: str = ""


class SteppedCase(Struct):
    """A loan that is repriced: the number of installments stays, the level is solved anew."""

    inputs: SteppedInputs
    published: SteppedFigures


def _stepped(raw: Raw) -> Outcome:
    case = msgspec.json.decode(raw, type=SteppedCase)
    terms = _stepped_terms(case.inputs)
    if terms is None:
        return None
    rows = _plan(terms)
    totals = summary(rows)
    printed = case.published
    own = {"total_payment": _major(totals.total), "total_interest": _major(totals.interest)}
    published: dict[str, str | list[str]] = {"total_payment": printed.total_payment or own["total_payment"]}
    published["total_interest"] = printed.total_interest or own["total_interest"]
    balances = _balances(terms, rows)
    for number, columns in printed.rows.items():
        index = int(number) - 1
        row = rows[index]
        amounts = (installment_total(row), row.principal, row.interest, balances[index + 1])
        own[f"row {number}"] = " ".join(map(_major, amounts))
        published[f"row {number}"] = " ".join(columns)
    return _differences(own, published)


def _stepped_terms(inputs: SteppedInputs) -> Terms | None:
    """Return terms whose rate changes where each step's first period starts."""
    exact = [rate(step) for _, _, step in inputs.rates]
    if not exact or exact[0] is None:
        return None
    terms = Terms(principal=minor(inputs.principal), rate=exact[0], installments=inputs.n)
    dates = due_dates(terms, NOT_SAID_DAY)
    assert dates is not None
    steps = []
    for (first, _, _), changed in zip(inputs.rates[1:], exact[1:], strict=True):
        if changed is None:
            return None
        steps.append(RateStep(dates[first - 2], changed))
    return structs.replace(terms, rate_steps=tuple(steps))


def _balances(terms: Terms, rows: tuple[Installment, ...]) -> list[Minor]:
    balances = [Minor(terms.principal)]
    for row in rows:
        balances.append(Minor(balances[-1] - row.principal))
    return balances


class FlowCase(Struct):
    """Cash flows at equal distances, and internal rates of return over the first so many of them after the outlay."""

    inputs: dict[str, list[Decimal]]
    published: dict[str, str]
    use: str = "exact"


def _irr(raw: Raw) -> Outcome:
    case = msgspec.json.decode(raw, type=FlowCase)
    flows = [minor(flow) for flow in case.inputs["cashflows"]]
    tolerance = re.search(r"([\d.]+) percentage point", case.use)
    allowed = Decimal(tolerance[1]) if tolerance else None
    differences = []
    for name, printed in case.published.items():
        asked = re.fullmatch(r"irr(?:_(?:first|all)(\d+))?", name)
        if asked is None:
            return None
        solved = internal_rate(flows[: int(asked[1]) + 1] if asked[1] else flows)
        published = Decimal(printed.rstrip("%"))
        own = None if solved is None else Decimal(solved) * 100 / PPB
        # Without a tolerance of its own a figure holds to its last printed digit.
        if own is None or abs(own - published) > (
            allowed or abs(Decimal((0, (1,), int(published.as_tuple().exponent)))) / 2
        ):
            differences.append(f"{name}: computed {own}, published {printed}")
    return "; ".join(differences)


PUBLISHED: Final[dict[str, Callable[[Raw], Outcome]]] = {
    "equal_installment": _plain(Method.EQUAL_INSTALLMENT),
    "equal_installment_rate_change": _stepped,
    "equal_principal": _plain(Method.EQUAL_PRINCIPAL),
    "equal_principal_interest_total": _interest_totals,
    "annuity_short": _annuity_rows,
    "flat_interest": _flat_interest,
    "irr": _irr,
    "vat_split": vat_split,
    "journal": journal,
}
