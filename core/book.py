"""What happened to the book itself; kept as events of account 0."""

from datetime import date
from typing import Final

from msgspec import Struct

BOOK_ACCOUNT: Final = 0
"""No borrower has this id: borrowers' accounts start at 1."""


class DayClosed(Struct, frozen=True, array_like=True, tag_field="kind", tag=100):
    """Every account was brought past this business date."""

    on: date
    accounts: int
    """Accounts that had something due."""
    events: int


class AccrualBooked(Struct, frozen=True, array_like=True, tag_field="kind", tag=101):
    """The day's change of interest and penalty accrued over all active loans of a product; negative if it fell."""

    on: date
    currency: str
    product: str
    interest: int
    penalty: int
    loans: int
    """Active loans that the accrual was summed over."""
    interest_suspended: int = 0
    """Change of interest that non-accrual loans owe, billed or not: it is no income before it is paid."""
    penalty_suspended: int = 0


BookEvent = DayClosed | AccrualBooked
