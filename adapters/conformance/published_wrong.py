"""Published figures that are known to be wrong: what the engine computes in their place."""

import re
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MalformedCase
from adapters.conformance.published_figures import figures_of, major, ratio
from adapters.conformance.published_phrases import NOT_SAID_DAY, Said, amount, percent, read, terms_of
from core.contract.terms import Method, RatePer, Terms
from core.cost.disclosure import disclose
from core.schedule.plan import Refusal, plan

FIGURE: Final = re.compile(r"(total interest|total|first payment|last payment|saving)[^\d,;]*(\d[\d,]*(?:\.\d+)?)")
SHORTCUT: Final = "24*a*n/(n+1)"
"""A short cut to the yearly rate of a plan of n equal parts with fee rate a; an approximation, never disclosed."""
FEE_PLAN: Final = re.compile(r"(\d+) x ([\d.]+)%")
ANY_AMOUNT: Final = 12_000_00
"""Rates of fee plans do not depend on the principal."""


class Claim(Struct):
    """A claim in words, and what its reader found."""

    id: str
    claim: str
    source: str = ""
    correct: str = ""


class Refuted(Struct, frozen=True):
    """A claim: its figures, and the engine's own; both empty where it names none that is computed."""

    id: str
    claimed: dict[str, str]
    computed: dict[str, str]


def refute(raw: Raw) -> Refuted:
    """Return a claim's figures beside the engine's own."""
    claim = msgspec.json.decode(raw, type=Claim)
    plan_of_fees = FEE_PLAN.search(claim.correct)
    try:
        if SHORTCUT in claim.source and plan_of_fees:
            return Refuted(claim.id, *_fee_plan(int(plan_of_fees[1]), plan_of_fees[2]))
        loan = terms_of(read(claim.claim, Said()))
        claimed = {name: major(amount(figure)) for name, figure in FIGURE.findall(claim.claim)} if loan else {}
        return Refuted(claim.id, claimed, {name: _figure(name, loan[0]) for name in claimed} if loan else {})
    except MalformedCase:
        return Refuted(claim.id, {}, {})  # Words that no loan comes of claim nothing of one.


def _figure(name: str, terms: Terms) -> str:
    own = _figures(terms)
    if name != "saving":
        return major(int(own["total_payment" if name == "total" else name.replace(" ", "_")]))
    other = _figures(structs.replace(terms, method=Method.EQUAL_INSTALLMENT))
    return major(int(abs(other["total_payment"] - own["total_payment"])))


def _figures(terms: Terms) -> dict[str, Decimal]:
    rows = plan(terms, NOT_SAID_DAY)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    single = figures_of(terms.principal, rows).items()
    return {name: figure for name, figure in single if isinstance(figure, Decimal)}


def _fee_plan(count: int, fee: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the yearly rate of equal parts with a fee each: by the short cut, and by the internal rate of return."""
    terms = Terms(principal=ANY_AMOUNT, rate=percent(fee, RatePer.MONTH), installments=count, method=Method.FLAT)
    rows = plan(terms, NOT_SAID_DAY)
    rates = None if isinstance(rows, Refusal) else disclose(terms, NOT_SAID_DAY, rows)
    if rates is None:
        raise MalformedCase("no rate")
    short_cut = Decimal(fee) / 100 * 24 * count / (count + 1)
    return {"annual_rate": str(short_cut.quantize(Decimal("0.0001")))}, {"annual_rate": ratio(rates.simple, "0.0001")}
