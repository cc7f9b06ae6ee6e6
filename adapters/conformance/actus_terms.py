"""What a contract of the ACTUS suite agrees, and the engine's terms for it."""

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from adapters.conformance.cases import MalformedCase
from core.contract.terms import (
    PPB,
    RATE_MAX,
    BusinessDays,
    Cycle,
    DayCount,
    Fixing,
    Floating,
    Method,
    Rate,
    Terms,
    Unit,
)
from core.schedule.cycles import cycle_date, cycle_dates
from core.schedule.daycount import Period, year_fraction

DAY_COUNTS: Final = {
    "A365": DayCount.ACT_365,
    "A360": DayCount.ACT_360,
    "30E360": DayCount.THIRTY_E_360,
    "AA": DayCount.ACT_ACT,
}
METHODS: Final = {
    "ANN": Method.EQUAL_INSTALLMENT,
    "NAM": Method.EQUAL_INSTALLMENT,
    "LAM": Method.EQUAL_PRINCIPAL,
    "PAM": Method.INTEREST_ONLY,
}
UNITS: Final = {
    "D": (1, Unit.DAY),
    "W": (1, Unit.WEEK),
    "M": (1, Unit.MONTH),
    "Q": (1, Unit.QUARTER),
    "H": (6, Unit.MONTH),
    "Y": (1, Unit.YEAR),
}
BUSINESS_DAYS: Final = {
    "F": BusinessDays.FOLLOWING,
    "P": BusinessDays.PRECEDING,
    "MF": BusinessDays.MODIFIED_FOLLOWING,
    "MP": BusinessDays.MODIFIED_PRECEDING,
}
CALENDARS: Final = {"MonFri": "weekends"}
ONE_DAY: Final = timedelta(days=1)


class GivenCycle(Struct, frozen=True):
    """How often a date recurs, and whether the last one before an end off the grid is dropped."""

    every: Annotated[int, Meta(ge=1)]
    unit: Literal["D", "W", "M", "Q", "H", "Y"]
    last_stub: Literal["long", "short"]


class RateReset(Struct, frozen=True):
    """A rate that follows an index."""

    first: date
    cycle: GivenCycle | None = None
    multiplier: Decimal = Decimal(1)
    spread: Decimal = Decimal(0)
    next_rate: Decimal | None = None
    floor: Decimal | None = None
    cap: Decimal | None = None
    index: list[tuple[date, Decimal]] = []


class Deal(Struct, frozen=True):
    """A purchase or a termination."""

    date: date
    price: Decimal


class ContractTerms(Struct, forbid_unknown_fields=True):
    """The terms that the engine covers; a contract with any other is unsupported."""

    start_date: date
    status_date: date
    notional: Decimal
    day_count: Literal["A365", "A360", "30E360", "AA"]
    annual_rate: Decimal = Decimal(0)
    first_interest_due: date | None = None
    interest_cycle: GivenCycle | None = None
    maturity_date: date | None = None
    amortization_date: date | None = None
    first_principal_due: date | None = None
    principal_cycle: GivenCycle | None = None
    payment: Decimal | None = None
    payment_means: str | None = None
    end_of_month_rule: Literal["SD", "EOM"] = "SD"
    interest_base: Literal["NT", "NTL"] = "NT"
    interest_base_amount: Decimal | None = None
    interest_base_first: date | None = None
    interest_base_cycle: GivenCycle | None = None
    business_day_rule: Literal["NOS", "SCF", "SCP", "SCMF", "SCMP", "CSF", "CSP", "CSMF", "CSMP"] = "NOS"
    calendar: Literal["none", "MonFri"] = "none"
    discount_at_start: Decimal = Decimal(0)
    accrued_at_start: Decimal | None = None
    capitalize_interest_until: date | None = None
    rate_reset: RateReset | None = None
    purchase: Deal | None = None
    termination: Deal | None = None
    horizon: date | None = None
    n_due_dates: int | None = None
    role_in_source: str | None = None
    end_of_day: list[str] = []


class Loan(Struct, frozen=True):
    """A contract in the engine's words."""

    terms: Terms
    dates: tuple[date, ...]
    """From when the contract runs, then the agreed due dates; the last is the maturity."""
    over: tuple[date, ...]
    """The agreed dates that a balloon's installment is solved for."""


def loan_of(kind: str, given: ContractTerms) -> Loan | None:
    """Return the engine's terms and dates for a contract; None where the engine has no such feature."""
    begin = max(given.start_date, given.status_date)
    due = _due_cycle(kind, given)
    maturity = given.maturity_date or given.amortization_date or _derived_maturity(kind, given, due, begin)
    if kind not in METHODS or maturity is None or maturity <= begin or abs(given.annual_rate) * PPB > RATE_MAX:
        return None
    listed = given.status_date <= given.start_date
    dates = tuple(day for day in _cycle_dates(given, due, begin, maturity) if day > begin or listed)
    if kind == "LAM" and given.payment is None:
        given = replace(given, payment=given.notional / (len(dates) + 1))
    terms = _terms(kind, given, due, begin, maturity)
    over: tuple[date, ...] = ()
    if given.amortization_date is not None and maturity < given.amortization_date:
        longer = _cycle_dates(given, due, begin, given.amortization_date)
        over = (*(day for day in longer if day >= begin), given.amortization_date)
    return Loan(terms, (begin, *dates, maturity), over)


