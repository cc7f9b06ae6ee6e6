"""What borrower and lender agreed: the terms that a schedule, an allocation and a penalty follow."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from core.money import AMOUNT_MAX, Minor, Rounding
from core.waterfall import Waterfall

INSTALLMENTS_MAX: Final = 600
PPB: Final = 10**9
"""Rates are whole parts per billion: 0.05 % a day is 500_000, 9.4822 % a year is 94_822_000."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$(?!\n)"
"""Text that people wrote: without control characters, which the database refuses or terminals obey."""

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
"""A positive amount of minor units."""


class RatePer(StrEnum):
    """The time that a rate is quoted for."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class Rate(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An exact interest rate: `ppb` parts per billion for each `per`."""

    ppb: Annotated[int, Meta(ge=0, le=10 * PPB)]
    per: RatePer = RatePer.YEAR


class Method(StrEnum):
    """How principal and interest are spread over the term (loan_math: schedule rules)."""

    EQUAL_INSTALLMENT = "equal_installment"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    AT_MATURITY = "at_maturity"
    FLAT = "flat"


class DayCount(StrEnum):
    """How days become a fraction of a year (or a number of days, for a rate per day)."""

    ACT_365 = "act/365"
    ACT_360 = "act/360"
    ACT_364 = "act/364"
    ACT_ACT = "act/act"
    """Actual days over the length of their calendar year, cut at 1 January (ISDA)."""
    ACT_ACT_DEC31 = "act/act dec31"
    """The same, cut at 31 December (Fineract)."""
    FEB_29 = "act/act feb29"
    """Actual days over 366 when the period holds a 29 February, else over 365."""
    THIRTY_E_360 = "30e/360"
    THIRTY_US_360 = "30us/360"
    PERIOD = "period"
    """Every period counts as its nominal length (1/12 of a year a month, 30 days), whatever its real days."""
    PERIOD_364 = "period/364"
    """Nominal days over 364: a week is 1/52 of a year."""
    PERIOD_365 = "period/365"
    PERIOD_ACT = "period/act"
    """Nominal days over the length of the year in which they start; over New Year as ACT_ACT_DEC31."""


class Unit(StrEnum):
    """The unit of a repayment period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Terms(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The contract of one loan. A loan keeps the terms that it was signed under."""

    product: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)] = "loan"
    principal: Amount
    rate: Rate
    installments: Annotated[int, Meta(ge=1, le=INSTALLMENTS_MAX)]
    method: Method = Method.EQUAL_INSTALLMENT
    every: Annotated[int, Meta(ge=1, le=366)] = 1
    unit: Unit = Unit.MONTH
    first_due: date | None = None
    """The first due date; without it one period after disbursement (or the first `due_day` after that)."""
    due_day: Annotated[int, Meta(ge=1, le=31)] | None = None
    """Fixed day of the month, clamped to the month's end from this day, never chained."""
    day_count: DayCount = DayCount.PERIOD
    level_day_count: DayCount | None = None
    """Day count that the level installment is solved with, where it differs (cumulative schedules)."""
    first_day_count: DayCount | None = None
    """Day count of the first period's interest, where it differs (first period by actual days); principal stays."""
    rounding: Rounding = Rounding.HALF_UP
    installment_rounding: Rounding | None = None
    """Rounding of the level installment where it differs (some lenders round it up)."""
    installment_multiple: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)] = 1
    agreed_installment: Amount | None = None
    """The level installment (equal principal: its principal part) where the contract states it, not solved."""
    smoothing_rounds: Annotated[int, Meta(ge=0, le=3)] = 0
    """How often the last installment's difference is spread over all (Fineract's progressive schedules: 3)."""
    waterfall: Waterfall = Waterfall()
    penalty_rate: Rate = Rate(0)
    """Penalty interest on overdue principal, from the day after the due date."""
    grace_days: Annotated[int, Meta(ge=0, le=60)] = 0
    """Paid within this many days after the due date: no penalty, and the loan stays current."""
    reminder_days: Annotated[int, Meta(ge=0, le=30)] = 3


class Installment(Struct, frozen=True, array_like=True, gc=False):
    """One scheduled period: what falls due on `due_date` for the days since `start`."""

    start: date
    due_date: date
    principal: Minor
    interest: Minor


def installment_total(installment: Installment) -> Minor:
    """Return what the borrower pays for this installment if it is paid on time."""
    return Minor(installment.principal + installment.interest)
