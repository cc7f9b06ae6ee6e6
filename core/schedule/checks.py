"""What is wrong with terms before any amount is computed."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from core.contract.servicing import Fee, FeeWhen
from core.contract.terms import BusinessDays, Method, Terms
from core.contract.waterfall import Component, Waterfall, is_complete
from core.schedule.calendars import knows, shifted
from core.schedule.dates import UNIT_DAYS
from core.schedule.refusals import Refusal

_is_complete: Final = lru_cache(maxsize=256)(is_complete)
"""Loans have few waterfalls."""


def term_error(terms: Terms, disbursed_on: date) -> Refusal | None:
    """Return the first thing that is wrong with the terms themselves."""
    if not all(_is_complete(waterfall) for waterfall in _waterfalls(terms)):
        return Refusal.WATERFALL_INCOMPLETE
    if terms.due_day is not None and terms.unit in UNIT_DAYS:
        return Refusal.DUE_DAY_WITHOUT_MONTHS
    if terms.first_due is not None and terms.first_due < disbursed_on:
        return Refusal.FIRST_DUE_BEFORE_DISBURSEMENT
    if terms.business_days is not BusinessDays.NONE and not knows(terms.calendar):
        return Refusal.CALENDAR_UNKNOWN
    if max(terms.principal_grace, terms.interest_grace) >= terms.installments:
        return Refusal.GRACE_TOO_LONG
    if terms.recalculation is not None and (waits(terms) or _adds_interest(terms)):
        return Refusal.INTEREST_WAITS_AND_FOLLOWS
    if terms.fees and any(_is_wrong(fee) for fee in terms.fees):
        return Refusal.FEE_INVALID
    if _contradict(terms):
        return Refusal.TERMS_CONTRADICT
    if terms.rate_steps or terms.pauses or terms.floating is not None:
        wrong = _rate_error(terms)
        if wrong is not None:
            return wrong
    return _paid_out_error(terms) if terms.tranches or terms.balloon is not None else None


def _waterfalls(terms: Terms) -> Iterable[Waterfall]:
    """Return every order of allocation that the terms have."""
    yield terms.waterfall
    yield from (each.waterfall for each in terms.source_waterfalls)
    yield from (each.waterfall for each in terms.late_waterfalls)
    if terms.non_accrual is not None and terms.non_accrual.waterfall is not None:
        yield terms.non_accrual.waterfall


def _contradict(terms: Terms) -> bool:
    """Return whether one term leaves another without effect, or without a meaning."""
    floating, prepayment = terms.floating, terms.prepayment
    return (
        (terms.balloon is not None and terms.agreed_installment is not None)
        or (terms.amortize_over is not None and terms.amortize_over < terms.installments)
        or (floating is not None and floating.floor_ppb > floating.cap_ppb)
        or 0 < prepayment.most < prepayment.least
        # All that falls due at maturity is earned in one period, which bears interest or does not.
        or (terms.method is Method.AT_MATURITY and 0 < terms.interest_free < terms.installments)
        # Interest that does not look at what is outstanding follows no payment.
        or (terms.recalculation is not None and (terms.method is Method.FLAT or terms.interest_base is not None))
        or not _distinct([each.source for each in terms.source_waterfalls])
        or not _distinct([each.days_past_due for each in terms.late_waterfalls])
        or not _distinct(terms.credit_order)
    )


def _distinct(values: Sequence[object]) -> bool:
    return len(values) == len(set(values))


def waits(terms: Terms) -> bool:
    """Return whether some interest falls due later than with the period in which it is earned."""
    return bool(terms.interest_grace) or terms.method is Method.PRINCIPAL_FIRST or terms.interest_cycle is not None


def _adds_interest(terms: Terms) -> bool:
    """Return whether interest is added to principal by itself."""
    return terms.capitalize_until is not None or terms.negative_amortization


def date_error(terms: Terms, disbursed_on: date, dates: Sequence[date]) -> Refusal | None:
    """Return what is wrong with terms once their agreed due dates are known."""
    if terms.last_due is not None and terms.last_due <= max((disbursed_on, *dates[-2:-1])):
        return Refusal.DATES_OUT_OF_ORDER
    if terms.tranches:
        # Business days may move the end of the loan before the agreed one.
        end = min(dates[-1], shifted(terms.business_days, terms.calendar, dates[-1]))
        if not disbursed_on < terms.tranches[0].on <= terms.tranches[-1].on < end:
            return Refusal.TRANCHES_INVALID
    return None


def _is_wrong(fee: Fee) -> bool:
    return (
        fee.component not in (Component.FEE, Component.PENALTY)
        or not (fee.price.flat or fee.price.share_ppb)
        or (fee.when is FeeWhen.DATE) is (fee.on is None)
    )


def _rate_error(terms: Terms) -> Refusal | None:
    fixings = terms.floating.fixings if terms.floating is not None else ()
    if not _ascend(step.start for step in terms.rate_steps) or not _ascend(fixing.on for fixing in fixings):
        return Refusal.RATES_OUT_OF_ORDER
    if any(pause.end <= pause.start for pause in terms.pauses):
        return Refusal.PAUSE_WITHOUT_DAYS
    return None


def _paid_out_error(terms: Terms) -> Refusal | None:
    if not _ascend(tranche.on for tranche in terms.tranches):
        return Refusal.TRANCHES_INVALID
    if sum(tranche.amount for tranche in terms.tranches) >= terms.principal:
        return Refusal.TRANCHES_INVALID
    return Refusal.BALLOON_TOO_LARGE if terms.balloon is not None and terms.balloon >= terms.principal else None


def _ascend(days: Iterable[date]) -> bool:
    return all(earlier < later for earlier, later in pairwise(days))
