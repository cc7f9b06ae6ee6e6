"""What of a running loan can be changed, as it is asked for and recorded."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from core.contract.terms import INSTALLMENTS_MAX, RATE_MAX, Amount, Rate, Unit

Count = Annotated[int, Meta(ge=1, le=INSTALLMENTS_MAX)]


class Effect(StrEnum):
    """What follows from less (or more) to repay."""

    SHORTEN = "shorten"
    """The installment stays, the number of installments is solved anew."""
    REDUCE_PAYMENT = "reduce_payment"
    """The number stays, the installment is solved anew."""
    KEEP_SCHEDULE = "keep_schedule"
    """Interest follows payments: the rows stay as agreed, later interest is lower, the last installment absorbs."""


class UnpaidInterest(StrEnum):
    """What becomes of unpaid interest when what is due is spread anew."""

    FIRST = "first"
    """All of it falls due with the first installment to come."""
    WAIVE = "waive"
    EQUAL = "equal"
    """In equal parts with all installments to come."""


class _Change(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag_field="what"):
    """A change of terms."""


class Reschedule(_Change, frozen=True, tag="reschedule"):
    """Agree on another rate, other due dates, another number of installments, another payment, grace."""

    rate: Rate | None = None
    start: date | None = None
    """The day from which the rate holds; without it, at once."""
    due_day: Annotated[int, Meta(ge=1, le=31)] | None = None
    """Day of the month of the due dates to come: in the month in which each was due, or (if past) all a month later."""
    first_due: date | None = None
    """The next due date (of a loan repaid at once its maturity); the others follow from it by whole periods."""
    installments: Count | None = None
    """How many are to come."""
    payment: Amount | None = None
    """The installment (other methods: its principal part); the number of installments follows from it."""
    principal_grace: Annotated[int, Meta(ge=0, le=INSTALLMENTS_MAX)] = 0
    """So many installments to come have no principal."""
    interest_grace: Annotated[int, Meta(ge=0, le=INSTALLMENTS_MAX)] = 0
    """So many installments to come have no interest; it falls due with the first one after."""


class Extend(_Change, frozen=True, tag="extend"):
    """Extend the maturity by whole installments, within what the terms and the rules of extension allow."""

    installments: Count


class Holiday(_Change, frozen=True, tag="holiday"):
    """Let the borrower skip the next installments."""

    installments: Count
    capitalize: bool = False
    """Interest is added to principal on each skipped due date (else it falls due with the first one after)."""
    extends: bool = True
    """The maturity moves by as many installments (else the others are larger)."""


class PauseInterest(_Change, frozen=True, tag="pause_interest"):
    """Charge no interest from `start` (the first day) to `end` (the first day that bears interest again)."""

    start: date
    end: date
    effect: Effect = Effect.SHORTEN


class FixIndex(_Change, frozen=True, tag="fix_index"):
    """Make known the value of the index that a floating rate follows, in parts per billion a year."""

    on: date
    ppb: Annotated[int, Meta(ge=-RATE_MAX, le=RATE_MAX)]


class Reage(_Change, frozen=True, tag="reage"):
    """Repay everything outstanding, what is overdue too, in so many new installments."""

    installments: Count
    first_due: date | None = None
    """Without it, one period from today."""
    every: Annotated[int, Meta(ge=1, le=366)] | None = None
    unit: Unit | None = None
    """The new period; without both, the former."""
    interest: UnpaidInterest = UnpaidInterest.FIRST
    """With WAIVE and EQUAL, nothing bears interest any more (but penalty, if it is overdue again)."""


class Reamortize(_Change, frozen=True, tag="reamortize"):
    """Spread what is overdue over the installments that remain."""

    interest: UnpaidInterest = UnpaidInterest.FIRST


class Accelerate(_Change, frozen=True, tag="accelerate"):
    """Make everything outstanding due at once, with interest to the day."""


Relief = Reschedule | Extend | Holiday | Reage | Reamortize | Accelerate
"""What a product may propose for any of its loans: no days of one loan are needed to say it."""
Change = Relief | PauseInterest | FixIndex
