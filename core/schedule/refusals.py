"""Why terms give no schedule."""

from enum import StrEnum

from core.rejections import Code, Rejection


class Refusal(StrEnum):
    """Stable codes, in the order in which they are first looked for."""

    WATERFALL_INCOMPLETE = "waterfall_incomplete"
    DUE_DAY_WITHOUT_MONTHS = "due_day_without_months"
    FIRST_DUE_BEFORE_DISBURSEMENT = "first_due_before_disbursement"
    CALENDAR_UNKNOWN = "calendar_unknown"
    GRACE_TOO_LONG = "grace_too_long"
    INTEREST_WAITS_AND_FOLLOWS = "interest_waits_and_follows"
    """Interest that follows payments falls due with the period in which it is earned, not later."""
    FEE_INVALID = "fee_invalid"
    """Of interest or principal, without an amount, or on no date."""
    TERMS_CONTRADICT = "terms_contradict"
    """A balloon beside an agreed installment, a longer plan that is shorter, a floor above the cap, a least prepayment
    above the most, a kind of money or days past due with two waterfalls, a component twice in the credit order,
    interest that follows payments though it does not look at what is outstanding, or interest due at the end that is
    free for some periods."""
    RATES_OUT_OF_ORDER = "rates_out_of_order"
    PAUSE_WITHOUT_DAYS = "pause_without_days"
    TRANCHES_INVALID = "tranches_invalid"
    BALLOON_TOO_LARGE = "balloon_too_large"
    NOTHING_TO_PLAN = "nothing_to_plan"
    SCHEDULE_TOO_LONG = "schedule_too_long"
    DATES_OUT_OF_ORDER = "dates_out_of_order"
    DOWN_PAYMENT_TOO_LARGE = "down_payment_too_large"
    PAYMENT_DOES_NOT_AMORTIZE = "payment_does_not_amortize"
    INSTALLMENT_TOO_LARGE = "installment_too_large"


def terms_invalid(why: Refusal) -> Rejection:
    """Return the refusal of a command whose terms give no schedule."""
    return Rejection(Code.TERMS_INVALID, why.value)
