"""Exact interest on a balance: for a whole period, or for part of one."""

from datetime import date
from math import lcm

from core.contract.terms import PPB, DayCount, Rate, RatePer, Terms
from core.schedule.daycount import Period, nominal_days, part_of
from core.schedule.floating import Piece, pieces, rates_of

Ratio = tuple[int, int]
"""A numerator and its denominator."""


def interest_between(
    terms: Terms, period_start: date, period_end: date, start: date, end: date, balance: int, number: int = 0
) -> Ratio:
    """Return the exact interest of `balance` from start to end, days within one period.

    The parts of a period add up to the whole, whatever the day count: a count by dates (actual, 30/360) takes what it
    counts up to the end less what it counts up to the start; a nominal period is shared by its real days. Steps of the
    rate and pauses within are honored. `number` is the installment's, from 1, where the terms treat it apart: a first
    period by actual days, periods free of interest, the last day of a 30E/360 ISDA loan. A period that business days
    left without days has no part but the whole.
    """
    period = Period(period_start, period_end, nominal_days(terms.every, terms.unit), number == terms.installments)
    if not bears(terms, period, number, start, end):
        return 0, 1
    first = terms.first_day_count if number == 1 else None
    numerator, denominator = factor(first or terms.day_count, period, pieces(rates_of(terms, end), start, end))
    return balance * numerator, denominator


def bears(terms: Terms, period: Period, number: int, start: date, end: date) -> bool:
    """Return whether days of a period can bear interest; one that business days left without days has only itself."""
    return not 0 < number <= terms.interest_free and (start < end or (start == end and period.start == period.end))


def factor(day_count: DayCount, period: Period, at_rates: list[Piece]) -> Ratio:
    """Return the exact interest on one unit for parts of a period."""
    total, whole = 0, 1
    for start, end, rate in at_rates:
        if rate is None:
            continue
        share, of = part_of(day_count, rate.per is RatePer.DAY, period, start, end)
        common = lcm(whole, of)
        total = total * (common // whole) + yearly_ppb(rate) * share * (common // of)
        whole = common
    return total, whole * PPB


def plus(one: Ratio, other: Ratio) -> Ratio:
    """Return the sum of two ratios."""
    if one[1] == other[1]:
        return one[0] + other[0], one[1]
    return one[0] * other[1] + other[0] * one[1], one[1] * other[1]


def yearly_ppb(rate: Rate) -> int:
    """Return the parts per billion for a whole year (of a rate per day: for a day)."""
    return rate.ppb * 12 if rate.per is RatePer.MONTH else rate.ppb
