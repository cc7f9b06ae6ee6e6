"""Figures published by lenders and calculators: installments and totals of plain monthly loans."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from core.schedule import Refusal, Summary, plan, summary
from core.terms import Installment, Method, RatePer, Terms

ANY_DAY: Final = date(2023, 1, 1)
"""These figures state no dates: every period counts its nominal length."""
ONE_WAN: Final = 10_000
CENT: Final = Decimal("0.01")


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
    planned = plan(terms, ANY_DAY)
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
    """Return the printed figures of a plain loan; under convention C totals are the installment times n."""
    totals = summary(_plan(terms))
    interest: int = totals.interest
    if convention.startswith("C"):
        interest = totals.first_total * terms.installments - terms.principal
    other = Method.EQUAL_INSTALLMENT if terms.method is Method.EQUAL_PRINCIPAL else Method.EQUAL_PRINCIPAL
    others: Summary = summary(_plan(structs.replace(terms, method=other)))
    return {
        "payment": _major(totals.first_total),
        "first_payment": _major(totals.first_total),
        "last_payment": _major(totals.last_total),
        "avg_payment": _major(Decimal(terms.principal + interest) / terms.installments),
        "total_payment": _major(terms.principal + interest),
        "total_interest": _major(interest),
        f"vs_{other.value}_interest_diff": _major(abs(others.interest - interest)),
    }


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
        own = Decimal(summary(_plan(terms)).interest) / 100 / ONE_WAN
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


PUBLISHED: Final[dict[str, Callable[[Raw], Outcome]]] = {
    "equal_installment": _plain(Method.EQUAL_INSTALLMENT),
    "equal_principal": _plain(Method.EQUAL_PRINCIPAL),
    "equal_principal_interest_total": _interest_totals,
    "annuity_short": _annuity_rows,
    "flat_interest": _flat_interest,
}
