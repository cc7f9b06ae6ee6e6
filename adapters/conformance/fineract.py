"""Schedule cases in the terms of Apache Fineract: exact, every row."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import MATCHED, MalformedCase, Outcome, rate
from core.contract.terms import PPB, DayCount, Installment, Terms, Unit
from core.money import Minor, Rounding
from core.schedule.dates import due_dates
from core.schedule.plan import Refusal, plan_over

NOMINAL: Final = {
    "360": DayCount.PERIOD,
    "364": DayCount.PERIOD_364,
    "365": DayCount.PERIOD_365,
    "ACTUAL": DayCount.PERIOD_ACT,
}
ACTUAL: Final = {
    "360": DayCount.ACT_360,
    "364": DayCount.ACT_364,
    "365": DayCount.ACT_365,
    "ACTUAL": DayCount.ACT_ACT_DEC31,
}
DOWN_PAYMENT: Final = PPB // 4
UNITS: Final = {"DAYS": Unit.DAY, "WEEKS": Unit.WEEK, "MONTHS": Unit.MONTH, "YEARS": Unit.YEAR}


class Basis(Struct, frozen=True):
    """Fineract's day count."""

    days_in_year: Literal["ACTUAL", "360", "364", "365"]
    days_in_month: Literal["ACTUAL", "30", "INVALID"]
    days_in_year_custom: str | None = None


class Grace(Struct, frozen=True):
    """Periods without principal or interest."""

    principal: int = 0
    interest: int = 0
    interest_free: int = 0


class Row(Struct, frozen=True):
    """One printed installment, in minor units."""

    n: int
    due: date
    days: int
    principal_due: int
    interest_due: int
    total_due: int
    balance: int


class LoanCase(Struct):
    """A loan's terms."""

    schedule_type: str
    annual_rate_pct: Decimal
    interest_method: str
    interest_calculation_period: Literal["DAILY", "SAME_AS_REPAYMENT_PERIOD"]
    amortization: str
    n_installments: int
    period: str
    day_count: Basis
    principal: int
    disbursed_on: date
    currency_digits: int = 2
    installment_multiple_of: int | None = None
    interest_recognition_on_disbursement_date: bool = False
    grace: Grace = Grace()
    down_payment: bool | None = None


class ScheduleCase(LoanCase, kw_only=True):
    """A loan's terms and its schedule as printed on the disbursement date."""

    schedule: list[Row]


def fineract_schedule(raw: Raw) -> Outcome:
    """Compare every row of one case; printed due dates are input."""
    case = msgspec.json.decode(raw, type=ScheduleCase)
    terms = fineract_terms(case)
    if terms is None:
        return None
    printed = case.schedule[1:] if terms.down_payment_ppb else case.schedule
    if len(printed) > case.n_installments:
        raise MalformedCase(f"{len(printed)} rows for {case.n_installments} installments")
    planned = plan_printed(case, terms, [row.due for row in printed])
    if isinstance(planned, Refusal):
        return f"refused: {planned}"
    return _first_difference(case, planned)


def plan_printed(case: LoanCase, terms: Terms, printed: list[date]) -> tuple[Installment, ...] | Refusal:
    """Plan over the printed due dates; once the balance is cleared, progressive rows are empty, cumulative ones end."""
    grid = due_dates(terms, case.disbursed_on) or ()
    dates = (case.disbursed_on, *printed, *grid[len(printed) :])
    planned = plan_over(terms, dates)
    if isinstance(planned, Refusal) or case.schedule_type != "PROGRESSIVE":
        return planned
    left = [each for each in pairwise(dates) if each[1] > planned[-1].due_date]
    return (*planned, *(Installment(start, due, Minor(0), Minor(0)) for start, due in left))


