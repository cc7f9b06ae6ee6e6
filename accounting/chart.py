"""The chart of accounts: 4+2 digits, the first four as in the Chinese chart of accounts for lenders."""

from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct


class Gl(IntEnum):
    """A postable general-ledger account."""

    BANK = 100201
    INTEREST_RECEIVABLE = 113201
    PENALTY_RECEIVABLE = 113202
    ACCRUED_PENALTY = 113203
    FEE_RECEIVABLE = 113204
    INTEREST_SUSPENDED = 113205
    PENALTY_SUSPENDED = 113206
    LOAN_PRINCIPAL = 130301
    ACCRUED_INTEREST = 130303
    DEPOSITS = 200201
    UNAPPLIED = 224101
    DUE_TO_FUNDERS = 231401
    INTEREST_INCOME = 601101
    PENALTY_INCOME = 601102
    FEE_INCOME = 602101
    GOODWILL = 660201
    WAIVED = 660202


class Side(StrEnum):
    """The side on which an account's balance normally stands."""

    DEBIT = "debit"
    CREDIT = "credit"


class GlAccount(Struct, frozen=True):
    """Name and normal balance of a GL account."""

    name: str
    normal: Side


CHART: Final = {
    Gl.BANK: GlAccount("Bank deposits", Side.DEBIT),
    Gl.INTEREST_RECEIVABLE: GlAccount("Interest receivable, due", Side.DEBIT),
    Gl.PENALTY_RECEIVABLE: GlAccount("Penalty receivable, charged", Side.DEBIT),
    Gl.ACCRUED_PENALTY: GlAccount("Penalty accrued, not charged", Side.DEBIT),
    Gl.FEE_RECEIVABLE: GlAccount("Fees receivable", Side.DEBIT),
    # What non-accrual loans owe stays receivable; this takes it out of income again until it is paid.
    Gl.INTEREST_SUSPENDED: GlAccount("Interest in suspense", Side.CREDIT),
    Gl.PENALTY_SUSPENDED: GlAccount("Penalty in suspense", Side.CREDIT),
    Gl.LOAN_PRINCIPAL: GlAccount("Loans, principal", Side.DEBIT),
    Gl.ACCRUED_INTEREST: GlAccount("Loans, interest accrued, not due", Side.DEBIT),
    Gl.DEPOSITS: GlAccount("Security deposits", Side.CREDIT),
    Gl.UNAPPLIED: GlAccount("Unapplied balances", Side.CREDIT),
    Gl.DUE_TO_FUNDERS: GlAccount("Due to funders", Side.CREDIT),
    Gl.INTEREST_INCOME: GlAccount("Interest income", Side.CREDIT),
    Gl.PENALTY_INCOME: GlAccount("Penalty income", Side.CREDIT),
    Gl.FEE_INCOME: GlAccount("Fee income", Side.CREDIT),
    Gl.GOODWILL: GlAccount("Goodwill credits", Side.DEBIT),
    # Forgiven, not wrong: income stays as invoiced, and what forgiving costs can be seen.
    Gl.WAIVED: GlAccount("Charges and interest waived", Side.DEBIT),
}


def dotted(gl: int) -> str:
    """Return a GL code as people write it: 1303.01."""
    return f"{gl // 100}.{gl % 100:02}"
