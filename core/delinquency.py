"""How late a loan is: days past due, ageing state, and the penalty that runs meanwhile."""

from bisect import bisect_right
from datetime import date, timedelta
from typing import Final

from core.account import Bucket, Due, Loan
from core.accrual import penalty, penalty_year
from core.money import Minor
from core.terms import Terms

FIRST_DAY: Final = (0, 1, 31, 61, 91)
"""Days past due on which each ageing state begins, current first."""

ACTION: Final = {
    Bucket.CURRENT: "none",
    Bucket.M1: "message",
    Bucket.M2: "voice_call",
    Bucket.M3: "collector",
    Bucket.M4: "collector",
}
"""What collections does when a loan enters an ageing state."""


def days_past_due(loan: Loan, on: date) -> int:
    """Return days since the oldest unpaid due date; the due date itself is day 0."""
    if not loan.dues:
        return 0
    return max(0, (on - loan.dues[0].due_date).days)


def bucket_for(days: int, grace_days: int) -> Bucket:
    """Return the ageing state; inside grace a loan stays current."""
    if days <= grace_days:
        return Bucket.CURRENT
    return Bucket(bisect_right(FIRST_DAY, days) - 1)


def next_bucket_date(loan: Loan, grace_days: int) -> date | None:
    """Return the date on which the loan enters a worse ageing state if nothing is paid."""
    if not loan.dues or loan.bucket is Bucket.M4:
        return None
    days = max(FIRST_DAY[loan.bucket + 1], grace_days + 1)
    return loan.dues[0].due_date + timedelta(days=days)


def accrued_penalty(due: Due, terms: Terms, on: date) -> Minor:
    """Return penalty accrued and not yet charged; none inside grace, after it from the day after the due date."""
    if not terms.penalty_rate.ppb or not due.principal or (on - due.due_date).days <= terms.grace_days:
        return Minor(0)
    days = (on - due.penalty_from).days
    return penalty(due.principal, terms.penalty_rate, days, terms.rounding, penalty_year(terms.day_count))
