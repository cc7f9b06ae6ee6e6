"""How late a loan is: days past due and ageing state."""

from bisect import bisect_right
from datetime import date, timedelta
from typing import Final

from core.account import Bucket, Loan
from core.contract.terms import Terms
from core.servicing.lateness import days_late

FIRST_DAY: Final = (0, 1, 31, 61, 91)
"""Days past due on which each ageing state begins, current first (lending_practice section 3)."""

ACTION: Final = {
    Bucket.CURRENT: "none",
    Bucket.M1: "message",
    Bucket.M2: "voice_call",
    Bucket.M3: "collector",
    Bucket.M4: "collector",
}
"""What collections does when a loan enters an ageing state."""


def overdue_since(loan: Loan) -> date | None:
    """Return the oldest unpaid due date, or the day on which a chargeback re-opened something earlier."""
    since = loan.dues[0].due_date if loan.dues else None
    if not loan.reopened:
        return since
    days = [reopened.on for reopened in loan.reopened if reopened.amount]
    return min(days, default=since) if since is None else min((since, *days))


def days_past_due(loan: Loan, on: date, first_day: int = 0) -> int:
    """Return days since what is unpaid fell due; the due date itself is day 0, or 1 where the terms say so."""
    since = overdue_since(loan)
    return 0 if since is None else days_late(since, on, first_day)


def bucket_for(days: int, grace_days: int) -> Bucket:
    """Return the ageing state; inside grace a loan stays current."""
    if days <= grace_days:
        return Bucket.CURRENT
    return Bucket(bisect_right(FIRST_DAY, days) - 1)


def next_lateness_date(loan: Loan, terms: Terms) -> date | None:
    """Return the date on which the loan ages, or leaves accrual, if nothing is paid."""
    days = (next_bucket_date(loan, terms), _non_accrual_date(loan, terms))
    return min((day for day in days if day is not None), default=None)


def begins_non_accrual(loan: Loan, terms: Terms, days: int) -> bool:
    """Return whether a loan that accrues is late enough to stop, at so many days past due."""
    return terms.non_accrual is not None and loan.non_accrual_since is None and days >= terms.non_accrual.days_past_due


def ends_non_accrual(loan: Loan, terms: Terms, days: int) -> bool:
    """Return whether a loan accrues again: no interest is overdue, and it is less late than what stopped it."""
    if loan.non_accrual_since is None:
        return False
    is_late = terms.non_accrual is not None and days >= terms.non_accrual.days_past_due
    return not is_late and not any(due.interest for due in loan.dues)


def _non_accrual_date(loan: Loan, terms: Terms) -> date | None:
    since = overdue_since(loan)
    if terms.non_accrual is None or since is None or loan.non_accrual_since is not None:
        return None
    return since + timedelta(days=terms.non_accrual.days_past_due - terms.first_late_day)


def next_bucket_date(loan: Loan, terms: Terms) -> date | None:
    """Return the date on which the loan enters a worse ageing state if nothing is paid."""
    since = overdue_since(loan)
    if since is None or loan.bucket is Bucket.M4:
        return None
    days = max(FIRST_DAY[loan.bucket + 1], terms.grace_days + 1)
    return since + timedelta(days=days - terms.first_late_day)
