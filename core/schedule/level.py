"""The level of a loan: the installment, or its principal part, that repays what is outstanding in what remains."""

import itertools
from datetime import date, timedelta
from math import gcd, lcm

from msgspec.structs import replace

from core.contract.terms import BusinessDays, Installment, Method, Rate, Terms, installment_total
from core.money import Minor, Rounding, divide, divide_to_multiple
from core.schedule.accruals import Accruals, Cut, accruals_of
from core.schedule.daycount import Period
from core.schedule.floating import Piece, Rates, at_rate, has_changes, pieces, rate_on, with_pauses
from core.schedule.interest import Ratio, factor, plus
from core.schedule.spans import nominal_of
from core.schedule.walk import LEVEL, Position, Walk, accrue, walk

Factors = tuple[list[int], int]
"""Each period's interest on one unit of principal: whole numerators over one denominator."""


def level_installment(
    owed: Ratio, factors: Factors, rounding: Rounding, multiple: int = 1, balloon: int = 0
) -> int | None:
    """Return the level that repays what is owed when the first falls due, in it and one more for each of the factors.

    Exact for unequal periods and for rate 0, then rounded; the balloon is left with the last. None if it is too large.
    """
    numerators, whole = factors
    # M = (owed * (1+f1)..(1+fm) - balloon) / (1 + (1+fm) + (1+fm)(1+fm-1) + ..), every term times a power of `whole`.
    growth = annuity = 1
    for numerator in reversed(numerators):
        growth *= whole + numerator
        annuity = annuity * whole + growth
    left = owed[0] * growth
    if balloon:
        left -= balloon * owed[1] * whole ** len(numerators)
    if left < 0:
        return None
    return _at_least_one(divide(left, owed[1] * annuity, rounding), 1, multiple, rounding)


def level_part(method: Method, row: Installment) -> Minor:
    """Return what of a row a level is: of equal installments all of it, otherwise its principal part."""
    return installment_total(row) if method is LEVEL else row.principal


def level_of(course: Walk, at: Position, index: int, over: tuple[date, ...]) -> int | None:
    """Return the level from a span on, at the rate that holds at its end; None if there is none.

    `over` are the agreed dates of a longer plan that the level is solved for; empty: the loan's own.
    """
    terms = course.terms
    rounding = terms.installment_rounding or terms.rounding
    if terms.method is not LEVEL:
        return _principal_part(course, at, index, over, rounding)
    held, now = _held(course, at, index)
    owed, after = _owed(course, held, now, index), _after(held, index, over)
    level = level_installment(owed, after, rounding, terms.installment_multiple, terms.balloon or 0)
    return _smoothed(held, now, index, level, rounding) if level and terms.smoothing_rounds else level


def _principal_part(course: Walk, at: Position, index: int, over: tuple[date, ...], rounding: Rounding) -> int | None:
    terms, span = course.terms, course.spans[index]
    now = replace(at)
    accrue(course, now, index)
    count = sum(each.repays for each in course.spans[index:])
    if over:
        count = sum(1 for day in over if day >= span.agreed)
    left = now.balance - (terms.balloon or 0)
    if left <= 0:
        return None
    return _at_least_one(left, count, terms.installment_multiple, rounding) or None


def _at_least_one(numerator: int, denominator: int, multiple: int, rounding: Rounding) -> int:
    """Return the nearest multiple; one where none is near: the loan is repaid at once, and not never."""
    nearest = divide_to_multiple(numerator, denominator, Minor(multiple), rounding)
    return multiple if multiple > 1 and numerator > 0 and not nearest else nearest


