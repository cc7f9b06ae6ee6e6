"""The posting rules: which account each part of an event debits and credits. A table, so that it can be audited."""

from enum import StrEnum
from typing import Final

from accounting.chart import Gl
from core.contract.servicing import Source


class Part(StrEnum):
    """A part of an event that is posted."""

    DISBURSED = "disbursed"
    INTEREST_BILLED = "interest billed"
    PENALTY_CHARGED = "penalty charged"
    PRINCIPAL_PAID = "principal paid"
    INTEREST_PAID = "interest paid"
    ACCRUED_INTEREST_PAID = "accrued interest paid"
    PENALTY_PAID = "penalty paid"
    FEE_ADDED = "fee added"
    PENALTY_ADDED = "penalty added"
    FEE_PAID = "fee paid"
    UNAPPLIED_RECEIVED = "unapplied received"
    PRINCIPAL_FROM_UNAPPLIED = "principal from unapplied"
    INTEREST_FROM_UNAPPLIED = "interest from unapplied"
    ACCRUED_INTEREST_FROM_UNAPPLIED = "accrued interest from unapplied"
    PENALTY_FROM_UNAPPLIED = "penalty from unapplied"
    FEE_FROM_UNAPPLIED = "fee from unapplied"
    UNAPPLIED_USED = "unapplied used"
    UNAPPLIED_REFUNDED = "unapplied refunded"
    DEPOSIT_TAKEN = "deposit taken"
    DEPOSIT_RELEASED = "deposit released"
    FEE_WITHHELD = "fee withheld"
    INTEREST_WAIVED = "interest waived"
    PENALTY_WAIVED = "penalty waived"
    FEE_WAIVED = "fee waived"
    PENALTY_REDUCED = "penalty reduced"
    FEE_REDUCED = "fee reduced"
    PENALTY_RETURNED = "penalty returned"
    FEE_RETURNED = "fee returned"
    PENALTY_PAID_BACK = "penalty paid back"
    FEE_PAID_BACK = "fee paid back"
    PRINCIPAL_CHARGED_BACK = "principal charged back"
    INTEREST_CHARGED_BACK = "interest charged back"
    ACCRUED_INTEREST_CHARGED_BACK = "accrued interest charged back"
    PENALTY_CHARGED_BACK = "penalty charged back"
    FEE_CHARGED_BACK = "fee charged back"
    INTEREST_CAPITALIZED = "interest capitalized"
    INTEREST_DEFERRED = "interest deferred"
    ACCRUED_INTEREST_WAIVED = "accrued interest waived"
    PREPAYMENT_FEE_PAID = "prepayment fee paid"
    FUNDED = "funded by others"
    INTEREST_ACCRUED = "interest accrued"
    PENALTY_ACCRUED = "penalty accrued"
    INTEREST_SUSPENDED = "interest suspended"
    PENALTY_SUSPENDED = "penalty suspended"


