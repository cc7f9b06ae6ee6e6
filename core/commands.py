"""What a channel may ask of an account. Imperative; each names its account, amounts are minor units."""

from typing import Annotated

from msgspec import Meta, Struct

from core.identity import AccountField, LoanField
from core.money import AMOUNT_MAX
from core.terms import PRINTABLE, Amount, Terms

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]


class Request(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    """What every command carries: the borrower's account."""

    account: AccountField


class OpenAccount(Request, frozen=True, tag="open_account"):
    """Open a borrower's account in one currency, with a credit limit on all its loans together."""

    currency: Currency
    credit_limit: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class SetCreditLimit(Request, frozen=True, tag="set_credit_limit"):
    """Change the credit limit; not below what is already lent."""

    credit_limit: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class FreezeAccount(Request, frozen=True, tag="freeze_account"):
    """Stop new loans and disbursements; repayments go on."""

    reason: Reason


class UnfreezeAccount(Request, frozen=True, tag="unfreeze_account"):
    """Allow lending on the account again."""


class TakeDeposit(Request, frozen=True, tag="take_deposit"):
    """Receive a security deposit."""

    amount: Amount


class ReleaseDeposit(Request, frozen=True, tag="release_deposit"):
    """Pay back (part of) the security deposit."""

    amount: Amount


class BookLoan(Request, frozen=True, tag="book_loan"):
    """Book a loan on agreed terms; it is lent at disbursement."""

    terms: Terms


class CancelLoan(Request, frozen=True, tag="cancel_loan"):
    """Cancel a booked loan that was not disbursed."""

    loan: LoanField


class Disburse(Request, frozen=True, tag="disburse"):
    """Pay a booked loan out and fix its schedule, on the business date."""

    loan: LoanField


class Repay(Request, frozen=True, tag="repay"):
    """Receive a repayment; for one loan, or (without one) for whatever is oldest on the account."""

    amount: Amount
    loan: LoanField | None = None


class PayOff(Request, frozen=True, tag="pay_off"):
    """Repay all of a loan early; at least what the quote for the business date says."""

    loan: LoanField
    amount: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class ReverseRepayment(Request, frozen=True, tag="reverse_repayment"):
    """Take a repayment or payoff back (it bounced): the account becomes as if it had never arrived."""

    payment: Annotated[int, Meta(ge=1)]
    """The sequence number that the payment's reply gave."""
    reason: Reason = "returned"


class RefundUnapplied(Request, frozen=True, tag="refund_unapplied"):
    """Pay out (part of) the unapplied balance."""

    amount: Amount


Command = (
    OpenAccount
    | SetCreditLimit
    | FreezeAccount
    | UnfreezeAccount
    | TakeDeposit
    | ReleaseDeposit
    | BookLoan
    | CancelLoan
    | Disburse
    | Repay
    | PayOff
    | ReverseRepayment
    | RefundUnapplied
)
