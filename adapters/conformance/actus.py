"""Contracts in the terms of the ACTUS suite: dates and kinds exact, amounts within 0.01 for each due date so far."""

from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.cases import MATCHED, Outcome, rate
from core.dates import LAST_DUE, add_months, month_days
from core.schedule import Refusal, plan_over
from core.terms import DayCount, Installment, Method, Terms

DAY_COUNTS: Final = {
    "A365": DayCount.ACT_365,
    "A360": DayCount.ACT_360,
    "30E360": DayCount.THIRTY_E_360,
    "AA": DayCount.ACT_ACT,
}
METHODS: Final = {
    "ANN": Method.EQUAL_INSTALLMENT,
    "LAM": Method.EQUAL_PRINCIPAL,
    "PAM": Method.INTEREST_ONLY,
}
MONTHS: Final = {"M": 1, "Q": 3, "H": 6, "Y": 12}
TOLERANCE: Final = Decimal("0.01")


class Cycle(Struct, frozen=True):
    """How often a date recurs, and whether the last one before an off-grid maturity is dropped."""

    every: int
    unit: Literal["D", "W", "M", "Q", "H", "Y"]
    last_stub: Literal["long", "short"]


class ContractTerms(Struct, forbid_unknown_fields=True):
    """The terms that the engine covers; a contract with any other is unsupported."""

    start_date: date
    status_date: date
    notional: Decimal
    annual_rate: Decimal
    day_count: str
    first_interest_due: date
    interest_cycle: Cycle
    maturity_date: date | None = None
    amortization_date: date | None = None
    first_principal_due: date | None = None
    principal_cycle: Cycle | None = None
    payment: Decimal | None = None
    payment_means: str | None = None
    end_of_month_rule: Literal["SD", "EOM"] = "SD"
    interest_base: Literal["NT"] = "NT"
    business_day_rule: Literal["NOS"] = "NOS"
    calendar: str = "none"
    discount_at_start: Decimal = Decimal(0)
    horizon: date | None = None
    n_due_dates: int | None = None
    role_in_source: str | None = None


class Event(Struct):
    """One row of the contract, in major units, lender's view."""

    date: date
    event: str
    payoff: Decimal
    notional_after: Decimal


class Contract(Struct):
    """A contract with its terms still undecoded."""

    type: str
    terms: Raw
    expected: list[Event]


def actus(raw: Raw) -> Outcome:
    """Compare the engine's schedule with the rows of one contract."""
    contract = msgspec.json.decode(raw, type=Contract)
    try:
        given = msgspec.json.decode(contract.terms, type=ContractTerms)
    except msgspec.ValidationError:
        return None
    terms, dates = _terms(contract.type, given), _dates(contract.type, given)
    if terms is None or dates is None:
        return None
    planned = plan_over(terms, dates)
    if isinstance(planned, Refusal):
        return f"refused: {planned}"
    return _compare(_rows(given, planned, dates[-1]), contract.expected, dates, given.horizon or LAST_DUE)


def _terms(kind: str, given: ContractTerms) -> Terms | None:
    """Return the engine's terms; None for a running contract, a balloon, or amounts finer than the engine's."""
    annual, principal = rate(given.annual_rate), given.notional * 100
    balloon = given.maturity_date is not None and given.amortization_date is not None
    running = given.status_date > given.start_date
    if (
        kind not in METHODS
        or annual is None
        or principal % 1
        or balloon
        or running
        or given.day_count not in DAY_COUNTS
    ):
        return None
    return Terms(
        principal=int(principal),
        rate=annual,
        installments=1,
        method=METHODS[kind],
        day_count=DAY_COUNTS[given.day_count],
        agreed_installment=None if given.payment is None else int((given.payment * 100).to_integral_value()),
    )


def _dates(kind: str, given: ContractTerms) -> tuple[date, ...] | None:
    """Return start and due dates; None where principal and interest run on different dates."""
    first, cycle = given.first_interest_due, given.interest_cycle
    if kind == "PAM" and first == given.start_date:
        # Interest due on the first day is zero, and the engine has no period without days.
        first = _cycle_date(given, 1) or first
    if kind != "PAM" and (given.first_principal_due, given.principal_cycle) != (first, cycle):
        return None
    maturity = given.maturity_date or given.amortization_date or _derived_maturity(kind, given)
    if maturity is None or not given.start_date < first <= maturity:
        return None
    grid: list[date] = []
    while (due := _cycle_date(given, len(grid))) is not None and due < maturity:
        grid.append(due)
    if cycle.last_stub == "long" and due != maturity and grid:
        grid.pop()
    return (given.start_date, *(due for due in grid if due > given.start_date), maturity)


def _derived_maturity(kind: str, given: ContractTerms) -> date | None:
    """Return when an agreed principal part has repaid the loan; None where the payment says no such thing."""
    if kind != "LAM" or given.payment is None:
        return None
    return _cycle_date(given, ceil(given.notional / given.payment) - 1)


def _cycle_date(given: ContractTerms, k: int) -> date | None:
    """Return the first interest date plus k cycles, from the anchor."""
    anchor, cycle = given.first_interest_due, given.interest_cycle
    if cycle.unit in MONTHS:
        at_end = given.end_of_month_rule == "EOM" and anchor.day == month_days(anchor.year, anchor.month)
        return add_months(anchor, k * cycle.every * MONTHS[cycle.unit], 31 if at_end else anchor.day)
    days = k * cycle.every * (7 if cycle.unit == "W" else 1)
    return anchor + timedelta(days=days) if (LAST_DUE - anchor).days >= days else None


def _rows(given: ContractTerms, planned: tuple[Installment, ...], maturity: date) -> list[Event]:
    """Return the schedule as contract events."""
    balance = int(given.notional * 100)
    events = [Event(given.start_date, "IED", -(given.notional + given.discount_at_start), given.notional)]
    for row in planned:
        after = balance - row.principal
        matures = row.due_date == maturity
        if row.principal:
            events.append(Event(row.due_date, "MD" if matures else "PR", _major(row.principal), _major(after)))
        events.append(Event(row.due_date, "IP", _major(row.interest), _major(balance if matures else after)))
        balance = after
    return events


def _major(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def _compare(own: list[Event], expected: list[Event], dates: tuple[date, ...], horizon: date) -> Outcome:
    """Return the first difference; rows without cash and without change of notional may be missing on either side."""
    left = {(event.date, event.event): event for event in own if event.date <= horizon}
    notional = Decimal(0)
    for event in expected:
        mine = left.pop((event.date, event.event), None)
        if mine is None:
            if event.payoff or event.notional_after != notional:
                return f"{event.date} {event.event} is missing"
        else:
            allowed = TOLERANCE * sum(1 for due in dates[1:] if due <= event.date)
            off = max(abs(mine.payoff - event.payoff), abs(mine.notional_after - event.notional_after))
            if off > allowed:
                return f"{event.date} {event.event}: computed {mine.payoff}, published {event.payoff}, off {off}"
        notional = event.notional_after
    extra = next((event for event in left.values() if event.payoff), None)
    return MATCHED if extra is None else f"{extra.date} {extra.event} is not published"
