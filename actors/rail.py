"""A rail: how money leaves through a bank. What it answers is news of an order, never a guess."""

from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class RailState(StrEnum):
    """What a bank says of an order."""

    ACCEPTED = "accepted"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Nothing was paid, and nothing will be."""
    RETURNED = "returned"
    """It was paid, and the money came back."""
    UNKNOWN = "unknown"
    """No answer, or one that says nothing about the money. It is no failure."""
    NOT_FOUND = "not_found"
    """The bank says that it does not know the order; only a query is answered so."""


class PayoutOrder(Struct, frozen=True, gc=False):
    """Money that is to leave, under one number however often it is sent."""

    order_number: str
    account: int
    payout: int
    """The payout's number within its account."""
    currency: str
    amount: int
    """Minor units."""
    bank: str
    bank_account: int
    """Number of the payee's bank account within the borrower's file; what it says lies sealed."""


class RailAnswer(Struct, frozen=True, gc=False):
    """News of an order."""

    state: RailState
    reference: str = ""
    """The bank's own number."""
    reason: str = ""


class Rail(Protocol):
    """A bank as the payer needs it. Every call ends in bounded time and raises nothing: no answer is UNKNOWN."""

    async def submit(self, order: PayoutOrder) -> RailAnswer:
        """Hand an order over; the same number again is the same order, and is paid once."""

    async def query(self, order_number: str) -> RailAnswer:
        """Ask what became of an order."""
