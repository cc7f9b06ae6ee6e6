"""The walk through a loan's spans: interest accrues, falls due, waits or is added to principal; principal is repaid."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from core.contract.terms import Method, RatePer, Terms
from core.money import divide
from core.schedule.accruals import Accruals
from core.schedule.floating import Rates
from core.schedule.spans import Settles, Span, is_plain

Part = tuple[int, int, int]
"""Principal, interest, and interest added to principal, of one row in minor units."""
LEVEL: Final = Method.EQUAL_INSTALLMENT
DUE: Final = Settles.DUE


class Position(Struct):
    """What is outstanding at a point of the walk."""

    balance: int
    base: int
    """What bears interest: the balance, unless the terms set it apart."""
    carried: int
    """Interest earned and not settled, over the accruals' denominator."""
    waits: bool = False
    """Whether interest of earlier spans was carried, so that the next installment may not cover it."""
    short: int = 0
    """The level that did not cover the interest of a row, until principal is repaid again; 0: none."""


class Walk(Struct, frozen=True):
    """What a loan's rows follow from, besides the level."""

    terms: Terms
    rates: Rates
    spans: Sequence[Span]
    accruals: Accruals
    fixed_base: bool
    """Whether the base of interest does not follow the balance."""
    even: bool
    """Whether every row is interest on the balance, and a principal part."""
    since: date
    """The day in the first span from which it accrues; what was earned before is carried."""
    at_one: dict[RatePer, tuple[Rates, Accruals]] = {}
    """A constant rate of one part per billion, and each span's interest at it, once a level was asked for."""


def is_even(terms: Terms, accruals: Accruals) -> bool:
    """Return whether every row of such a loan is interest on the balance, and a principal part."""
    return (
        terms.method in (LEVEL, Method.EQUAL_PRINCIPAL)
        and is_plain(terms)
        and not accruals.cuts
        and terms.interest_base is None
        and not terms.negative_amortization
    )


def walk(course: Walk, at: Position, start: int, stop: int, level: int) -> list[Part] | None:
    """Move through spans and return their rows, up to the one that clears the loan; None if it does not amortize.

    `level` is the installment of a loan of equal installments, otherwise its principal part.
    """
    if course.even:
        return _walk_evenly(course, at, start, stop, level)
    terms, accruals, spans = course.terms, course.accruals, course.spans
    whole, follows = accruals.whole, not course.fixed_base
    paid_out, last, at_end = accruals.last_paid_out, len(spans) - 1, terms.method is Method.PRINCIPAL_FIRST
    parts: list[Part] = []
    for index in range(start, stop):
        accrue(course, at, index)
        # With the last principal all interest that was left to the end falls due, whatever dates would follow.
        if index == last or (at_end and spans[index].repays and level >= at.balance and index >= paid_out):
            part: Part | None = _last(terms, at, whole)
        else:
            part = _settle(terms, at, spans[index], level, whole)
        if part is None:
            return None
        parts.append(part)
        at.balance += part[2] - part[0]
        if follows:
            at.base = at.balance
        if at.balance == 0 == at.carried and index >= paid_out:
            break
    return parts


def _walk_evenly(course: Walk, at: Position, start: int, stop: int, level: int) -> list[Part] | None:
    """Do the same without a look at what each span settles: most loans are even, and this is most of their cost."""
    whole, rounding, last = course.accruals.whole, course.terms.rounding, len(course.spans) - 1
    balance, carried, is_level, short = at.balance, at.carried, course.terms.method is LEVEL, at.short
    parts: list[Part] = []
    for numerator in course.accruals.numerators[start : min(stop, last)]:
        interest = divide(carried + balance * numerator, whole, rounding)
        principal = level - interest if is_level else level
        if principal <= 0:
            if level <= 0:
                return None
            parts.append((0, level, 0))
            carried, short = (interest - level) * whole, level
            continue
        carried = short = 0
        if principal >= balance:
            parts.append((balance, interest, 0))
            at.balance = at.base = at.carried = at.short = 0
            return parts
        parts.append((principal, interest, 0))
        balance -= principal
    at.balance, at.carried, at.short = balance, carried, short
    if stop > last:
        at.carried += balance * course.accruals.numerators[last]
        part = _last(course.terms, at, whole)
        if part is None:
            return None
        parts.append(part)
        at.balance = 0
    at.base = at.balance
    return parts


def _last(terms: Terms, at: Position, whole: int) -> Part | None:
    """Return the last row, which takes the rest; None if the level of the rows before never got to the principal."""
    interest = divide(at.carried, whole, terms.rounding)
    at.carried = 0
    if at.short and at.balance + interest - (terms.balloon or 0) > 2 * at.short:
        return None
    return at.balance, interest, 0


def accrue(course: Walk, at: Position, index: int) -> None:
    """Add a span's interest to what is carried, and pay out what is paid out within it."""
    accruals = course.accruals
    if index not in accruals.cuts:
        at.carried += at.base * accruals.numerators[index]
        return
    for cut in accruals.cuts[index]:
        at.carried += at.base * cut.numerator
        at.balance += cut.paid_out
        if cut.rebased or not course.fixed_base:
            at.base = at.balance
        else:
            at.base += cut.paid_out


def _settle(terms: Terms, at: Position, span: Span, level: int, whole: int) -> Part | None:
    """Settle a span's interest and repay principal."""
    if span.settles is not DUE or not span.repays:
        return _settle_apart(terms, at, span, level, whole)
    interest = divide(at.carried, whole, terms.rounding)
    waited, at.waits, at.carried = at.waits, False, 0
    principal = level - interest if terms.method is LEVEL else level
    if principal > 0:
        at.short = 0
        return min(principal, at.balance), interest, 0
    if terms.negative_amortization:
        return 0, level, -principal
    if waited or at.balance == 0:
        return 0, interest, 0
    if level <= 0:
        return None
    # What the level leaves of the interest waits for the next row, and bears none.
    at.carried, at.short = -principal * whole, level
    return 0, level, 0


def _settle_apart(terms: Terms, at: Position, span: Span, level: int, whole: int) -> Part:
    """Settle a span after which not both of interest and principal fall due."""
    settles = span.settles
    counted = 0 if settles is Settles.DEFERRED else divide(at.carried, whole, terms.rounding)
    interest = counted if settles is DUE else 0
    capitalized = counted if settles is Settles.CAPITALIZED else 0
    if settles is DUE or settles is Settles.CAPITALIZED:
        at.carried = 0
    at.waits = at.carried > 0
    principal = 0
    if span.repays:
        principal = max(0, level - counted) if terms.method is LEVEL else level
    return min(principal, at.balance), interest, capitalized
