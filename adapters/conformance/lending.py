"""Cases that state their terms by name, after Frappe Lending: totals in whole units, and due dates."""

from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import MATCHED, Outcome, rate
from core.dates import add_months, due_dates
from core.money import Rounding
from core.schedule import Refusal, plan, summary
from core.terms import INSTALLMENTS_MAX, Rate, Terms

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


def loan_terms(raw: Raw) -> Outcome:
    """Compare a case by the terms it names; None if the engine claims no such figures."""
    case = msgspec.json.decode(raw, type=LoanCase)
    try:
        totals = msgspec.json.decode(case.expected, type=WholeUnitFigures)
        return _whole_units(msgspec.json.decode(case.terms, type=WholeUnitTerms), totals)
    except msgspec.ValidationError:
        pass
    try:
        dates = msgspec.json.decode(case.expected, type=DueDateFigures)
        return _due_dates(msgspec.json.decode(case.terms, type=DueDateTerms), dates)
    except msgspec.ValidationError:
        return None


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
        next_month_start=_sample(msgspec.structs.replace(plain, first_due=None, due_day=1), disbursed_on),
        month_end=_sample(msgspec.structs.replace(plain, first_due=None, due_day=31), disbursed_on),
    )
    return MATCHED if own == printed else f"computed {own}"


def _sample(terms: Terms, disbursed_on: date) -> DueDates:
    dates = due_dates(terms, disbursed_on)
    assert dates is not None
    return dates[0], dates[min(1, len(dates) - 1)], dates[-1]
