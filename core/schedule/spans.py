"""The spans of a loan: the days between two due dates, and what falls due at their end."""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from core.contract.terms import BusinessDays, Method, Terms
from core.schedule.calendars import shifted
from core.schedule.cycles import cycle_dates, dates_between
from core.schedule.dates import UNIT_DAYS, days_by_month_ends
from core.schedule.daycount import Period, nominal_days

SPANS_MAX: Final = 1_200
"""Due dates of installments and of interest together; also dates of a cycle, and entries of a list of changes."""
AT_THE_END: Final = frozenset({Method.INTEREST_ONLY, Method.AT_MATURITY})
"""Methods that repay principal with the last installment only."""
APART: Final = AT_THE_END | {Method.PRINCIPAL_FIRST}
"""Methods that do not pay interest and principal together."""


class Settles(IntEnum):
    """What becomes of the interest at the end of a span; where two dates fall on one day, the first of these."""

    DUE = 0
    CAPITALIZED = 1
    DEFERRED = 2
    """Grace: the interest waits for the first installment after, and counts against nothing before."""
    CARRIED = 3
    """It is no interest date: the interest waits for the next one, and counts against a level installment."""


class Span(Period, frozen=True, gc=False):
    """The days up to one due date: those that interest is counted for, as a period, and what falls due."""

    paid_from: date
    """When the span before it is paid."""
    due: date
    """When it is paid, business days considered."""
    agreed: date
    """When it would be paid without them."""
    number: int
    """Of the installment that the span leads to, from 1."""
    repays: bool = True
    settles: Settles = Settles.DUE


def is_too_long(terms: Terms, start: date, end: date) -> bool:
    """Return whether terms list more changes than SPANS_MAX, or have more dates in a loan's days that recur."""
    if len(terms.rate_steps) > SPANS_MAX or len(terms.pauses) > SPANS_MAX or len(terms.tranches) > SPANS_MAX:
        return True
    if (floating := terms.floating) is not None:
        resets = dates_between(floating.resets, floating.resets.first, end)
        if max(len(floating.fixings), resets) > SPANS_MAX:
            return True
    cycles = terms.interest_cycle, terms.interest_base
    return cycles != (None, None) and any(
        cycle is not None and dates_between(cycle, start, end) > SPANS_MAX for cycle in cycles
    )


def is_plain(terms: Terms) -> bool:
    """Return whether every span is a whole period, after which interest and principal fall due."""
    return (
        terms.method not in APART
        and terms.business_days is BusinessDays.NONE
        and terms.interest_cycle is None
        and terms.last_due is None
        and terms.capitalize_until is None
        and not terms.principal_grace
        and not terms.interest_grace
    )


def spans_of(terms: Terms, dates: Sequence[date], number: int = 1) -> list[Span]:
    """Return the spans over a start and agreed due dates, of which the first is installment `number`."""
    if is_plain(terms) and dates[0] < dates[1]:
        nominal, last = nominal_days(terms.every, terms.unit), dates[-1]
        return [
            Span(start, end, nominal, end is last, start, end, end, each)
            for each, (start, end) in enumerate(pairwise(dates), number)
        ]
    return _shaped(terms, dates, number)


def _shaped(terms: Terms, dates: Sequence[date], number: int) -> list[Span]:
    periods = 1
    if terms.method is Method.AT_MATURITY:
        periods, dates = len(dates) - 1, (dates[0], dates[-1])
    on_dates = interest_dates(terms, dates[0], dates[-1])
    ends = dates[1:] if on_dates is None else sorted({*dates[1:], *on_dates})
    installments = frozenset(dates[1:])
    spans: list[Span] = []
    paid = counted = before = dates[0]
    for end in ends:
        last, repays = end == dates[-1], end in installments
        due = shifted(terms.business_days, terms.calendar, end)
        counted_to = due if terms.count_to_shifted else end
        # An installment agreed for the day of the payout has no period; one that business days leave without days has.
        nominal = 0 if end == before and number == 1 else nominal_of(terms, before, end, periods)
        settles = Settles.DUE if last else _settles(terms, end, number, on_dates)
        principal = last or (repays and _repays(terms, number))
        span = Span(counted, counted_to, nominal, last, paid, due, end, number, principal, settles)
        if spans and counted_to == counted and not (repays and spans[-1].agreed in installments):
            spans[-1] = _joined(spans[-1], span, repays)
        else:
            spans.append(span)
        paid, counted, before = due, counted_to, end
        number += repays
    return spans


def _joined(first: Span, second: Span, repays: bool) -> Span:
    """Return one span for an installment and an interest date that business days moved to the same day."""
    main = second if repays else first
    return replace(
        first,
        nominal=first.nominal + second.nominal,
        matures=second.matures,
        agreed=main.agreed,
        number=main.number,
        repays=first.repays or second.repays,
        settles=min(first.settles, second.settles),
    )


def interest_dates(terms: Terms, start: date, end: date) -> frozenset[date] | None:
    """Return the agreed dates on which interest settles; None where they are those of the installments."""
    until = terms.capitalize_until
    if terms.interest_cycle is None and until is None:
        return None
    dates = () if terms.interest_cycle is None else cycle_dates(terms.interest_cycle, start, end, terms.month_end)
    stop = () if until is None else (until,)
    return frozenset(day for day in (*dates, *stop) if start < day < end)


def _repays(terms: Terms, number: int) -> bool:
    return number > terms.principal_grace and terms.method not in AT_THE_END


def _settles(terms: Terms, end: date, number: int, on_dates: frozenset[date] | None) -> Settles:
    """Return what becomes of the interest on an agreed due date other than the last."""
    if terms.method is Method.PRINCIPAL_FIRST:
        return Settles.DEFERRED
    if on_dates is not None and terms.interest_cycle is not None and end not in on_dates:
        return Settles.CARRIED
    if terms.capitalize_until is not None and end <= terms.capitalize_until:
        return Settles.CAPITALIZED
    if number <= terms.interest_grace:
        return Settles.CAPITALIZED if terms.capitalize_grace else Settles.DEFERRED
    return Settles.DUE


def nominal_of(terms: Terms, start: date, end: date, periods: int = 1) -> int:
    """Return the days of nominal periods between agreed dates; off the grid 30 a month (days and weeks: real ones)."""
    until = terms.capitalize_until
    if terms.interest_cycle is None and end != terms.last_due and (until is None or until not in (start, end)):
        return nominal_days(terms.every, terms.unit) * periods
    if terms.unit in UNIT_DAYS:
        return end.toordinal() - start.toordinal()
    return days_by_month_ends(start, end)
