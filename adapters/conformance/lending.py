"""Cases that state their terms by name, after Frappe Lending: which kind they are of, and how figures are compared."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import Outcome
from adapters.conformance.lending_schedules import DueDateTerms, LevelTerms, due_date_rules, level
from adapters.conformance.lending_servicing import (
    DrawTerms,
    LimitTerms,
    PayoffTerms,
    ServedTerms,
    draw,
    limit,
    payoff,
    served,
)

CENT: Final = Decimal("0.01")
"""Figures are printed in major units and hold to a cent; whole numbers after rounding."""


class LoanCase(Struct):
    """The terms that a case names decide what is computed, the figures that it names what is compared."""

    topic: str
    terms: Raw
    expected: dict[str, Any]


def loan_terms(raw: Raw) -> Outcome:
    """Compare every figure that a case names; None if the engine claims no such terms or figure."""
    case = msgspec.json.decode(raw, type=LoanCase)
    for given, compute in KINDS.items():
        try:
            terms = msgspec.json.decode(case.terms, type=given)
        except msgspec.ValidationError:
            continue
        own = compute(terms, case.topic, case.expected)
        if own is None or not case.expected or not case.expected.keys() <= own.keys():
            return None
        return "; ".join(
            f"{name}: computed {_asked(own[name], printed)}, printed {printed}"
            for name, printed in case.expected.items()
            if not agrees(own[name], printed)
        )
    return None


def agrees(own: object, printed: object) -> bool:
    """Return whether a figure, a list of figures or figures by name are what is printed."""
    match printed:
        case dict():
            return isinstance(own, Mapping) and all(agrees(own.get(name), each) for name, each in printed.items())
        case list():
            return isinstance(own, tuple) and list(map(agrees, own, printed)) == [True] * max(len(own), len(printed))
        case int() if isinstance(own, int | Decimal):
            return Decimal(own).quantize(Decimal(1), ROUND_HALF_UP) == printed
        case float() if isinstance(own, int | Decimal):
            return abs(own - Decimal(str(printed))) <= CENT
    return (own.isoformat() if isinstance(own, date) else own) == printed


def _asked(own: object, printed: object) -> object:
    """Return of figures by name those that are printed."""
    return {name: own.get(name) for name in printed} if isinstance(printed, dict) and isinstance(own, dict) else own


Compute = Callable[[Any, str, Mapping[str, Any]], Mapping[str, object] | None]

KINDS: Final[Mapping[type[Any], Compute]] = {
    LevelTerms: level,
    DueDateTerms: lambda terms, _topic, expected: due_date_rules(terms, expected),
    ServedTerms: lambda terms, _topic, expected: served(terms, expected),
    PayoffTerms: lambda terms, _topic, _expected: payoff(terms),
    DrawTerms: lambda terms, _topic, _expected: draw(terms),
    LimitTerms: lambda terms, _topic, _expected: limit(terms),
}
"""Kinds of cases by the terms that they name, and what computes their figures; a kind knows no figure of another."""
