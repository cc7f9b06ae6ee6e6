"""Level loans by name: number of periods, installment, totals, interest of a broken period; and rules for due dates."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from adapters.conformance.cases import MalformedCase, minor, rate
from core.contract.terms import (
    INSTALLMENTS_MAX,
    BrokenPeriod,
    DayCount,
    Installment,
    Rate,
    Terms,
    Unit,
    installment_total,
)
from core.money import Rounding
from core.schedule.dates import add_months, due_dates
from core.schedule.plan import Refusal, plan
from core.schedule.solve import regular_payment

Each = TypeVar("Each")

ANY_DAY: Final = date(2023, 1, 1)
"""Figures of nominal periods do not depend on the day of disbursement."""
WHOLE: Final = 100
"""Installments are rounded up to whole units of the currency."""
IN_WHOLE_UNITS: Final = ("preview", "whole-unit")
"""Topics of which every row is rounded to whole units, not only what is printed."""


class LevelTerms(Struct, forbid_unknown_fields=True, kw_only=True):
    """A level loan whose installment is rounded up; one of `periods` and `instalment` is enough."""

    principal: Decimal
    annual_rate_pct: Decimal
    periods: int | None = None
    instalment: Decimal | None = None
    frequency: str = "monthly"
    day_count: str | None = None
    start: date | None = None
    first_due: date | None = None
    recovery: str | None = None
    broken_days: int | None = None
    """As the source counts them; the engine counts for itself."""


class DueDateTerms(Struct, forbid_unknown_fields=True):
    """A monthly loan of which only the due dates are asked."""

    requested_first_due: date
    periods: int


def level(given: LevelTerms, topic: str, _expected: Mapping[str, Any]) -> dict[str, object] | None:
    """Return totals and figures of single rows, in major units."""
    unit = 1 if any(word in topic for word in IN_WHOLE_UNITS) else WHOLE
    terms = _terms(given, unit)
    if terms is None:
        return None
    start = given.start or ANY_DAY
    apart = structs.replace(terms, broken_period=BrokenPeriod.UPFRONT)
    regular = after(start, planned(apart, start))
    if given.periods is None:
        apart, terms = (structs.replace(each, installments=len(regular)) for each in (apart, terms))
    rows = planned(terms, start)
    first, second, last = sample(after(start, rows))
    broken = sum(row.interest for row in planned(apart, start) if row.due_date == start)
    interest = sum(row.interest for row in rows)
    amounts = {
        "instalment": (given.periods is None and terms.agreed_installment) or level_of(apart, start),
        "total_interest": interest,
        "total_payment": terms.principal + interest,
        "bpi": broken,
        "upfront": broken,
        **_parts("first", first),
        **_parts("second", second),
        **_parts("last", last),
    }
    days = (regular[0].start - start).days
    own = {"n": len(regular), "broken_days": days, "rows": _rows(terms, after(start, rows), unit)}
    return own | {name: Decimal(each) / unit for name, each in amounts.items()}


def due_date_rules(given: DueDateTerms, expected: Mapping[str, Any]) -> dict[str, object]:
    """Return first, second and last due date by each rule, or all of them where so many are printed."""
    own: dict[str, object] = {}
    for name, (months, day) in DUE_RULES.items():
        requested = given.requested_first_due
        first = add_months(requested, months, day or requested.day)
        terms = Terms(principal=1, rate=Rate(0), installments=given.periods, first_due=first, due_day=day)
        dates = due_dates(terms, requested)
        if dates is None:
            raise MalformedCase("no such dates")
        own[name] = dates if len(expected.get(name, ())) == len(dates) else sample(dates)
    return own


def planned(terms: Terms, start: date) -> tuple[Installment, ...]:
    """Return the schedule; raises MalformedCase where there is none."""
    rows = plan(terms, start)
    if isinstance(rows, Refusal):
        raise MalformedCase(f"refused: {rows}")
    return rows


def level_of(terms: Terms, start: date) -> int:
    """Return the level installment that the engine solves, whatever was agreed."""
    free = structs.replace(terms, agreed_installment=None)
    return regular_payment(free, planned(free, start))


def after(start: date, rows: tuple[Installment, ...]) -> tuple[Installment, ...]:
    """Return the rows that do not fall due at disbursement."""
    return tuple(row for row in rows if row.due_date > start)


def sample(each: tuple[Each, ...]) -> tuple[Each, Each, Each]:
    """Return the first, the second and the last."""
    return each[0], each[min(1, len(each) - 1)], each[-1]


def _terms(given: LevelTerms, unit: int) -> Terms | None:
    annual = rate(given.annual_rate_pct / 100)
    named = given.day_count or ("30/360" if given.start is None else "A365")
    recovery = next((kept for word, kept in RECOVERIES.items() if word in (given.recovery or "").lower()), None)
    if annual is None or given.frequency not in FREQUENCIES or (named not in DAY_COUNTS and named != "30/360"):
        return None
    if recovery is None and given.recovery is not None:
        return None
    if given.periods is None and given.instalment is None:
        raise MalformedCase("neither periods nor instalment")
    every, nominal = FREQUENCIES[given.frequency]
    digits = len(str(unit)) - 1
    return Terms(
        principal=minor(given.principal, digits),
        rate=annual,
        installments=given.periods or INSTALLMENTS_MAX,
        unit=every,
        first_due=given.first_due,
        day_count=DAY_COUNTS.get(named, nominal),
        level_day_count=nominal,
        installment_rounding=Rounding.UP,
        installment_multiple=unit,
        agreed_installment=None if given.instalment is None else minor(given.instalment, digits),
        broken_period=recovery or BrokenPeriod.WITHIN,
    )


def _rows(terms: Terms, rows: tuple[Installment, ...], unit: int) -> dict[str, dict[str, object]]:
    """Return all rows by number, and their columns by name."""
    balance, own = terms.principal, {}
    for number, row in enumerate(rows, 1):
        balance -= row.principal
        parts = {**_parts("row", row), "row_balance": balance}
        named = {name.removeprefix("row_"): Decimal(amount) / unit for name, amount in parts.items()}
        own[str(number)] = {"due": row.due_date, **named}
    return own


def _parts(place: str, row: Installment) -> dict[str, int]:
    parts = {"interest": row.interest, "principal": row.principal, "payment": installment_total(row)}
    return {f"{place}_{part}": amount for part, amount in parts.items()}


RECOVERIES: Final = {
    "first": BrokenPeriod.FIRST,
    "amortized": BrokenPeriod.SPREAD,
    "upfront": BrokenPeriod.UPFRONT,
}
"""By a word of what a case says becomes of the interest of the broken period."""
DAY_COUNTS: Final = {
    "A365": DayCount.ACT_365,
    "A360": DayCount.ACT_360,
    "AA": DayCount.ACT_ACT,
    "30E360": DayCount.THIRTY_E_360,
}
FREQUENCIES: Final = {
    "daily": (Unit.DAY, DayCount.PERIOD_365),
    "weekly": (Unit.WEEK, DayCount.PERIOD_364),
    "monthly": (Unit.MONTH, DayCount.PERIOD),
    "quarterly": (Unit.QUARTER, DayCount.PERIOD),
    "yearly": (Unit.YEAR, DayCount.PERIOD),
}
"""The unit of a period, and the day count by which so many periods are a year."""
DUE_RULES: Final[Mapping[str, tuple[int, int | None]]] = {
    "start_date": (0, None),
    "next_month_start": (1, 1),
    "month_end": (0, 31),
}
"""Months from the requested month to the one of the first due date, and the day of the month; none: the requested."""
