"""The catalogue of refusals: stable codes, in order of precedence."""

from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    """Why a command was refused. Codes never change their meaning; new ones are added."""

    MALFORMED = "malformed"
    """The body does not decode: wrong type, unknown field, a float for money, out of range."""
    BATCH_TOO_LARGE = "batch_too_large"
    REQUEST_ID_MISSING = "request_id_missing"
    OVERLOADED = "overloaded"
    """Too much waits already; nothing was tried. Wait and send the same request again."""
    UNAVAILABLE = "unavailable"
    """The account's shard is starting. Send the same request again."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """No answer in time; it may have been done. Send the same request again: it is done once."""
    REQUEST_ID_REUSED = "request_id_reused"
    ACCOUNT_SUSPENDED = "account_suspended"
    """An internal check failed on this account; an operator has to look at it."""
    ACCOUNT_UNKNOWN = "account_unknown"
    ACCOUNT_EXISTS = "account_exists"
    LOAN_UNKNOWN = "loan_unknown"
    PAYMENT_UNKNOWN = "payment_unknown"
    ACCOUNT_FROZEN = "account_frozen"
    ACCOUNT_NOT_FROZEN = "account_not_frozen"
    LOAN_NOT_BOOKED = "loan_not_booked"
    LOAN_NOT_ACTIVE = "loan_not_active"
    PAYMENT_REVERSED = "payment_reversed"
    TOO_MANY_LOANS = "too_many_loans"
    TERMS_INVALID = "terms_invalid"
    LIMIT_EXCEEDED = "limit_exceeded"
    LIMIT_BELOW_EXPOSURE = "limit_below_exposure"
    DAY_CLOSED = "day_closed"
    QUOTE_DATE_INVALID = "quote_date_invalid"
    PAYOFF_AMOUNT_TOO_LOW = "payoff_amount_too_low"
    UNAPPLIED_INSUFFICIENT = "unapplied_insufficient"
    DEPOSIT_INSUFFICIENT = "deposit_insufficient"
    BALANCE_TOO_LARGE = "balance_too_large"
    REVERSAL_LEAVES_SHORTFALL = "reversal_leaves_shortfall"
    """Money of this payment was refunded since, and would be missing."""


class Rejection(Struct, frozen=True):
    """A refused command: it changed nothing."""

    code: Code
    detail: str
