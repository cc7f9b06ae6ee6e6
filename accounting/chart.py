"""The chart of accounts: 4+2 digits, the first four as in the Chinese chart of accounts for lenders."""

from enum import IntEnum
from typing import Final


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


CHART: Final = {
    Gl.BANK: "Bank deposits",
    Gl.INTEREST_RECEIVABLE: "Interest receivable, due",
    Gl.PENALTY_RECEIVABLE: "Penalty receivable, charged",
    Gl.ACCRUED_PENALTY: "Penalty accrued, not charged",
    Gl.FEE_RECEIVABLE: "Fees receivable",
    # What non-accrual loans owe stays receivable; this takes it out of income again until it is paid.
    Gl.INTEREST_SUSPENDED: "Interest in suspense",
    Gl.PENALTY_SUSPENDED: "Penalty in suspense",
    Gl.LOAN_PRINCIPAL: "Loans, principal",
    Gl.ACCRUED_INTEREST: "Loans, interest accrued, not due",
    Gl.DEPOSITS: "Security deposits",
    Gl.UNAPPLIED: "Unapplied balances",
    Gl.DUE_TO_FUNDERS: "Due to funders",
    Gl.INTEREST_INCOME: "Interest income",
    Gl.PENALTY_INCOME: "Penalty income",
    Gl.FEE_INCOME: "Fee income",
    Gl.GOODWILL: "Goodwill credits",
    # Forgiven, not wrong: income stays as invoiced, and what forgiving costs can be seen.
    Gl.WAIVED: "Charges and interest waived",
}
"""The name of each account."""


def dotted(gl: int) -> str:
    """Return a GL code as people write it: 1303.01."""
    return f"{gl // 100}.{gl % 100:02}"