def _terms(kind: str, given: ContractTerms, due: Cycle | None, begin: date, maturity: date) -> Terms:
    interest = _cycle(given.first_interest_due, given.interest_cycle)
    shift, counts = given.business_day_rule, given.business_day_rule.startswith("SC")
    base = None
    if given.interest_base == "NTL":
        base = _cycle(given.interest_base_first, given.interest_base_cycle) or Cycle(maturity)
    return Terms(
        principal=max(_minor(given.notional), 1),
        rate=Rate(_ppb(given.annual_rate)),
        installments=1,
        method=METHODS[kind],
        day_count=DAY_COUNTS[given.day_count],
        month_end=given.end_of_month_rule == "EOM",
        business_days=BusinessDays.NONE
        if given.calendar == "none"
        else BUSINESS_DAYS.get(shift[2:], BusinessDays.NONE),
        count_to_shifted=counts,
        calendar=CALENDARS.get(given.calendar, "weekends"),
        interest_cycle=None if interest == due else interest,
        agreed_installment=None if given.payment is None or kind == "PAM" else max(_minor(given.payment), 1),
        # The suite fixes an annuity's payment anew at each reset, and never one that may not cover the interest.
        keep_installment=kind == "NAM",
        negative_amortization=kind in ("ANN", "NAM"),
        capitalize_until=given.capitalize_interest_until,
        floating=None if given.rate_reset is None else _floating(given, given.rate_reset, begin, maturity),
        interest_base=base,
        interest_base_amount=None if given.interest_base_amount is None else _minor(given.interest_base_amount),
    )


def _floating(given: ContractTerms, reset: RateReset, begin: date, maturity: date) -> Floating | None:
    """Return the index rule from the first reset of the contract's life on; None if there is no reset in it."""
    cycle = _cycle(reset.first, reset.cycle) or Cycle(reset.first)
    days = (reset.first,) if reset.cycle is None else _cycle_dates(given, cycle, begin, maturity)
    days = tuple(day for day in days if day > given.status_date)
    if not days:
        return None
    # Where the only reset is to an agreed rate, the index is never read.
    agreed = reset.next_rate is not None and len(days) == 1
    return Floating(
        resets=replace(cycle, first=days[0]),
        fixings=tuple(Fixing(day, _ppb(value)) for day, value in reset.index if day <= days[-1] and not agreed),
        multiplier_ppb=_ppb(reset.multiplier),
        spread_ppb=_ppb(reset.spread),
        floor_ppb=-RATE_MAX if reset.floor is None else _ppb(reset.floor),
        cap_ppb=RATE_MAX if reset.cap is None else _ppb(reset.cap),
        next_rate=None if reset.next_rate is None else Rate(_ppb(reset.next_rate)),
    )


def _due_cycle(kind: str, given: ContractTerms) -> Cycle | None:
    """Return the cycle of the installments: of principal, or of interest where principal is due at maturity only."""
    if kind == "PAM":
        return _cycle(given.first_interest_due, given.interest_cycle)
    return _cycle(given.first_principal_due, given.principal_cycle) or _cycle(
        given.first_interest_due, given.interest_cycle
    )


def _cycle(first: date | None, given: GivenCycle | None) -> Cycle | None:
    if first is None or given is None:
        return None
    times, unit = UNITS[given.unit]
    return Cycle(first, given.every * times, unit, given.last_stub == "long")


def _cycle_dates(given: ContractTerms, cycle: Cycle | None, begin: date, end: date) -> tuple[date, ...]:
    if cycle is None:
        return ()
    if cycle.long_last and ("maturity_date" if given.maturity_date == end else "amortization_date") in given.end_of_day:
        # An end at midnight is off the grid, though the day that then begins may be on it.
        end -= ONE_DAY
    return cycle_dates(cycle, begin, end, given.end_of_month_rule == "EOM")


def _derived_maturity(kind: str, given: ContractTerms, due: Cycle | None, begin: date) -> date | None:
    """Return when the payment has repaid the loan; None where the contract says no such thing."""
    if due is None or given.payment is None or kind == "PAM":
        return None
    month_end, k = given.end_of_month_rule == "EOM", 0
    while (first := cycle_date(due, k, month_end)) is not None and first < begin:
        k += 1
    following = cycle_date(due, k + 1, month_end)
    if first is None or following is None:
        return None
    repaid = given.payment
    if kind != "LAM":
        top, whole = year_fraction(DAY_COUNTS[given.day_count], Period(first, following, 0, False))
        repaid -= given.notional * given.annual_rate * top / whole
    return cycle_date(due, k + ceil(given.notional / repaid) - 1, month_end) if repaid > 0 else None


def next_days(given: ContractTerms) -> ContractTerms:
    """Return the terms with the dates that end at midnight moved to the day that then begins."""
    for name in given.end_of_day:
        outer, _, inner = name.partition(".")
        value = getattr(given, outer, None)
        if isinstance(value, RateReset | Deal):
            inner = inner or ("first" if isinstance(value, RateReset) else "date")
            moved: object = replace(value, **{inner: _next_day(getattr(value, inner, None), name)})
        else:
            moved = _next_day(value, name)
        given = replace(given, **{outer: moved})
    return given


def _next_day(value: object, name: str) -> date:
    if not isinstance(value, date):
        raise MalformedCase(f"end_of_day names {name!r}, which is no date")
    return value + ONE_DAY


def _ppb(value: Decimal) -> int:
    """Return a fraction in the engine's parts per billion, to the nearest."""
    return int((value * PPB).to_integral_value(ROUND_HALF_EVEN))


def _minor(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value(ROUND_HALF_EVEN))
