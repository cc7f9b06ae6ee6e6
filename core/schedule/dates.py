"""Due dates: every date is counted from the anchor and clamped to its month's end, never chained."""

from datetime import date
from typing import Final

from core.contract.terms import Terms, Unit

LAST_DUE: Final = date(9998, 12, 31)
"""No due date lies later, so that grace and reminder days after it are still dates."""
UNIT_DAYS: Final = {Unit.DAY: 1, Unit.WEEK: 7}
UNIT_MONTHS: Final = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
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
    return _clamped(year, month + 1, day) if 1 <= year <= LAST_DUE.year else None


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, day if day <= 28 else min(day, month_days(year, month)))


def due_dates(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    """Return the agreed due dates of all installments before business days move them; None if past LAST_DUE.

    Only the last may be out of order: where the contract pins it, it need not lie after the others.
    """
    dates = (_by_days if terms.unit in UNIT_DAYS else _by_months)(terms, disbursed_on)
    if dates is None or terms.last_due is None:
        return dates
    return (*dates[:-1], terms.last_due)


def _by_days(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    step = terms.every * UNIT_DAYS[terms.unit]
    first = disbursed_on.toordinal() + step if terms.first_due is None else terms.first_due.toordinal()
    last = first + step * (terms.installments - 1)
    if last > LAST_DUE.toordinal():
        return None
    return tuple(map(date.fromordinal, range(first, last + 1, step)))


def _by_months(terms: Terms, disbursed_on: date) -> tuple[date, ...] | None:
    step = terms.every * UNIT_MONTHS[terms.unit]
    first = terms.first_due or _first_due(terms, disbursed_on, step)
    if first is None or first > LAST_DUE:
        return None
    # Without a due day the disbursement is the anchor, so that 31 January gives 28 February and then 31 March.
    anchor = disbursed_on if terms.first_due is None else first
    day = terms.due_day or (31 if terms.month_end and ends_month(anchor) else anchor.day)
    if terms.due_day is None and terms.first_due is None and day > first.day:
        first = add_months(first, 0, day) or first
    last = first.year * 12 + first.month - 1 + (terms.installments - 1) * step
    if last // 12 > LAST_DUE.year:
        return None
    months = range(first.year * 12 + first.month - 1, last + 1, step)
    if day <= 28:
        return (first, *[date(month // 12, month % 12 + 1, day) for month in months[1:]])
    return (first, *[_clamped(month // 12, month % 12 + 1, day) for month in months[1:]])


def _first_due(terms: Terms, disbursed_on: date, step: int) -> date | None:
    """Return the date one period after disbursement, or the first due day on or after it."""
    first = add_months(disbursed_on, step, disbursed_on.day)
    if first is None or terms.due_day is None:
        return first
    due = add_months(first, 0, terms.due_day)
    return due if due is not None and due >= first else add_months(first, 1, terms.due_day)


def ends_month(day: date) -> bool:
    """Return whether the day is the last of its month."""
    return day.day == month_days(day.year, day.month)


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


def days_by_isda(start: date, end: date, matures: bool) -> int:
    """Return the days on the 30E/360 ISDA basis: the end of February is a 30th, unless the loan matures on it."""
    first = 30 if _ends_february(start) else min(start.day, 30)
    last = 30 if _ends_february(end) and not matures else min(end.day, 30)
    return _thirty(start, end, first, last)


def _thirty(start: date, end: date, first: int, last: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def _ends_february(day: date) -> bool:
    return day.month == 2 and ends_month(day)
