"""What a channel may ask of an account. Imperative; each names its account, amounts are minor units."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from core.contract.changes import Change, Effect
from core.contract.servicing import FeeBase, Source
from core.contract.terms import PRINTABLE, Amount, Terms
from core.identity import LoanField
from core.money import AMOUNT_MAX
from core.origination.commands import OriginationCommand
from core.request import Dated, Reason, Request

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]


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


class TakeDeposit(Dated, frozen=True, tag="take_deposit"):
    """Receive a security deposit."""

    amount: Amount


class ReleaseDeposit(Dated, frozen=True, tag="release_deposit"):
    """Pay back (part of) the security deposit."""

    amount: Amount


class BookLoan(Request, frozen=True, tag="book_loan"):
    """Book a loan on agreed terms; it is lent at disbursement."""

    terms: Terms


class CancelLoan(Request, frozen=True, tag="cancel_loan"):
    """Cancel a booked loan that was not disbursed."""

    loan: LoanField


class Disburse(Dated, frozen=True, tag="disburse"):
    """Pay a booked loan out and fix its schedule."""

    loan: LoanField


class Repay(Dated, frozen=True, tag="repay"):
    """Receive a repayment; for one loan, or (without one) for whatever is oldest on the account."""

    amount: Amount
    loan: LoanField | None = None


class PayOff(Dated, frozen=True, tag="pay_off"):
    """Repay all of a loan early; at least what the quote for the business date says."""

    loan: LoanField
    amount: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class Reverse(Request, frozen=True, tag="reverse"):
    """Take back what was done (a payment that bounced, a charge by mistake): the account becomes as if it never was."""

    seq: Annotated[int, Meta(ge=1)]
    """The sequence number that its reply gave."""
    reason: Reason = "returned"


class AddCharge(Dated, frozen=True, tag="add_charge"):
    """Charge a loan a fee or a penalty; it falls due with the installment in whose period its due date lies."""

    loan: LoanField
    component: Literal["fee", "penalty"]
    amount: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    """A flat amount; or, and on top of it, the share."""
    share_ppb: Annotated[int, Meta(ge=0, le=10**10)] = 0
    of: FeeBase = FeeBase.PRINCIPAL
    due_date: date | None = None
    """Without it, the day on which the command takes effect."""
    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)] = "charge"


class ReceiveCredit(Dated, frozen=True, tag="receive_credit"):
    """Reduce a loan's debt with money that is no repayment: a refund by the merchant, goodwill."""

    loan: LoanField
    source: Source
    amount: Amount
    with_interest: bool = False
    """Give back the interest that the amount has cost since disbursement as well."""


class Waive(Dated, frozen=True, tag="waive"):
    """Let the borrower off fees, penalty or interest that is due or charged; the oldest installment first."""

    loan: LoanField
    component: Literal["fee", "penalty", "interest"]
    amount: Amount | None = None
    """Without it, all."""
    installment: Annotated[int, Meta(ge=0)] | None = None
    """Of this installment only; 0 is what was due on the day of disbursement."""
    reason: Reason = "goodwill"


class AdjustCharge(Dated, frozen=True, tag="adjust_charge"):
    """Take back (part of) a charge that was too high; what was paid of it becomes unapplied, or is paid out."""

    charge: Annotated[int, Meta(ge=1)]
    """The sequence number that the charge's reply gave."""
    amount: Amount
    pay_out: bool = False
    reason: Reason = "charged too high"


class ChargeBack(Dated, frozen=True, tag="charge_back"):
    """The payer's bank takes (part of) a payment back long after: it is owed again from this day on."""

    loan: LoanField
    payment: Annotated[int, Meta(ge=1)]
    """The sequence number that the payment's reply gave."""
    amount: Amount


class ApplyUnapplied(Dated, frozen=True, tag="apply_unapplied"):
    """Pay from the unapplied balance now, installments to come as well."""

    loan: LoanField | None = None
    amount: Amount | None = None
    """Without it, as much as can be used."""


class Prepay(Dated, frozen=True, tag="prepay"):
    """Repay part of the principal early: first what is due, interest to the day and a fee, then principal."""

    loan: LoanField
    amount: Amount
    effect: Effect = Effect.SHORTEN


class ChangeTerms(Dated, frozen=True, tag="change_terms"):
    """Change the terms of a running loan: reschedule, extend, holiday, pause of interest, index, re-age..."""

    loan: LoanField
    change: Change


class DisburseTranche(Dated, frozen=True, tag="disburse_tranche"):
    """Pay out a further part of a loan's principal."""

    loan: LoanField
    amount: Amount | None = None
    """Without it, what was promised next."""


class RefundUnapplied(Dated, frozen=True, tag="refund_unapplied"):
    """Pay out (part of) the unapplied balance."""

    amount: Amount


AccountCommand = (
    OpenAccount | SetCreditLimit | FreezeAccount | UnfreezeAccount | TakeDeposit | ReleaseDeposit | RefundUnapplied
)
LendingCommand = BookLoan | CancelLoan | Disburse
MoneyCommand = Repay | PayOff
"""Money from the borrower, on loans that run."""
ChargeCommand = AddCharge | ReceiveCredit | Waive | AdjustCharge | ChargeBack | ApplyUnapplied
ChangeCommand = Prepay | ChangeTerms | DisburseTranche
"""What makes the rest of a running loan another."""
Command = AccountCommand | LendingCommand | MoneyCommand | ChargeCommand | ChangeCommand | OriginationCommand | Reverse
