"""The schedule of a loan: dated installments from its terms, or a stable code of why the terms give none."""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from core.amortize import amortize
from core.dates import due_dates
from core.daycount import Period, nominal_days
from core.money import AMOUNT_MAX, Minor
from core.terms import Installment, Method, Terms, Unit
from core.waterfall import Component


class Refusal(StrEnum):
    """Why terms give no schedule; stable codes, in order of precedence."""

    WATERFALL_INCOMPLETE = "waterfall_incomplete"
    DUE_DAY_WITHOUT_MONTHS = "due_day_without_months"
    FIRST_DUE_BEFORE_DISBURSEMENT = "first_due_before_disbursement"
    SCHEDULE_TOO_LONG = "schedule_too_long"
    PAYMENT_DOES_NOT_AMORTIZE = "payment_does_not_amortize"
    INSTALLMENT_TOO_LARGE = "installment_too_large"


class Summary(Struct, frozen=True):
    """Totals of a schedule, in minor units, as shown on a trial calculation."""

    installments: int
    first_due: date
    last_due: date
    first_total: Minor
    last_total: Minor
    principal: Minor
    interest: Minor
    total: Minor


@lru_cache(maxsize=1024)  # A loan is planned when it is booked, and again when it is disbursed soon after.
def plan(terms: Terms, disbursed_on: date) -> tuple[Installment, ...] | Refusal:
    """Return the schedule of a loan paid out on `disbursed_on`, or why its terms give none."""
    dates = _dates(terms, disbursed_on)
    return dates if isinstance(dates, Refusal) else plan_over(terms, dates)


def schedule(terms: Terms, disbursed_on: date) -> tuple[Installment, ...]:
    """Return the schedule of terms that `check_terms` accepts."""
    planned = plan(terms, disbursed_on)
    assert not isinstance(planned, Refusal), planned
    return planned


def check_terms(terms: Terms, disbursed_on: date) -> str | None:
    """Return the code of what is wrong with the terms, or None if they give a schedule."""
    planned = plan(terms, disbursed_on)
    return planned.value if isinstance(planned, Refusal) else None


def plan_over(terms: Terms, dates: tuple[date, ...]) -> tuple[Installment, ...] | Refusal:
    """Return the schedule over given dates: the disbursement, then each due date, strictly ascending."""
    periods = _periods(terms, dates)
    parts = amortize(terms, periods)
    if parts is None:
        return Refusal.PAYMENT_DOES_NOT_AMORTIZE
    if max(principal + interest for principal, interest in parts) > AMOUNT_MAX:
        return Refusal.INSTALLMENT_TOO_LARGE
    # zip stops at the row that clears the balance: after payoff there are no zero rows.
    return tuple(
        Installment(period.start, period.end, Minor(principal), Minor(interest))
        for period, (principal, interest) in zip(periods, parts, strict=False)
    )


def summary(installments: tuple[Installment, ...]) -> Summary:
    """Return the totals of a schedule."""
    first, last = installments[0], installments[-1]
    principal = sum(row.principal for row in installments)
    interest = sum(row.interest for row in installments)
    return Summary(
        installments=len(installments),
        first_due=first.due_date,
        last_due=last.due_date,
        first_total=Minor(first.principal + first.interest),
        last_total=Minor(last.principal + last.interest),
        principal=Minor(principal),
        interest=Minor(interest),
        total=Minor(principal + interest),
    )


def _dates(terms: Terms, disbursed_on: date) -> tuple[date, ...] | Refusal:
    order = terms.waterfall.order
    if len(order) != len(Component) or set(order) != set(Component):
        return Refusal.WATERFALL_INCOMPLETE
    if terms.due_day is not None and terms.unit in (Unit.DAY, Unit.WEEK):
        return Refusal.DUE_DAY_WITHOUT_MONTHS
    if terms.first_due is not None and terms.first_due <= disbursed_on:
        return Refusal.FIRST_DUE_BEFORE_DISBURSEMENT
    dues = due_dates(terms, disbursed_on)
    return Refusal.SCHEDULE_TOO_LONG if dues is None else (disbursed_on, *dues)


def _periods(terms: Terms, dates: tuple[date, ...]) -> list[Period]:
    nominal = nominal_days(terms.every, terms.unit)
    if terms.method is Method.AT_MATURITY:
        return [Period(dates[0], dates[-1], nominal * (len(dates) - 1))]
    return [Period(start, end, nominal) for start, end in pairwise(dates)]
