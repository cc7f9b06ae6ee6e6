"""Each span's exact interest on one unit, over one denominator for the whole loan."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from math import gcd, lcm

from msgspec import Struct

from core.contract.terms import PPB, RatePer, Terms
from core.schedule.calendars import shifted
from core.schedule.cycles import cycle_dates
from core.schedule.daycount import DAYS, YEAR_FRACTIONS, actual_days
from core.schedule.floating import Rates, is_constant, pieces
from core.schedule.interest import Ratio, bears, factor, yearly_ppb
from core.schedule.spans import Span


class Cut(Struct, frozen=True, gc=False):
    """The part of a span's interest before a day on which what bears it changes, and the change."""

    numerator: int
    paid_out: int
    """Principal paid out on the day."""
    rebased: bool
    """Whether a lagged base is set to the balance on the day."""


class Accruals(Struct, frozen=True):
    """Interest on one unit: whole numerators, one for each span, over one denominator."""

    numerators: list[int]
    whole: int
    cuts: dict[int, list[Cut]] = {}
    """The spans within which what bears interest changes; the parts add up to the span's numerator."""
    last_paid_out: int = -1
    """The last span within which principal is paid out."""


def accruals_of(
    terms: Terms,
    rates: Rates,
    spans: Sequence[Span],
    since: date,
    earned: Ratio = (0, 1),
    paid_out_by: date | None = None,
) -> Accruals:
    """Return the interest of spans, the first of which accrues from `since`; `earned` shares the denominator.

    Tranches up to `paid_out_by` (without it, up to `since`) are part of the balance already.
    """
    changes = terms.tranches or terms.interest_base or terms.interest_free or not is_constant(terms)
    if not changes and not earned[0] and since == spans[0].start:
        return Accruals(*_regular(terms, spans))
    return _cut(terms, rates, spans, since, earned[1], paid_out_by or since)


def _regular(terms: Terms, spans: Sequence[Span]) -> tuple[list[int], int]:
    ppb = yearly_ppb(terms.rate)
    if terms.rate.per is RatePer.DAY:
        whole, count = 1, DAYS.get(terms.day_count, actual_days)
    else:
        whole, count = YEAR_FRACTIONS[terms.day_count]
    numerators = [ppb * count(span) for span in spans]
    common = gcd(PPB * whole, *numerators)
    return [numerator // common for numerator in numerators], PPB * whole // common


def _cut(
    terms: Terms, rates: Rates, spans: Sequence[Span], since: date, denominator: int, paid_out_by: date
) -> Accruals:
    rebased = _base_resets(terms, spans)
    paid_out = {tranche.on: tranche.amount for tranche in terms.tranches if tranche.on > paid_out_by}
    days = sorted({*paid_out, *rebased})
    parts: dict[int, list[tuple[Ratio, int, bool]]] = {}
    for index, span in enumerate(spans):
        start, each = max(since, span.start), list[tuple[Ratio, int, bool]]()
        for day in days[bisect_left(days, start) : bisect_left(days, span.end)]:
            each.append((_interest(terms, rates, span, start, day), paid_out.get(day, 0), day in rebased))
            start = day
        # The last part changes nothing.
        parts[index] = [*each, (_interest(terms, rates, span, start, span.end), 0, False)]
    whole = lcm(denominator, *{ratio[1] for each in parts.values() for ratio, _, _ in each})
    cuts = {
        index: [Cut(top * (whole // bottom), amount, rebase) for (top, bottom), amount, rebase in each]
        for index, each in parts.items()
    }
    numerators = [sum(cut.numerator for cut in cuts[index]) for index in range(len(spans))]
    last = max((index for index, each in cuts.items() if any(cut.paid_out for cut in each)), default=-1)
    return Accruals(numerators, whole, {index: each for index, each in cuts.items() if len(each) > 1}, last)


def _base_resets(terms: Terms, spans: Sequence[Span]) -> frozenset[date]:
    if terms.interest_base is None:
        return frozenset()
    dates = cycle_dates(terms.interest_base, spans[0].start, spans[-1].end, terms.month_end)
    if terms.count_to_shifted:
        return frozenset(shifted(terms.business_days, terms.calendar, day) for day in dates)
    return frozenset(dates)


def _interest(terms: Terms, rates: Rates, span: Span, start: date, end: date) -> Ratio:
    if not bears(terms, span, span.number, start, end):
        return 0, 1
    return factor(terms.day_count, span, pieces(rates, start, end))
