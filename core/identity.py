"""Who is meant: accounts, their loans, and the slot that an account lives in."""

from typing import Annotated, Final, NewType

from msgspec import Meta

AccountId = NewType("AccountId", int)
LoanId = NewType("LoanId", int)
"""A loan's id carries its account (account * 10_000 + number), so routing never needs a look-up."""

ACCOUNT_ID_MAX: Final = 900_000_000_000
"""Keeps every loan id below 2**53, the largest integer that all JSON readers keep exact."""
LOANS_MAX: Final = 1_000
"""Loans of one account, closed ones included."""
SLOTS: Final = 1_024
_LOAN_NUMBERS: Final = 10_000
_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15

AccountField = Annotated[int, Meta(ge=1, le=ACCOUNT_ID_MAX)]
LoanField = Annotated[int, Meta(ge=_LOAN_NUMBERS + 1, le=ACCOUNT_ID_MAX * _LOAN_NUMBERS + LOANS_MAX)]


def loan_id(account: int, number: int) -> LoanId:
    """Return the id of an account's n-th loan."""
    assert 1 <= number <= LOANS_MAX
    return LoanId(account * _LOAN_NUMBERS + number)


def account_of(loan: int) -> AccountId:
    """Return the account that a loan belongs to."""
    return AccountId(loan // _LOAN_NUMBERS)


def number_of(loan: int) -> int:
    """Return a loan's number within its account, from 1."""
    return loan % _LOAN_NUMBERS


def slot_of(account: int) -> int:
    """Return the slot (0..1023) of an account: the top bits of a multiplication by 2**64 / golden ratio (Knuth)."""
    return (account * _GOLDEN & _MASK) >> 54
