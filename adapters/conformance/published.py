"""Figures published by lenders and calculators: internal rates; and what compares which kind."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import Outcome, minor
from adapters.conformance.published_books import journal, vat_split
from adapters.conformance.published_plain import method_of, plain
from core.contract.terms import PPB
from core.cost.disclosure import Flow, dated_internal_rate, internal_rate


class Flows(Struct, forbid_unknown_fields=True):
    """Cash flows at equal distances, or each on its day."""

    cashflows: list[Decimal]
    dates: list[date] = []


class FlowCase(Struct):
    """Internal rates of return, of all flows or of the first so many of them after the outlay."""

    inputs: Flows
    published: dict[str, str]
    use: str = "exact"


class Inputs(Struct):
    """What the rate is asked of: flows, or a plan of equal parts with a fee each."""

    inputs: dict[str, Raw]


def _irr(raw: Raw) -> Outcome:
    if "cashflows" not in msgspec.json.decode(raw, type=Inputs).inputs:
        return plain(raw)
    case = msgspec.json.decode(raw, type=FlowCase)
    flows = [minor(flow) for flow in case.inputs.cashflows]
    tolerance = re.search(r"tolerance ([\d.]+)( percentage point)?", case.use)
    differences = []
    for name, printed in case.published.items():
        asked = re.fullmatch(r"(?:x?irr(?:_(?:first|all)(\d+)|_monthly)?|(apr_simple|apr_effective))", name)
        if asked is None:
            return None
        solved = _solved(flows[: int(asked[1]) + 1] if asked[1] else flows, case.inputs.dates)
        published, shown = Decimal(printed.rstrip("%")), 100 if "%" in printed else 1
        own = None if solved is None else ANNUAL[asked[2]](Decimal(solved) / PPB) * shown
        # Without a tolerance of its own a figure holds to its last printed digit.
        allowed = Decimal((0, (1,), int(published.as_tuple().exponent))) / 2
        if tolerance:
            allowed = Decimal(tolerance[1]) * (Decimal(shown) / 100 if tolerance[2] else 1)
        if own is None or abs(own - published) > allowed:
            differences.append(f"{name}: computed {own}, published {printed}")
    return "; ".join(differences)


def _solved(flows: list[int], dates: list[date]) -> int | None:
    if not dates:
        return internal_rate(flows)
    return dated_internal_rate(Flow(on, amount) for on, amount in zip(dates, flows, strict=False))


def runner_of(kind: str) -> Callable[[Raw], Outcome] | None:
    """Return what compares figures of such a kind; None for kinds that the engine does not claim."""
    return KINDS.get(kind) or (None if method_of(kind) is None else plain)


ANNUAL: Final[dict[str | None, Callable[[Decimal], Decimal]]] = {
    None: lambda rate: rate,
    "apr_simple": lambda monthly: monthly * 12,
    "apr_effective": lambda monthly: (1 + monthly) ** 12 - 1,
}
"""What is made of an internal rate: as it is, or a year's of a monthly one."""
KINDS: Final[dict[str, Callable[[Raw], Outcome]]] = {
    "irr": _irr,
    "xirr": _irr,
    "vat_split": vat_split,
    "journal": journal,
}
