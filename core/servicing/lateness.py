"""Conventions of lateness (loan_math section 7): which day is the first late one, what a penalty runs on, and how."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from core.account import Due, Loan
from core.contract.servicing import PenaltyBase
from core.contract.terms import PPB, Rate, Terms
from core.money import Minor, Rounding, divide
from core.servicing.accrual import penalty, penalty_ratio, penalty_year

PenaltyRow = tuple[int, date, date] | tuple[int, date, date, int | None, int, int]
"""Base, counted from, nothing up to; and where it has a cap or its own rate: the cap, the rate as a ratio per day."""


class RunningPenalty(Struct, frozen=True, gc=False):
    """A penalty that runs on an overdue installment: what the accrual of one loan and of the whole book read."""

    number: int
    """The installment's."""
    base: Minor
    since: date
    free_until: date
    """Nothing is owed up to this day; after it, all since `since`."""
    rate: Rate
    most: int | None = None
    """What a cap leaves to be charged."""
    compound: bool = False
    """Whether it is interest on overdue interest."""


def days_late(due_date: date, on: date, first_day: int) -> int:
    """Return how many days late something is; the due date itself is day `first_day` (0 or 1)."""
    return 0 if on < due_date else (on - due_date).days + first_day


def penalty_start(due_date: date, terms: Terms) -> date:
    """Return the day from which penalty days are counted, whatever the grace: the due date, or the day before."""
    return due_date - timedelta(days=1) if terms.penalty.both_ends else due_date


def overdue_base(due: Due, base: PenaltyBase) -> Minor:
    """Return what is unpaid of an installment and bears penalty."""
    match base:
        case PenaltyBase.PRINCIPAL | PenaltyBase.ALL_PRINCIPAL:
            return due.principal
        case PenaltyBase.PRINCIPAL_INTEREST:
            return Minor(due.principal + due.interest)
        case PenaltyBase.INSTALLMENT:
            return Minor(due.principal + due.interest + due.fee)


def running_penalties(loan: Loan, terms: Terms) -> Iterator[RunningPenalty]:
    """Yield the penalties that run on a loan's dues, oldest first; none on penalty itself."""
    oldest = next((due.number for due in loan.dues if due.principal or due.interest), None)
    for due in loan.dues:
        base = overdue_base(due, terms.penalty.base)
        if terms.penalty.base is PenaltyBase.ALL_PRINCIPAL:
            base = loan.principal if due.number == oldest else Minor(0)
        free_until = due.due_date + timedelta(days=terms.grace_days)
        if base and terms.penalty_rate.ppb:
            cap = terms.penalty.cap_ppb
            most = max(0, divide(base * cap, PPB, terms.rounding) - due.penalty_charged) if cap else None
            yield RunningPenalty(due.number, base, due.penalty_from, free_until, terms.penalty_rate, most)
        if due.interest and terms.compound_rate.ppb:
            since, rate = due.penalty_from, terms.compound_rate
            yield RunningPenalty(due.number, due.interest, since, free_until, rate, compound=True)


def penalty_rows(loan: Loan, terms: Terms) -> list[PenaltyRow]:
    """Return what the set-based accrual reads of the penalties that run on a loan."""
    if not terms.penalty_rate.ppb and not terms.compound_rate.ppb:
        return []
    return [_row(running, terms) for running in running_penalties(loan, terms)]


def _row(running: RunningPenalty, terms: Terms) -> PenaltyRow:
    if running.most is None and not running.compound:
        return running.base, running.since, running.free_until
    ratio = penalty_ratio(running.rate, penalty_year(terms.day_count))
    return running.base, running.since, running.free_until, running.most, *ratio


def accrued_penalty(running: RunningPenalty, terms: Terms, on: date) -> Minor:
    """Return what a penalty has accrued by a day and not yet charged."""
    if on <= running.free_until:
        return Minor(0)
    days = (on - running.since).days
    accrued = penalty(running.base, running.rate, days, terms.rounding, penalty_year(terms.day_count))
    return accrued if running.most is None else Minor(min(accrued, running.most))


def interest_by_day(balance: Minor, rate: Rate, days: int, rounding: Rounding, year: int) -> Minor:
    """Return the interest of so many days where every day's interest is rounded, as books that accrue daily have it."""
    return Minor(days * penalty(balance, rate, 1, rounding, year))
