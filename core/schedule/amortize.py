"""Rows of principal and interest by method; every amount is rounded once and the last row takes the rest."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec.structs import replace

from core.contract.terms import Method, Terms
from core.money import divide
from core.schedule.accruals import accruals_of
from core.schedule.floating import Rates, has_changes, rates_of
from core.schedule.interest import Ratio
from core.schedule.level import level_of
from core.schedule.refusals import Refusal
from core.schedule.spans import AT_THE_END, Settles, Span
from core.schedule.walk import LEVEL, Part, Position, Walk, accrue, is_even, walk

Stage = tuple[int, int, bool]
"""A run of spans that keeps one level: the first, one after the last, and whether the level is solved for then."""
NOTHING: Final[Part] = (0, 0, 0)
WORK_MAX: Final = 720_000
"""Spans that a plan may look at to solve its levels: some two seconds of work."""


def amortize(
    terms: Terms,
    spans: Sequence[Span],
    principal: int,
    base: int,
    since: date,
    earned: Ratio,
    over: tuple[date, ...],
) -> list[Part] | Refusal:
    """Return the rows of a principal, outstanding since a day in the first span, by which this interest was earned.

    They are fewer than the spans if the balance clears early. `base` bears interest where it does not follow the
    balance. `over` are the agreed dates of a longer plan that the level is solved for.
    """
    rates = rates_of(terms, max(spans[-1].end, spans[-1].agreed))
    stages = _stages(terms, rates, spans)
    if len(stages) > 1 and _work(terms, spans, stages) > WORK_MAX:
        return Refusal.SCHEDULE_TOO_LONG
    accruals = accruals_of(terms, rates, spans, since, earned)
    fixed_base = terms.method is Method.FLAT or terms.interest_base is not None
    course = Walk(terms, rates, spans, accruals, fixed_base, is_even(terms, accruals), since)
    at = _begun(course, principal, base, earned)
    parts: list[Part] = []
    for index, stop, solves in stages:
        level = level_of(course, at, index, over) if solves else terms.agreed_installment or 0
        walked = None if level is None else walk(course, at, index, stop, level)
        if walked is None:
            return Refusal.PAYMENT_DOES_NOT_AMORTIZE
        parts += walked
        if at.balance == 0 == at.carried and stop > accruals.last_paid_out:
            break
    while len(parts) > 1 and parts[-1] == NOTHING:
        parts.pop()  # Interest that waited was less than half a unit.
    if terms.first_day_count is not None and spans[0].number == 1 and spans[0].settles is Settles.DUE:
        parts[0] = _by_days(course, parts[0], principal, base, since, earned)
        if parts[0][1] < 0:
            return Refusal.PAYMENT_DOES_NOT_AMORTIZE  # More waits, or becomes principal, than the days earn.
    return parts


def _begun(course: Walk, principal: int, base: int, earned: Ratio) -> Position:
    """Return where a walk begins."""
    carried = earned[0] * (course.accruals.whole // earned[1])
    return Position(principal, base if course.fixed_base else principal, carried)


def _by_days(course: Walk, first: Part, principal: int, base: int, since: date, earned: Ratio) -> Part:
    """Return the first row by its own day count: its total moves, principal is what the regular interest leaves."""
    terms = course.terms
    apart = replace(terms, day_count=terms.first_day_count or terms.day_count)
    own = replace(course, accruals=accruals_of(apart, course.rates, course.spans[:1], since, earned))
    interest = _of_first(own, principal, base, earned)
    if not first[0]:
        # What of the regular interest waits, or becomes principal, stays as it is.
        interest += first[1] - _of_first(course, principal, base, earned)
    return first[0], interest, first[2]


def _of_first(course: Walk, principal: int, base: int, earned: Ratio) -> int:
    """Return the interest of the first span."""
    at = _begun(course, principal, base, earned)
    accrue(course, at, 0)
    return divide(at.carried, course.accruals.whole, course.terms.rounding)


def work_of(terms: Terms, spans: Sequence[Span]) -> int:
    """Return how many spans a plan looks at to solve its levels."""
    return _work(terms, spans, _stages(terms, rates_of(terms, max(spans[-1].end, spans[-1].agreed)), spans))


def _work(terms: Terms, spans: Sequence[Span], stages: list[Stage]) -> int:
    return sum(solves for _, _, solves in stages) * len(spans) * (1 + terms.smoothing_rounds)


def _stages(terms: Terms, rates: Rates, spans: Sequence[Span]) -> list[Stage]:
    """Return the runs of spans that keep one level."""
    last = len(spans) - 1
    agreed = terms.agreed_installment is not None
    if spans[0].repays and not terms.tranches and not has_changes(terms):
        return [(0, last + 1, not agreed and last > 0)]
    first = next(index for index, span in enumerate(spans) if span.repays)
    turns = {0: False, first: not agreed and first < last}
    if terms.method not in AT_THE_END:
        keeps = agreed if terms.keep_installment is None else terms.keep_installment
        days = [] if agreed else [tranche.on for tranche in terms.tranches]
        if terms.method is LEVEL and not keeps:
            days += rates.starts
        if days:
            starts = [span.start for span in spans]
            at = (bisect_right(starts, day) - 1 for day in days)
            repaying = [index for index, span in enumerate(spans) if span.repays]
            # What changes between two installments is in the next one's level.
            turns |= {repaying[bisect_left(repaying, index)]: True for index in at if 0 <= index < last}
            turns |= {last: False}
    firsts = sorted(turns)
    return [(index, stop, turns[index]) for index, stop in zip(firsts, (*firsts[1:], last + 1), strict=True)]
