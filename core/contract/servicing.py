"""What a contract says of servicing: how payments move the schedule, and how money of other kinds is allocated."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from core.contract.waterfall import Component, Waterfall
from core.money import AMOUNT_MAX


class Rest(StrEnum):
    """When a change of principal begins to change the interest."""

    DAILY = "daily"
    PERIOD = "period"
    """From the next due date on."""


class PayoffInterest(StrEnum):
    """Up to when an early payoff owes interest."""

    UNTIL_PAID = "until_paid"
    UNTIL_DUE = "until_due"
    """The whole running period (Fineract: till rest frequency)."""


class Recalculation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Interest follows what was really paid and when: early principal bears none from that day, late principal goes
    on bearing it; the installment stays and the last unpaid one absorbs (loan_math section 9)."""

    rest: Rest = Rest.DAILY
    payoff: PayoffInterest = PayoffInterest.UNTIL_PAID
    on_past_due: bool = True
    """Whether principal past due goes on bearing the contract's interest."""


class PrepaymentInterest(StrEnum):
    """Up to when an early payoff of a schedule that stays owes interest."""

    UNTIL_PAID = "until_paid"
    UNTIL_DUE = "until_due"
    UNTIL_END = "until_end"
    """All interest to come, as agreed."""


class Prepayment(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What it costs to repay early, in part or in full: a share of the principal repaid, months of its interest."""

    fee_ppb: Annotated[int, Meta(ge=0, le=10**9)] = 0
    fee_months: Annotated[int, Meta(ge=0, le=120)] = 0
    """So many months' interest on the principal repaid, at the rate that holds on the day."""
    free_after_months: Annotated[int, Meta(ge=0, le=600)] = 0
    """No fee from so many months after disbursement on; 0: always a fee."""
    least: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    most: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    """0: no upper bound."""
    interest: PrepaymentInterest = PrepaymentInterest.UNTIL_PAID
    """Without recalculation; a flat loan owes the period that has begun in any case."""


class Source(StrEnum):
    """Where money comes from that reduces a debt and is no repayment."""

    DOWN_PAYMENT = "down_payment"
    MERCHANT_REFUND = "merchant_refund"
    """The merchant gives back the price of what was bought, as a payment on the loan."""
    PAYOUT_REFUND = "payout_refund"
    """Money that was paid out comes back."""
    GOODWILL_CREDIT = "goodwill_credit"
    """The lender gives it; no money comes in."""
    INTEREST_REFUND = "interest_refund"
    """Interest that a refund saved, given back by the lender; no money comes in."""


class SourceWaterfall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The waterfall of one kind of money, where it differs from the loan's own."""

    source: Source
    waterfall: Waterfall


class LateWaterfall(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The waterfall from so many days past due on (practice: principal first past 90 days)."""

    days_past_due: Annotated[int, Meta(ge=1, le=3660)]
    waterfall: Waterfall


class NonAccrual(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """From so many days past due on interest counts as income when it is paid, not as it is earned; until no interest
    is overdue and the loan is less late than that (lending_practice section 2: 90 days)."""

    days_past_due: Annotated[int, Meta(ge=1, le=3660)] = 91
    waterfall: Waterfall | None = None
    """How money is allocated as long (practice: principal first); None: as otherwise."""


class PenaltyBase(StrEnum):
    """What a penalty runs on while an installment is overdue."""

    PRINCIPAL = "principal"
    """Its unpaid principal."""
    PRINCIPAL_INTEREST = "principal_interest"
    INSTALLMENT = "installment"
    """All that is unpaid of it, but for penalty."""
    ALL_PRINCIPAL = "all_principal"
    """All principal of the loan, from the oldest unpaid due date on."""


class PenaltyTerms(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a penalty rate is applied to."""

    base: PenaltyBase = PenaltyBase.PRINCIPAL
    both_ends: bool = False
    """The due date counts as a day late, as the day of payment does (else from the day after)."""
    cap_ppb: Annotated[int, Meta(ge=0, le=10**11)] = 0
    """All penalty ever charged on an installment is at most this share of the base as it then is; 0 for no cap."""


class FeeBase(StrEnum):
    """What a percentage is taken of, on the day of the charge."""

    PRINCIPAL = "principal"
    """Principal outstanding; at disbursement what is lent."""
    INSTALLMENT = "installment"
    """Principal and interest of the installment that the charge belongs to."""
    OVERDUE = "overdue"
    """What fell due before and is unpaid, but for penalty."""


class Price(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The amount of a charge: a flat amount, a share, or both."""

    flat: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    share_ppb: Annotated[int, Meta(ge=0, le=10**10)] = 0
    of: FeeBase = FeeBase.PRINCIPAL


class FeeWhen(StrEnum):
    """When a fee of the product is charged."""

    WITHHELD = "withheld"
    """Kept back from the payout; the borrower owes what was really paid out (Civil Code of China 670)."""
    FROM_PAYOUT = "from_payout"
    """Paid out of the payout; the borrower owes the principal as signed."""
    DISBURSEMENT = "disbursement"
    """Due on the day of disbursement."""
    INSTALLMENT = "installment"
    """With each installment, as it falls due."""
    DATE = "date"
    YEARLY = "yearly"
    """On each anniversary of the disbursement until all has fallen due."""
    OVERDUE = "overdue"
    """On each installment that is overdue."""


class Fee(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A fee or penalty of the product, charged without anybody asking."""

    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
    when: FeeWhen
    price: Price
    component: Component = Component.FEE
    on: date | None = None
    """The day of a fee on a date."""
    wait_days: Annotated[int, Meta(ge=1, le=3660)] = 1
    """Days after the due date on which an overdue charge is made first."""
    every_days: Annotated[int, Meta(ge=0, le=3660)] = 0
    """An overdue charge is made again after so many days; with 0 here and in months, once."""
    every_months: Annotated[int, Meta(ge=0, le=120)] = 0
    most: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    """Overdue charges of this kind on one installment are at most this together; 0 for no cap."""
