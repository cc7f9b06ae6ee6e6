"""Cases that state their terms by name, after Frappe Lending: totals in whole units, and due dates."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, structs

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, minor, rate
from adapters.conformance.lending_servicing import (
    WHOLE,
    AgeingFigures,
    AgeingTerms,
    DrawFigures,
    DrawTerms,
    LateFigures,
    LateTerms,
    LimitFigures,
    LimitTerms,
    PayoffFigures,
    PayoffTerms,
    ageing,
    draw,
    late_penalty,
    limit,
    payoff,
)
from core.contract.terms import INSTALLMENTS_MAX, BrokenPeriod, DayCount, Installment, Rate, Terms
from core.money import Rounding
from core.schedule.dates import add_months, due_dates
from core.schedule.plan import Refusal, plan, summary
from core.schedule.solve import regular_payment

ANY_DAY = date(2023, 1, 1)
"""Totals of nominal periods do not depend on the day of disbursement."""


class LoanCase(Struct):
    """Which terms a case names decides what can be compared."""

    terms: Raw
    expected: Raw


class WholeUnitTerms(Struct, forbid_unknown_fields=True):
    """A monthly level loan in whole units, installment rounded up; without `periods` their number is solved."""

    principal: int
    annual_rate_pct: Decimal
    periods: int = INSTALLMENTS_MAX
    instalment: int | None = None
    frequency: str = "monthly"
    day_count: str = "30/360"


class WholeUnitFigures(Struct, forbid_unknown_fields=True):
    """Printed totals, in whole units."""

    total_interest: int
    total_payment: int
    n: int | None = None
    instalment: int | None = None


class DueDateTerms(Struct, forbid_unknown_fields=True):
    """A monthly loan of which only the due dates are asked."""

    requested_first_due: date
    periods: int


DueDates = tuple[date, date, date]
"""First, second and last."""


class DueDateFigures(Struct, forbid_unknown_fields=True):
    """Due dates on the requested day, on the first of the month and at the month's end."""

    start_date: DueDates
    next_month_start: DueDates
    month_end: DueDates


class BrokenTerms(Struct, forbid_unknown_fields=True):
    """A monthly level loan whose first period is longer than a month."""

    principal: Decimal
    annual_rate_pct: Decimal
    periods: int
    start: date
    first_due: date
    recovery: str
    day_count: str = "A365"
    broken_days: int | None = None


class BrokenFigures(Struct, forbid_unknown_fields=True):
    """Interest of the broken period, and what installments become."""

    bpi: Decimal | None = None
    upfront: Decimal | None = None
    first_interest: Decimal | None = None
    second_interest: Decimal | None = None
    instalment: Decimal | None = None


def loan_terms(raw: Raw) -> Outcome:
    """Compare a case by the terms and figures it names; None if the engine claims no such figures."""
    case = msgspec.json.decode(raw, type=LoanCase)
    for given, figures, compare in KINDS:
        try:
            terms = msgspec.json.decode(case.terms, type=given)
            printed = msgspec.json.decode(case.expected, type=figures)
        except msgspec.ValidationError:
            continue
        return compare(terms, printed)
    return None


