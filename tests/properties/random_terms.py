"""Random terms with every feature of a schedule, and what they may be given."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from core.contract.terms import (
    PPB,
    RATE_MAX,
    BrokenPeriod,
    BusinessDays,
    Cycle,
    DayCount,
    Fixing,
    Floating,
    Method,
    Pause,
    Rate,
    RatePer,
    RateStep,
    Terms,
    Tranche,
    Unit,
)
from core.money import AMOUNT_MAX, Rounding
from tests.properties.oracle.interest import BY_DAYS, YEARS

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))
RATES = st.builds(
    Rate,
    st.one_of(st.just(0), st.integers(0, 20_000_000), st.integers(0, RATE_MAX)),
    st.sampled_from(RatePer),
)
USUAL_RATES = st.builds(Rate, st.integers(0, 400_000_000))


@st.composite
def plain_terms(draw: st.DrawFn) -> Terms:
    """Terms of regular periods at one rate."""
    unit = draw(st.sampled_from(Unit))
    return Terms(
        principal=draw(st.one_of(st.integers(1, 1_000), st.integers(1, AMOUNT_MAX))),
        rate=draw(RATES),
        installments=draw(st.integers(1, 60)),
        method=draw(st.sampled_from(Method)),
        every=draw(st.integers(1, 40)),
        unit=unit,
        due_day=draw(st.none() | st.integers(1, 31)) if unit not in (Unit.DAY, Unit.WEEK) else None,
        day_count=draw(st.sampled_from(DayCount)),
        level_day_count=draw(st.none() | st.sampled_from(DayCount)),
        first_day_count=draw(st.none() | st.sampled_from(DayCount)),
        rounding=draw(st.sampled_from(Rounding)),
        installment_rounding=draw(st.none() | st.sampled_from(Rounding)),
        installment_multiple=draw(st.sampled_from([1, 10, 100])),
        agreed_installment=draw(st.none() | st.integers(1, AMOUNT_MAX)),
        smoothing_rounds=draw(st.integers(0, 3)),
    )


@st.composite
def shaped_terms(draw: st.DrawFn, disbursed_on: date) -> Terms:
    """Terms with any of: grace, stubs, business days, tranches, steps of the rate, an index, a balloon and the rest."""
    count = draw(st.integers(2, 24))
    days = st.integers(1, 900).map(lambda after: disbursed_on + timedelta(days=after))
    unit = draw(st.sampled_from(Unit))
    principal = draw(st.integers(1_000, 10**9))
    chosen = draw(st.sets(st.sampled_from(sorted(FEATURES)), max_size=4))
    features: dict[str, Any] = {}
    for name in chosen:
        features |= draw(FEATURES[name](days, count, principal))
    return Terms(
        principal=principal,
        rate=draw(USUAL_RATES),
        installments=count,
        method=draw(st.sampled_from(Method)),
        every=draw(st.integers(1, 3)),
        unit=unit,
        day_count=draw(st.sampled_from(DayCount)),
        rounding=draw(st.sampled_from(Rounding)),
        **features,
    )


@st.composite
def moved_terms(draw: st.DrawFn, disbursed_on: date) -> Terms:
    """Terms of regular periods that business days move, so that some have no day, and others more than a level pays."""
    unit = draw(st.sampled_from(Unit))
    days = st.integers(1, 400).map(lambda after: disbursed_on + timedelta(days=after))
    steps = draw(st.just(()) | _steps(days))
    pauses = draw(st.just(()) | st.lists(st.builds(Pause, days, days), max_size=2).map(tuple))
    return Terms(
        principal=draw(st.integers(1_000, 10**9)),
        rate=draw(USUAL_RATES),
        installments=draw(st.integers(2, 24) | st.sampled_from([120, 240])),
        method=draw(st.sampled_from([Method.EQUAL_INSTALLMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY])),
        every=draw(st.integers(1, 3)),
        unit=unit,
        day_count=draw(st.sampled_from(BY_DAYS if steps or pauses else sorted(YEARS))),
        rounding=draw(st.sampled_from(Rounding)),
        business_days=draw(st.sampled_from(BusinessDays)),
        count_to_shifted=draw(st.booleans()),
        calendar=draw(st.sampled_from(["weekends", "CN", "US-NY"])),
        rate_steps=steps,
        pauses=pauses,
        interest_free=draw(st.sampled_from([0, 0, 1])),
    )


def _cycles(days: st.SearchStrategy[date]) -> st.SearchStrategy[Cycle]:
    return st.builds(Cycle, days, st.integers(1, 6), st.sampled_from([Unit.WEEK, Unit.MONTH, Unit.QUARTER]))


def _steps(days: st.SearchStrategy[date]) -> st.SearchStrategy[tuple[RateStep, ...]]:
    steps = st.dictionaries(days, USUAL_RATES, max_size=4)
    return steps.map(lambda each: tuple(RateStep(day, each[day]) for day in sorted(each)))


def _floating(days: st.SearchStrategy[date]) -> st.SearchStrategy[Floating]:
    fixings = st.dictionaries(days, st.integers(-PPB // 20, PPB // 5), max_size=5)
    return st.builds(
        Floating,
        _cycles(days),
        fixings.map(lambda each: tuple(Fixing(day, each[day]) for day in sorted(each))),
        st.sampled_from([PPB, PPB * 3 // 2, -PPB]),
        st.integers(0, PPB // 10),
        cap_ppb=st.integers(PPB // 10, PPB),
        next_rate=st.none() | USUAL_RATES,
    )


def _tranches(days: st.SearchStrategy[date], principal: int) -> st.SearchStrategy[tuple[Tranche, ...]]:
    parts = st.dictionaries(days, st.integers(1, principal // 4), min_size=1, max_size=3)
    return parts.map(lambda each: tuple(Tranche(day, each[day]) for day in sorted(each)))


Feature = Callable[[st.SearchStrategy[date], int, int], st.SearchStrategy[dict[str, Any]]]
FEATURES: dict[str, Feature] = {
    "agreed": lambda days, count, principal: st.fixed_dictionaries(
        {
            "agreed_installment": st.integers(1, principal),
            "negative_amortization": st.booleans(),
            "keep_installment": st.none() | st.booleans(),
        }
    ),
    "balloon": lambda days, count, principal: st.fixed_dictionaries({"balloon": st.integers(1, principal - 1)}),
    "base": lambda days, count, principal: st.fixed_dictionaries({"interest_base": _cycles(days)}),
    "broken": lambda days, count, principal: st.fixed_dictionaries(
        {"first_due": days, "broken_period": st.sampled_from(BrokenPeriod)}
    ),
    "business": lambda days, count, principal: st.fixed_dictionaries(
        {
            "business_days": st.sampled_from(BusinessDays),
            "count_to_shifted": st.booleans(),
            "calendar": st.sampled_from(["weekends", "CN", "US-NY"]),
        }
    ),
    "capitalized": lambda days, count, principal: st.fixed_dictionaries({"capitalize_until": days}),
    "down": lambda days, count, principal: st.fixed_dictionaries({"down_payment_ppb": st.integers(0, PPB * 9 // 10)}),
    "floating": lambda days, count, principal: st.fixed_dictionaries({"floating": _floating(days)}),
    "grace": lambda days, count, principal: st.fixed_dictionaries(
        {
            "principal_grace": st.integers(0, count),
            "interest_grace": st.integers(0, count),
            "interest_free": st.integers(0, count),
            "capitalize_grace": st.booleans(),
        }
    ),
    "interest": lambda days, count, principal: st.fixed_dictionaries({"interest_cycle": _cycles(days)}),
    "longer": lambda days, count, principal: st.fixed_dictionaries({"amortize_over": st.integers(count, 3 * count)}),
    "month_end": lambda days, count, principal: st.fixed_dictionaries({"month_end": st.just(True)}),
    "pauses": lambda days, count, principal: st.fixed_dictionaries(
        {"pauses": st.lists(st.builds(Pause, days, days), max_size=2).map(tuple)}
    ),
    "smoothing": lambda days, count, principal: st.fixed_dictionaries({"smoothing_rounds": st.just(3)}),
    "steps": lambda days, count, principal: st.fixed_dictionaries({"rate_steps": _steps(days)}),
    "stub": lambda days, count, principal: st.fixed_dictionaries({"last_due": days}),
    "tranches": lambda days, count, principal: st.fixed_dictionaries({"tranches": _tranches(days, principal)}),
}
"""Each feature, and the terms that it needs: from days of the loan's life, its installments and its principal."""
