"""Figures published by lenders and calculators: repriced loans, internal rates; and what compares which kind."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import Outcome, minor, rate
from adapters.conformance.published_books import journal, vat_split
from adapters.conformance.published_derived import major
from adapters.conformance.published_phrases import NOT_SAID_DAY
from adapters.conformance.published_plain import method_of, plain, planned
from core.contract.terms import PPB, Installment, Method, RateStep, Terms, installment_total
from core.cost.disclosure import internal_rate
from core.money import Minor
from core.schedule.dates import due_dates
from core.schedule.plan import summary

REPRICED: Final = "_rate_change"
COLUMNS: Final = ("payment", "principal", "interest", "balance")


class SteppedInputs(Struct, forbid_unknown_fields=True):
    """A monthly level loan whose yearly rate changes: from installment, to installment, rate."""

    principal: Decimal
    rates: list[tuple[int, int, Decimal]]
    n: int


class SteppedFigures(Struct, forbid_unknown_fields=True):
    """Some rows by their number, and totals."""

    rows: dict[str, list[str]] = {}
    row_columns: tuple[str, ...] = COLUMNS
    total_payment: str = ""
    total_interest: str = ""


class SteppedCase(Struct):
    """A loan that is repriced: the number of installments stays, the level is solved anew."""

    kind: str
    inputs: SteppedInputs
    published: SteppedFigures


def _stepped(raw: Raw) -> Outcome:
    case = msgspec.json.decode(raw, type=SteppedCase)
    method = method_of(case.kind)
    terms = None if method is None else _stepped_terms(case.inputs, method)
    if terms is None:
        return None
    rows = planned(terms)
    totals = summary(rows)
    printed = case.published
    own = {"total_payment": major(totals.total), "total_interest": major(totals.interest)}
    published = {"total_payment": printed.total_payment or own["total_payment"]}
    published["total_interest"] = printed.total_interest or own["total_interest"]
    balances = _balances(terms, rows)
    for number, columns in printed.rows.items():
        index = int(number) - 1
        row = rows[index]
        amounts = (installment_total(row), row.principal, row.interest, balances[index + 1])
        shown = dict(zip(COLUMNS, map(major, amounts), strict=True))
        own[f"row {number}"] = " ".join(shown[column] for column in printed.row_columns)
        published[f"row {number}"] = " ".join(columns)
    return "; ".join(
        f"{name}: computed {own[name]}, published {value}" for name, value in published.items() if own[name] != value
    )


def _stepped_terms(inputs: SteppedInputs, method: Method) -> Terms | None:
    """Return terms whose rate changes where each step's first period starts."""
    exact = [rate(step) for _, _, step in inputs.rates]
    if not exact or exact[0] is None:
        return None
    terms = Terms(principal=minor(inputs.principal), rate=exact[0], installments=inputs.n, method=method)
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


def runner_of(kind: str) -> Callable[[Raw], Outcome] | None:
    """Return what compares figures of such a kind; None for kinds that the engine does not claim."""
    if kind in KINDS:
        return KINDS[kind]
    if method_of(kind) is None:
        return None
    return _stepped if kind.endswith(REPRICED) else plain


KINDS: Final[dict[str, Callable[[Raw], Outcome]]] = {
    "irr": _irr,
    "vat_split": vat_split,
    "journal": journal,
}
