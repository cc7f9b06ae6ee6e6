"""The posting rules: which account each part of an event debits and credits. A table, so that it can be audited."""

from enum import StrEnum
from typing import Final

from accounting.chart import Gl


class Part(StrEnum):
    """A part of an event that is posted."""

    DISBURSED = "disbursed"
    INTEREST_BILLED = "interest billed"
    PENALTY_CHARGED = "penalty charged"
    PRINCIPAL_PAID = "principal paid"
    INTEREST_PAID = "interest paid"
    ACCRUED_INTEREST_PAID = "accrued interest paid"
    PENALTY_PAID = "penalty paid"
    FEE_PAID = "fee paid"
    UNAPPLIED_RECEIVED = "unapplied received"
    PRINCIPAL_FROM_UNAPPLIED = "principal from unapplied"
    INTEREST_FROM_UNAPPLIED = "interest from unapplied"
    PENALTY_FROM_UNAPPLIED = "penalty from unapplied"
    FEE_FROM_UNAPPLIED = "fee from unapplied"
    UNAPPLIED_USED = "unapplied used"
    UNAPPLIED_REFUNDED = "unapplied refunded"
    DEPOSIT_TAKEN = "deposit taken"
    DEPOSIT_RELEASED = "deposit released"


RULES: Final = {
    # part: (debit, credit)
    Part.DISBURSED: (Gl.LOAN_PRINCIPAL, Gl.BANK),
    Part.INTEREST_BILLED: (Gl.INTEREST_RECEIVABLE, Gl.ACCRUED_INTEREST),
    Part.PENALTY_CHARGED: (Gl.PENALTY_RECEIVABLE, Gl.ACCRUED_PENALTY),
    Part.PRINCIPAL_PAID: (Gl.BANK, Gl.LOAN_PRINCIPAL),
    Part.INTEREST_PAID: (Gl.BANK, Gl.INTEREST_RECEIVABLE),
    Part.ACCRUED_INTEREST_PAID: (Gl.BANK, Gl.ACCRUED_INTEREST),
    Part.PENALTY_PAID: (Gl.BANK, Gl.PENALTY_RECEIVABLE),
    Part.FEE_PAID: (Gl.BANK, Gl.FEE_RECEIVABLE),
    Part.UNAPPLIED_RECEIVED: (Gl.BANK, Gl.UNAPPLIED),
    Part.PRINCIPAL_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.LOAN_PRINCIPAL),
    Part.INTEREST_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.INTEREST_RECEIVABLE),
    Part.PENALTY_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.PENALTY_RECEIVABLE),
    Part.FEE_FROM_UNAPPLIED: (Gl.UNAPPLIED, Gl.FEE_RECEIVABLE),
    Part.UNAPPLIED_USED: (Gl.UNAPPLIED, Gl.BANK),
    Part.UNAPPLIED_REFUNDED: (Gl.UNAPPLIED, Gl.BANK),
    Part.DEPOSIT_TAKEN: (Gl.BANK, Gl.DEPOSITS),
    Part.DEPOSIT_RELEASED: (Gl.DEPOSITS, Gl.BANK),
}
