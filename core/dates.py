"""Due dates: every date is counted from the anchor and clamped to its month's end, never chained."""

from datetime import date, timedelta
from typing import Final

from core.terms import Terms, Unit

LAST_DUE: Final = date(9998, 12, 31)
"""No due date lies later, so that grace and reminder days after it are still dates."""
MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Return whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """Return the length of the month in days."""
    return 29 if month == 2 and is_leap(year) else MONTH_DAYS[month - 1]


def add_months(anchor: date, months: int, day: int) -> date | None:
    """Return `day` of the month that is `months` after the anchor's, clamped to its end; None past LAST_DUE."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if year > LAST_DUE.year:
        return None
    return date(year, month + 1, day if day <= 28 else min(day, month_days(year, month + 1)))


def due_dates(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    """Return the due dates of all installments, ascending; None if they run past LAST_DUE."""
    if terms.unit is Unit.DAY or terms.unit is Unit.WEEK:
        return _by_days(terms, disbursed_on)
    return _by_months(terms, disbursed_on)


def _by_days(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    step = terms.every * (7 if terms.unit is Unit.WEEK else 1)
    first = disbursed_on.toordinal() + step if terms.first_due is None else terms.first_due.toordinal()
    last = first + step * (terms.installments - 1)
    if last > LAST_DUE.toordinal():
        return None
    return tuple(map(date.fromordinal, range(first, last + 1, step)))


def _by_months(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    step = terms.every * (12 if terms.unit is Unit.YEAR else 1)
    first = terms.first_due or _first_due(terms, disbursed_on, step)
    if first is None or first > LAST_DUE:
        return None
    # Without a due day the disbursement is the anchor, so that 31 January gives 28 February and then 31 March.
    day = terms.due_day or (disbursed_on.day if terms.first_due is None else first.day)
    dates = [first]
    for k in range(1, terms.installments):
        due = add_months(first, k * step, day)
        if due is None:
            return None
        dates.append(due)
    return tuple(dates)


def _first_due(terms: Terms, disbursed_on: date, step: int) -> date | None:
    """Return the date one period after disbursement, or the first due day on or after it."""
    first = add_months(disbursed_on, step, disbursed_on.day)
    if first is None or terms.due_day is None:
        return first
    due = add_months(first, 0, terms.due_day)
    return due if due is not None and due >= first else add_months(first, 1, terms.due_day)


def days_by_month_ends(start: date, end: date) -> int:
    """Return the days from start to end, the start counted and the end not (30E/360): every month has 30."""
    return _thirty(start, end, min(start.day, 30), min(end.day, 30))


def days_by_bond_basis(start: date, end: date) -> int:
    """Return the days from start to end on the US 30/360 basis, with its rules for the end of February."""
    first, last = start.day, end.day
    if _ends_february(start):
        first = 30
        if _ends_february(end):
            last = 30
    if last == 31 and first >= 30:
        last = 30
    return _thirty(start, end, min(first, 30), last)


def _thirty(start: date, end: date, first: int, last: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def _ends_february(day: date) -> bool:
    return day.month == 2 and (day + timedelta(days=1)).month == 3
