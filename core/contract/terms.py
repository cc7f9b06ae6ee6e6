"""What borrower and lender agreed: the terms that a schedule, an allocation and a penalty follow."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from core.contract.servicing import (
    Fee,
    LateWaterfall,
    NonAccrual,
    PenaltyTerms,
    Prepayment,
    Recalculation,
    SourceWaterfall,
)
from core.contract.waterfall import Component, Waterfall
from core.money import AMOUNT_MAX, Minor, Rounding

INSTALLMENTS_MAX: Final = 600
PPB: Final = 10**9
"""Rates are whole parts per billion: 0.05 % a day is 500_000, 9.4822 % a year is 94_822_000."""

RATE_MAX: Final = 10 * PPB
"""No rate is above 1,000 %."""

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

    ppb: Annotated[int, Meta(ge=0, le=RATE_MAX)]
    per: RatePer = RatePer.YEAR


class Method(StrEnum):
    """How principal and interest are spread over the term (loan_math: schedule rules)."""

    EQUAL_INSTALLMENT = "equal_installment"
    EQUAL_PRINCIPAL = "equal_principal"
    INTEREST_ONLY = "interest_only"
    AT_MATURITY = "at_maturity"
    FLAT = "flat"
    PRINCIPAL_FIRST = "principal_first"
    """Equal principal, and all interest with the last installment."""


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
    THIRTY_E_ISDA_360 = "30e/360 isda"
    """As 30e/360, and the end of February counts as the 30th, except on the day the loan matures."""
    PERIOD = "period"
    """Every period counts as its nominal length (1/12 of a year a month, 30 days), whatever its real days."""
    PERIOD_364 = "period/364"
    """Nominal days over 364: a week is 1/52 of a year."""
    PERIOD_365 = "period/365"
    PERIOD_ACT = "period/act"
    """Nominal days over the length of the year in which they start; over New Year as ACT_ACT_DEC31."""
    PERIOD_ACT_JAN1 = "period/act jan1"
    """The same, over New Year as ACT_ACT."""
    PERIOD_FEB_29 = "period/act feb29"
    """Nominal days over 366 when the period holds a 29 February, else over 365."""


class Unit(StrEnum):
    """The unit of a repayment period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class BusinessDays(StrEnum):
    """Where a due date on a holiday goes; the modified rules stay within the month, else they go the other way."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified_preceding"


class BrokenPeriod(StrEnum):
    """What becomes of the interest for the days by which the first period is longer than one period."""

    WITHIN = "within"
    """Nothing apart: the first period's interest is for all of it."""
    UPFRONT = "upfront"
    """Due at disbursement, as an installment of its own."""
    FIRST = "first"
    """On top of the first installment."""
    SPREAD = "spread"
    """In equal parts on top of all installments."""