RULES: Final = {
    # part: (debit, credit)
    Part.DISBURSED: (Gl.LOAN_PRINCIPAL, Gl.BANK),
    Part.INTEREST_BILLED: (Gl.INTEREST_RECEIVABLE, Gl.ACCRUED_INTEREST),
    Part.PENALTY_CHARGED: (Gl.PENALTY_RECEIVABLE, Gl.ACCRUED_PENALTY),
    Part.FEE_ADDED: (Gl.FEE_RECEIVABLE, Gl.FEE_INCOME),
    Part.PENALTY_ADDED: (Gl.PENALTY_RECEIVABLE, Gl.PENALTY_INCOME),
    Part.PRINCIPAL_PAID: (Gl.BANK, Gl.LOAN_PRINCIPAL),
    Part.INTEREST_PAID: (Gl.BANK, Gl.INTEREST_RECEIVABLE),
    Part.ACCRUED_INTEREST_PAID: (Gl.BANK, Gl.ACCRUED_INTEREST),
    Part.PENALTY_PAID: (Gl.BANK, Gl.PENALTY_RECEIVABLE),
    Part.FEE_PAID: (Gl.BANK, Gl.FEE_RECEIVABLE),
    Part.UNAPPLIED_RECEIVED: (Gl.BANK, Gl.UNAPPLIED),
    Part.PRINCIPAL_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.LOAN_PRINCIPAL),
    Part.INTEREST_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.INTEREST_RECEIVABLE),
    Part.ACCRUED_INTEREST_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.ACCRUED_INTEREST),
    Part.PENALTY_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.PENALTY_RECEIVABLE),
    Part.FEE_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.FEE_RECEIVABLE),
    Part.UNAPPLIED_USED: (Gl.UNAPPLIED, Gl.BANK),
    Part.UNAPPLIED_REFUNDED: (Gl.UNAPPLIED, Gl.BANK),
    Part.DEPOSIT_TAKEN: (Gl.BANK, Gl.DEPOSITS),
    Part.DEPOSIT_RELEASED: (Gl.DEPOSITS, Gl.BANK),
    Part.FEE_WITHHELD: (Gl.BANK, Gl.FEE_INCOME),
    Part.INTEREST_WAIVED: (Gl.WAIVED, Gl.INTEREST_RECEIVABLE),
    Part.PENALTY_WAIVED: (Gl.WAIVED, Gl.PENALTY_RECEIVABLE),
    Part.FEE_WAIVED: (Gl.WAIVED, Gl.FEE_RECEIVABLE),
    # What was charged too high was never earned.
    Part.PENALTY_REDUCED: (Gl.PENALTY_INCOME, Gl.PENALTY_RECEIVABLE),
    Part.FEE_REDUCED: (Gl.FEE_INCOME, Gl.FEE_RECEIVABLE),
    Part.PENALTY_RETURNED: (Gl.PENALTY_INCOME, Gl.UNAPPLIED),
    Part.FEE_RETURNED: (Gl.FEE_INCOME, Gl.UNAPPLIED),
    Part.PENALTY_PAID_BACK: (Gl.PENALTY_INCOME, Gl.BANK),
    Part.FEE_PAID_BACK: (Gl.FEE_INCOME, Gl.BANK),
    Part.PRINCIPAL_CHARGED_BACK: (Gl.LOAN_PRINCIPAL, Gl.BANK),
    Part.INTEREST_CHARGED_BACK: (Gl.INTEREST_RECEIVABLE, Gl.BANK),
    Part.ACCRUED_INTEREST_CHARGED_BACK: (Gl.ACCRUED_INTEREST, Gl.BANK),
    Part.PENALTY_CHARGED_BACK: (Gl.PENALTY_RECEIVABLE, Gl.BANK),
    Part.FEE_CHARGED_BACK: (Gl.FEE_RECEIVABLE, Gl.BANK),
    Part.INTEREST_CAPITALIZED: (Gl.LOAN_PRINCIPAL, Gl.ACCRUED_INTEREST),
    # What was due is to fall due again: until then it stands with what accrues.
    Part.INTEREST_DEFERRED: (Gl.ACCRUED_INTEREST, Gl.INTEREST_RECEIVABLE),
    Part.ACCRUED_INTEREST_WAIVED: (Gl.WAIVED, Gl.ACCRUED_INTEREST),
    # Nothing was receivable before: the fee comes with the money.
    Part.PREPAYMENT_FEE_PAID: (Gl.BANK, Gl.FEE_INCOME),
    # The loan is booked in full: what other funders gave of it is owed to them.
    Part.FUNDED: (Gl.BANK, Gl.DUE_TO_FUNDERS),
    Part.INTEREST_ACCRUED: (Gl.ACCRUED_INTEREST, Gl.INTEREST_INCOME),
    Part.PENALTY_ACCRUED: (Gl.ACCRUED_PENALTY, Gl.PENALTY_INCOME),
    # What a non-accrual loan owes is no income before it is paid.
    Part.INTEREST_SUSPENDED: (Gl.INTEREST_INCOME, Gl.INTEREST_SUSPENDED),
    Part.PENALTY_SUSPENDED: (Gl.PENALTY_INCOME, Gl.PENALTY_SUSPENDED),
}

CREDITED_FROM: Final = {
    Source.DOWN_PAYMENT: Gl.BANK,
    Source.MERCHANT_REFUND: Gl.BANK,
    Source.PAYOUT_REFUND: Gl.BANK,
    Source.GOODWILL_CREDIT: Gl.GOODWILL,
    Source.INTEREST_REFUND: Gl.INTEREST_INCOME,
}
"""Which account money that is no repayment is debited to; a repayment's is the bank."""
