"""Contracts in the terms of the ACTUS suite: dates and kinds exact, amounts within 0.01 for each due date so far."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from adapters.conformance.actus_terms import ONE_DAY, ContractTerms, Loan, loan_of, next_days
from adapters.conformance.cases import MATCHED, Outcome
from core.contract.terms import Installment
from core.schedule.cycles import cycle_dates
from core.schedule.dates import LAST_DUE
from core.schedule.interest import interest_between
from core.schedule.plan import Refusal, replan
from core.schedule.spans import Settles, Span, spans_of

TOLERANCE: Final = Decimal("0.01")
ORDER: Final = ("IED", "PR", "PRF", "IP", "IPCI", "RRF", "RR", "PRD", "TD", "IPCB", "MD")
"""What happens first on one day."""


class Event(Struct):
    """One row of the contract, in major units, lender's view."""

    date: date
    event: str
    payoff: Decimal
    notional_after: Decimal
    end_of_day: bool = False


class Contract(Struct):
    """A contract with its terms still undecoded."""

    type: str
    terms: Raw
    expected: list[Event]


def actus(raw: Raw) -> Outcome:
    """Compare the engine's schedule with the rows of one contract."""
    contract = msgspec.json.decode(raw, type=Contract)
    try:
        given = next_days(msgspec.json.decode(contract.terms, type=ContractTerms))
    except msgspec.ValidationError:
        return None
    loan = loan_of(contract.type, given)
    if loan is None:
        return None
    earned = ((given.accrued_at_start or Decimal(0)) * 100).as_integer_ratio()
    planned = replan(loan.terms, loan.terms.principal, loan.dates, earned=earned, over=loan.over)
    if isinstance(planned, Refusal):
        return f"refused: {planned}"
    spans = spans_of(loan.terms, loan.dates)
    own = _rows(given, loan, planned, spans)
    dues = sorted(span.due for span in spans)
    own = [event for event in _dealt(given, loan, planned, spans, own) if event.date <= (given.horizon or LAST_DUE)]
    running = given.status_date > given.start_date
    return _compare(own, _expected(contract), dues, given.notional if running else Decimal(0))


def _expected(contract: Contract) -> list[Event]:
    """Return the published rows; those at the end of a day belong to the next."""
    return [replace(row, date=row.date + ONE_DAY) if row.end_of_day else row for row in contract.expected]


def _rows(given: ContractTerms, loan: Loan, planned: tuple[Installment, ...], spans: list[Span]) -> list[Event]:
    """Return the schedule as contract events."""
    balance = loan.terms.principal
    events = []
    if given.status_date <= given.start_date:
        events = [Event(given.start_date, "IED", -(given.notional + given.discount_at_start), given.notional)]
    for row, span in zip(planned, spans, strict=False):
        added = row.capitalized if span.settles is not Settles.CAPITALIZED else 0
        after = balance - row.principal + added
        if span is spans[-1]:
            events.append(Event(span.due, "IP", _major(row.interest), _major(balance)))
            events.append(Event(span.due, "MD", _major(balance), Decimal(0)))
            break
        if span.repays:
            events.append(Event(span.due, "PR", _major(row.principal - added), _major(after)))
        if span.settles is Settles.CAPITALIZED:
            after += row.capitalized
            events.append(Event(span.due, "IPCI", Decimal(0), _major(after)))
        elif span.settles is Settles.DUE:
            events.append(Event(span.due, "IP", _major(row.interest + added), _major(after)))
        balance = after
    return sorted(events, key=_place)


def _dealt(
    given: ContractTerms, loan: Loan, planned: tuple[Installment, ...], spans: list[Span], rows: list[Event]
) -> list[Event]:
    """Return the rows from a purchase on and up to a termination, with those two at price and accrued interest."""
    for kind, deal, sign in (("PRD", given.purchase, -1), ("TD", given.termination, 1)):
        if deal is None:
            continue
        place = (deal.date, ORDER.index(kind))
        before = [row for row in rows if _place(row) < place]
        after = [row for row in rows if _place(row) > place]
        accrued = _accrued(given, loan, planned, spans, deal.date)
        payoff = sign * (deal.price - accrued if given.role_in_source == "RPL" else deal.price + accrued)
        if kind == "PRD":
            rows = [Event(deal.date, kind, payoff, before[-1].notional_after if before else given.notional), *after]
        else:
            rows = [*before, Event(deal.date, kind, payoff, Decimal(0))]
    return rows


def _accrued(
    given: ContractTerms, loan: Loan, planned: tuple[Installment, ...], spans: list[Span], on: date
) -> Decimal:
    """Return interest earned and not yet due on a day, unrounded."""
    terms, lagged = loan.terms, loan.terms.interest_base
    resets = cycle_dates(lagged, loan.dates[0], loan.dates[-1], terms.month_end) if lagged else ()
    balance = base = terms.principal
    if lagged and terms.interest_base_amount is not None:
        base = terms.interest_base_amount
    accrued = given.accrued_at_start or Decimal(0)
    for row, span in zip(planned, spans, strict=False):
        end = min(on, span.end)
        for start, stop in pairwise((span.start, *(day for day in resets if span.start <= day < end), end)):
            if not lagged or start in resets:
                base = balance
            top, whole = interest_between(terms, span.start, span.end, start, stop, base)
            accrued += Decimal(top) / Decimal(whole * 100)
        if span.end <= on and span.settles is not Settles.CARRIED:
            accrued = Decimal(0)
        balance += row.capitalized - row.principal
    return accrued


def _place(event: Event) -> tuple[date, int]:
    return event.date, ORDER.index(event.event) if event.event in ORDER else -1


def _major(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def _compare(own: list[Event], expected: list[Event], dues: list[date], notional: Decimal) -> Outcome:
    """Return the first difference; rows without cash and without change of notional may be missing on either side."""
    left = list(own)
    for event in expected:
        allowed = TOLERANCE * max(1, sum(1 for due in dues if due <= event.date))
        mine = next((each for each in left if (each.date, each.event) == (event.date, event.event)), None)
        if mine is None:
            if max(abs(event.payoff), abs(event.notional_after - notional)) > allowed:
                return f"{event.date} {event.event} is missing"
        else:
            left.remove(mine)
            off = max(abs(mine.payoff - event.payoff), abs(mine.notional_after - event.notional_after))
            if off > allowed:
                return f"{event.date} {event.event}: computed {mine.payoff}, published {event.payoff}, off {off}"
        notional = event.notional_after
    extra = next((event for event in left if event.payoff), None)
    return MATCHED if extra is None else f"{extra.date} {extra.event} is not published"