def _broken_period(given: BrokenTerms, printed: BrokenFigures) -> Outcome:
    """Compare interest of the days before the first whole period, by what becomes of it."""
    annual = rate(given.annual_rate_pct / 100)
    if annual is None or given.recovery not in RECOVERIES or given.day_count not in DAY_COUNTS:
        return None
    terms = Terms(
        principal=minor(given.principal),
        rate=annual,
        installments=given.periods,
        first_due=given.first_due,
        day_count=DAY_COUNTS[given.day_count],
        level_day_count=DayCount.PERIOD,
        installment_rounding=Rounding.UP,
        installment_multiple=WHOLE,
        broken_period=RECOVERIES[given.recovery],
    )
    apart = _planned(structs.replace(terms, broken_period=BrokenPeriod.UPFRONT), given.start)[0]
    rows = [row for row in _planned(terms, given.start) if row.due_date > given.start]
    broken = apart.interest if apart.due_date == given.start else 0
    level = regular_payment(terms, tuple(rows))
    if terms.broken_period is BrokenPeriod.SPREAD:
        level = regular_payment(
            terms, _planned(structs.replace(terms, broken_period=BrokenPeriod.UPFRONT), given.start)
        )
    own = {
        "bpi": broken,
        "upfront": broken,
        "first_interest": rows[0].interest,
        "second_interest": rows[min(1, len(rows) - 1)].interest,
        "instalment": level,
    }
    off = [
        f"{name}: computed {own[name]}, printed {figure}"
        for name, figure in structs.asdict(printed).items()
        if figure is not None and own[name] != minor(figure)
    ]
    return "; ".join(off)


def _planned(terms: Terms, start: date) -> tuple[Installment, ...]:
    rows = plan(terms, start)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return rows


def _whole_units(given: WholeUnitTerms, printed: WholeUnitFigures) -> Outcome:
    annual = rate(given.annual_rate_pct / 100)
    if annual is None or given.frequency != "monthly" or given.day_count != "30/360":
        return None
    terms = Terms(
        principal=given.principal,
        rate=annual,
        installments=given.periods,
        installment_rounding=Rounding.UP,
        agreed_installment=given.instalment,
    )
    planned = plan(terms, ANY_DAY)
    if isinstance(planned, Refusal):
        return f"refused: {planned}"
    totals = summary(planned)
    own = WholeUnitFigures(
        total_interest=totals.interest,
        total_payment=totals.total,
        n=None if printed.n is None else totals.installments,
        instalment=None if printed.instalment is None else totals.first_total,
    )
    return MATCHED if own == printed else f"computed {own}"


def _due_dates(given: DueDateTerms, printed: DueDateFigures) -> Outcome:
    """Compare the three rules; each starts from the requested date, as its first due date or the earliest one."""
    requested = given.requested_first_due
    disbursed_on = add_months(requested, -1, requested.day)
    assert disbursed_on is not None
    plain = Terms(principal=1, rate=Rate(0), installments=given.periods, first_due=requested)
    own = DueDateFigures(
        start_date=_sample(plain, disbursed_on),
        next_month_start=_sample(structs.replace(plain, first_due=None, due_day=1), disbursed_on),
        month_end=_sample(structs.replace(plain, first_due=None, due_day=31), disbursed_on),
    )
    return MATCHED if own == printed else f"computed {own}"


def _sample(terms: Terms, disbursed_on: date) -> DueDates:
    dates = due_dates(terms, disbursed_on)
    assert dates is not None
    return dates[0], dates[min(1, len(dates) - 1)], dates[-1]


RECOVERIES: Final = {
    "add to first instalment": BrokenPeriod.FIRST,
    "amortized over tenure": BrokenPeriod.SPREAD,
    "upfront deduction": BrokenPeriod.UPFRONT,
}
DAY_COUNTS: Final = {
    "A365": DayCount.ACT_365,
    "A360": DayCount.ACT_360,
    "AA": DayCount.ACT_ACT,
    "30E360": DayCount.THIRTY_E_360,
    "30/360": DayCount.PERIOD,
}
KINDS: Final[tuple[tuple[type[Any], type[Any], Callable[[Any, Any], Outcome]], ...]] = (
    (WholeUnitTerms, WholeUnitFigures, _whole_units),
    (DueDateTerms, DueDateFigures, _due_dates),
    (BrokenTerms, BrokenFigures, _broken_period),
    (LateTerms, LateFigures, late_penalty),
    (PayoffTerms, PayoffFigures, payoff),
    (DrawTerms, DrawFigures, draw),
    (LimitTerms, LimitFigures, limit),
    (AgeingTerms, AgeingFigures, ageing),
)
"""Kinds of cases by the terms and the figures that they name, and what compares them."""