def fineract_terms(case: LoanCase) -> Terms | None:
    """Return the engine's terms for the case; None where the engine has no such feature."""
    every, unit = _period(case.period)
    annual = rate(case.annual_rate_pct / 100)
    day_counts = _day_counts(case, unit)
    plain = case.interest_method == "DECLINING_BALANCE" and case.amortization == "EQUAL_INSTALLMENTS"
    if annual is None or day_counts is None or not plain:
        return None
    day_count, level_day_count = day_counts
    multiple = case.installment_multiple_of * 10**case.currency_digits if case.installment_multiple_of else 1
    return Terms(
        principal=case.principal,
        rate=annual,
        installments=case.n_installments,
        every=every,
        unit=unit,
        day_count=day_count,
        level_day_count=level_day_count,
        rounding=Rounding.HALF_EVEN,
        installment_multiple=multiple,
        smoothing_rounds=3 if case.schedule_type == "PROGRESSIVE" else 0,
        principal_grace=case.grace.principal,
        interest_grace=case.grace.interest,
        interest_free=case.grace.interest_free,
        down_payment_ppb=DOWN_PAYMENT if case.down_payment else 0,
    )


def _period(text: str) -> tuple[int, Unit]:
    every, _, unit = text.partition(" ")
    if not every.isdigit() or not int(every) or unit not in UNITS:
        raise MalformedCase(f"period {text!r}")
    return int(every), UNITS[unit]


def _day_counts(case: LoanCase, unit: Unit) -> tuple[DayCount, DayCount | None] | None:
    """Return the day count of the interest, and of the level installment where it differs."""
    basis = case.day_count
    fixed_year = "365" if basis.days_in_year == "ACTUAL" else basis.days_in_year
    if case.schedule_type == "PROGRESSIVE" and unit is Unit.DAY:
        # A share of a year is stated for months and weeks only: days count as they do daily.
        return _progressive_day_count(case), None
    if case.interest_calculation_period == "SAME_AS_REPAYMENT_PERIOD":
        same_as = {Unit.DAY: NOMINAL[fixed_year], Unit.WEEK: DayCount.PERIOD_364}
        nominal = same_as.get(unit, DayCount.PERIOD)
        # A cumulative schedule's level knows no interest but the nominal, whatever grace does to it.
        return nominal, nominal if case.schedule_type == "CUMULATIVE" else None
    if case.schedule_type == "CUMULATIVE":
        interest = NOMINAL if basis.days_in_month == "30" else ACTUAL
        return interest[fixed_year], NOMINAL[fixed_year]
    if case.schedule_type == "PROGRESSIVE":
        return _progressive_day_count(case), None
    return None


def _progressive_day_count(case: LoanCase) -> DayCount:
    basis = case.day_count
    actual_year = basis.days_in_year == "ACTUAL"
    cut_at_january = actual_year and case.interest_recognition_on_disbursement_date
    # FULL_LEAP_YEAR is how every day count here takes a leap year.
    if actual_year and basis.days_in_year_custom == "FEB_29_PERIOD_ONLY":
        return DayCount.PERIOD_FEB_29 if basis.days_in_month == "30" else DayCount.FEB_29
    if basis.days_in_month == "30":
        return DayCount.PERIOD_ACT_JAN1 if cut_at_january else NOMINAL[basis.days_in_year]
    return DayCount.ACT_ACT if cut_at_january else ACTUAL[basis.days_in_year]


def _first_difference(case: ScheduleCase, planned: tuple[Installment, ...]) -> Outcome:
    balance = case.principal
    if len(planned) != len(case.schedule):
        return f"{len(planned)} installments, printed {len(case.schedule)}"
    for number, (row, printed) in enumerate(zip(planned, case.schedule, strict=True), start=1):
        balance -= row.principal
        own = Row(
            n=number,
            due=row.due_date,
            days=(row.due_date - row.start).days,
            principal_due=row.principal,
            interest_due=row.interest,
            total_due=row.principal + row.interest,
            balance=balance,
        )
        if own != printed:
            return f"computed {own}, printed {printed}"
    return MATCHED