class Cycle(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Dates that recur: `first`, then every `every` units from it, counted from the anchor."""

    first: date
    every: Annotated[int, Meta(ge=1, le=366)] = 1
    unit: Unit = Unit.MONTH
    long_last: bool = False
    """Whether the last date before an end off the grid is left out (a long last period)."""


class RateStep(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A rate that holds from the interest of `start` on."""

    start: date
    rate: Rate


class Pause(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Days without interest: `start` is the first, `end` the day after the last."""

    start: date
    end: date


class Tranche(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A later part of the principal and the day it is paid out."""

    on: date
    amount: Amount


class Fixing(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The value of an index from a day on, in parts per billion a year."""

    on: date
    ppb: Annotated[int, Meta(ge=-RATE_MAX, le=RATE_MAX)]


class Floating(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A yearly rate that follows an index: multiplier times the last fixing, plus spread, reset on `resets`."""

    resets: Cycle
    fixings: tuple[Fixing, ...] = ()
    """What is known of the index, ascending. Before its first fixing a reset changes nothing."""
    multiplier_ppb: Annotated[int, Meta(ge=-RATE_MAX, le=RATE_MAX)] = PPB
    spread_ppb: Annotated[int, Meta(ge=-RATE_MAX, le=RATE_MAX)] = 0
    floor_ppb: Annotated[int, Meta(ge=0, le=RATE_MAX)] = 0
    cap_ppb: Annotated[int, Meta(ge=0, le=RATE_MAX)] = RATE_MAX
    next_rate: Rate | None = None
    """The rate of the first reset where it is agreed already."""


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
    last_due: date | None = None
    """The last due date where it lies off the grid: the last period is shorter or longer than the others."""
    month_end: bool = False
    """A grid anchored on the last day of a month stays on the last days (else 30 April gives 30 May)."""
    business_days: BusinessDays = BusinessDays.NONE
    count_to_shifted: bool = True
    """Interest runs to the day that a due date was moved to (else to the day it was moved from)."""
    calendar: Annotated[str, Meta(min_length=1, max_length=20, pattern=PRINTABLE)] = "weekends"
    """Which days are no business days: `weekends`, or those of a country, a part or a market: `CN`, `US-NY`, `ECB`."""
    interest_cycle: Cycle | None = None
    """When interest falls due, where that is not on the installments' due dates; always on the last one."""
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
    """The level installment (other methods: its principal part) where the contract states it, not solved."""
    smoothing_rounds: Annotated[int, Meta(ge=0, le=3)] = 0
    """How often the last installment's difference is spread over all (Fineract's progressive schedules: 3)."""
    negative_amortization: bool = False
    """Whether an agreed installment may be below the interest; the interest it leaves is added to principal."""
    balloon: Amount | None = None
    """Part of the principal that stays to the end and is due with the last installment."""
    amortize_over: Annotated[int, Meta(ge=1, le=INSTALLMENTS_MAX)] | None = None
    """The number of installments that the level is solved for, where more than fall due; the rest is a balloon."""
    amortize_until: date | None = None
    """The last date of that longer plan, where it lies off the grid."""
    principal_grace: Annotated[int, Meta(ge=0, le=INSTALLMENTS_MAX)] = 0
    """Installments at the start without principal."""
    interest_grace: Annotated[int, Meta(ge=0, le=INSTALLMENTS_MAX)] = 0
    """Installments at the start without interest; it accrues and is due with the first one after."""
    interest_free: Annotated[int, Meta(ge=0, le=INSTALLMENTS_MAX)] = 0
    """Periods at the start that bear no interest."""
    capitalize_grace: bool = False
    """Interest of the interest grace is added to principal on each due date, not carried."""
    capitalize_until: date | None = None
    """Interest falling due up to this day, and on it, is added to principal."""
    broken_period: BrokenPeriod = BrokenPeriod.WITHIN
    down_payment_ppb: Annotated[int, Meta(ge=0, lt=PPB)] = 0
    """Share of the principal due at disbursement; the schedule is made on the remainder."""
    tranches: tuple[Tranche, ...] = ()
    """Parts of the principal paid out after disbursement, ascending."""
    rate_steps: tuple[RateStep, ...] = ()
    """Rates agreed for later, ascending."""
    floating: Floating | None = None
    keep_installment: bool | None = None
    """Whether the installment stays when the rate changes, or is solved anew; without it, an agreed one stays."""
    pauses: tuple[Pause, ...] = ()
    interest_base: Cycle | None = None
    """When the base of interest is set to the balance, where that is not always (lagged base)."""
    interest_base_amount: Amount | None = None
    """The base before the first of those dates, where it is not the principal; a flat loan that changed has its own."""
    waterfall: Waterfall = Waterfall()
    source_waterfalls: Annotated[tuple[SourceWaterfall, ...], Meta(max_length=8)] = ()
    late_waterfalls: Annotated[tuple[LateWaterfall, ...], Meta(max_length=8)] = ()
    """The one with the most days past due that are reached counts, for every kind of money."""
    non_accrual: NonAccrual | None = None
    """None: interest is income as it is earned, however late the loan is."""
    credit_order: Annotated[tuple[Component, ...], Meta(max_length=4)] = ()
    """What a chargeback makes owed again first, as far as the payment had paid it; the rest is principal."""
    recalculation: Recalculation | None = None
    """None: the schedule stays as agreed, whatever is paid early or late."""
    prepayment: Prepayment = Prepayment()
    extensions_max: Annotated[int, Meta(ge=0, le=100)] = 1
    """How often the maturity may be extended."""
    backdate_days: Annotated[int, Meta(ge=0, le=3660)] = 366
    """How many days back a command on the loan may take effect."""
    penalty_rate: Rate = Rate(0)
    """Penalty interest while an installment is overdue, from the day after the due date."""
    penalty: PenaltyTerms = PenaltyTerms()
    """What the penalty rate is applied to."""
    compound_rate: Rate = Rate(0)
    """Compound interest on overdue interest, from the day after the due date; none on penalty."""
    cost_cap_ppb: Annotated[int, Meta(ge=0, le=RATE_MAX)] = 0
    """Cap on all costs together a year, in parts of the principal in use (cost.caps); fixed at signing, 0 for none."""
    fees: Annotated[tuple[Fee, ...], Meta(max_length=8)] = ()
    """Charged without anybody asking."""
    first_late_day: Annotated[int, Meta(ge=0, le=1)] = 0
    """Days past due that the due date itself counts as."""
    sweep_deposit_after_days: Annotated[int, Meta(ge=0, le=3660)] = 0
    """Days past due from which the security deposit pays what is overdue; 0: never."""
    collect_down_payment: bool = False
    """The down payment is collected at disbursement, without the borrower's doing."""
    grace_days: Annotated[int, Meta(ge=0, le=60)] = 0
    """Paid within this many days after the due date: no penalty, and the loan stays current."""
    reminder_days: Annotated[int, Meta(ge=0, le=30)] = 3


class Installment(Struct, frozen=True, array_like=True, gc=False):
    """One scheduled period: what falls due on `due_date` for the days since `start`."""

    start: date
    due_date: date
    principal: Minor
    interest: Minor
    capitalized: Minor = Minor(0)
    """Interest of the period that is added to principal on the due date instead of falling due."""


def installment_total(installment: Installment) -> Minor:
    """Return what the borrower pays for this installment if it is paid on time."""
    return Minor(installment.principal + installment.interest)