def _held(course: Walk, at: Position, index: int) -> tuple[Walk, Position]:
    """Return the walk as if the rate at the end of a span held for good, and the position in it."""
    terms, spans, actual = course.terms, course.spans, course.accruals
    if not has_changes(terms) or index == len(spans) - 1:
        return course, at
    period = spans[index]
    rate = rate_on(course.rates, max(period.start, period.end - timedelta(days=1)))
    if rate.per not in course.at_one:
        course.at_one[rate.per] = _at_constant(course, Rate(1, rate.per))
    rates, later = course.at_one[rate.per]
    common = gcd(rate.ppb, later.whole)
    whole = lcm(actual.whole, later.whole // common)
    now, then = whole // actual.whole, rate.ppb * whole // later.whole
    numerators = [0] * index + [actual.numerators[index] * now]
    numerators += [numerator * then for numerator in later.numerators[index + 1 :]]
    cuts = {each: [_scaled(cut, then) for cut in parts] for each, parts in later.cuts.items() if each > index}
    if index in actual.cuts:
        cuts[index] = [_scaled(cut, now) for cut in actual.cuts[index]]
    held = replace(
        course,
        terms=replace(terms, rate=rate, rate_steps=(), floating=None),
        rates=at_rate(rates, rate),
        accruals=Accruals(numerators, whole, cuts, actual.last_paid_out),
    )
    return held, replace(at, carried=at.carried * now)


def _at_constant(course: Walk, rate: Rate) -> tuple[Rates, Accruals]:
    """Return the interest of all spans if one rate held from the first on, apart from pauses."""
    terms = replace(course.terms, rate=rate, rate_steps=(), floating=None)
    rates = with_pauses(rate, {}, terms.pauses)
    return rates, accruals_of(terms, rates, course.spans, course.spans[0].start, paid_out_by=date.min)


def _scaled(cut: Cut, by: int) -> Cut:
    return Cut(cut.numerator * by, cut.paid_out, cut.rebased)


def _owed(course: Walk, held: Walk, at: Position, index: int) -> Ratio:
    """Return what is owed, interest included, when the first of the level falls due."""
    terms, span, whole = held.terms, held.spans[index], held.accruals.whole
    if held.even and terms.level_day_count is None:
        return at.balance * (whole + held.accruals.numerators[index]) + at.carried, whole
    now = replace(at)
    accrue(held, now, index)
    if terms.level_day_count is None and (span.agreed == span.end or not terms.count_to_shifted):
        return now.balance * whole + now.carried, whole
    # The level is agreed for the dates before business days move them; by its own day count for whole periods.
    start, end = span.start, max(span.start, span.agreed)
    since, carried = (start, 0) if terms.level_day_count is not None else (max(start, course.since), at.carried)
    period = Period(start, end, span.nominal, span.matures)
    owed: Ratio = now.balance * whole + carried, whole
    within = [each for each in terms.tranches if start <= each.on < span.end and each.on > course.since]
    for day, amount in [(since, at.base), *((each.on, each.amount) for each in within)]:
        until = max(day, min(end, span.end))
        at_rates = pieces(course.rates, day, until)
        if until < end:
            at_rates += pieces(held.rates, until, end)
        top, bottom = _of_period(terms, period, span.number, at_rates)
        owed = plus(owed, (amount * top, bottom))
    return owed


def _after(held: Walk, index: int, over: tuple[date, ...]) -> Factors:
    """Return the interest of the periods after the first of the level, between dates on which principal is repaid."""
    terms, spans, accruals = held.terms, held.spans, held.accruals
    if held.even and not over and terms.level_day_count is None:
        return accruals.numerators[index + 1 :], accruals.whole
    shifted = terms.business_days is not BusinessDays.NONE and terms.count_to_shifted
    if over or shifted or terms.level_day_count is not None:
        repaid = over or tuple(span.agreed for span in spans[index + 1 :] if span.repays)
        first = spans[index]
        return _between(held, [first.agreed, *(day for day in repaid if day > first.agreed)], first.number + 1)
    numerators: list[int] = []
    running = 0
    for span, numerator in zip(spans[index + 1 :], accruals.numerators[index + 1 :], strict=True):
        running += numerator
        if span.repays:
            numerators.append(running)
            running = 0
    return numerators, accruals.whole


def _between(held: Walk, days: list[date], number: int) -> Factors:
    """Return the interest between the agreed days of installments, the first of which is installment `number`."""
    terms = held.terms
    periods = [
        Period(start, end, nominal_of(terms, start, end), end == days[-1]) for start, end in itertools.pairwise(days)
    ]
    ratios = [
        _of_period(terms, period, each, pieces(held.rates, period.start, period.end))
        for each, period in enumerate(periods, number)
    ]
    whole = lcm(*(bottom for _, bottom in ratios))
    numerators = [top * (whole // bottom) for top, bottom in ratios]
    common = gcd(whole, *numerators)
    return [numerator // common for numerator in numerators], whole // common


def _of_period(terms: Terms, period: Period, number: int, at_rates: list[Piece]) -> Ratio:
    """Return the interest of an installment's period as its level counts it."""
    if number <= terms.interest_free:
        return 0, 1
    return factor(terms.level_day_count or terms.day_count, period, at_rates)


def _smoothed(held: Walk, at: Position, index: int, level: int, rounding: Rounding) -> int:
    """Spread what the last installment differs by over all of them, as long as that brings it closer."""
    terms, count = held.terms, len(held.spans) - index
    off = _last_off(held, at, index, level)
    for _ in range(terms.smoothing_rounds):
        if off is None or abs(off) <= count // 2:
            break
        share = divide(abs(off), count, rounding)
        moved = max(level + share if off > 0 else level - share, 0)
        moved = _at_least_one(moved, 1, terms.installment_multiple, rounding)
        again = _last_off(held, at, index, moved)
        if again is None or abs(again) >= abs(off):
            break
        level, off = moved, again
    return level


def _last_off(held: Walk, at: Position, index: int, level: int) -> int | None:
    """Return by how much the last installment is above the level; None if the level does not amortize.

    Of a loan that is repaid before, nothing is left for it.
    """
    parts = walk(held, replace(at), index, len(held.spans), level)
    if parts is None:
        return None
    last = parts[-1][0] + parts[-1][1] if len(parts) == len(held.spans) - index else 0
    return last - level - (held.terms.balloon or 0)
