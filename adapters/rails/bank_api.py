"""What we and the bank say to each other over HTTP: JSON, and notices signed with a secret that both know."""

import hmac
from hashlib import sha256
from typing import Annotated, Final

from msgspec import Meta, Struct

from actors.rail import RailState

SIGNATURE_HEADER: Final = "bank-signature"
OrderNumber = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z-]+$(?!\n)")]


class Payment(Struct, frozen=True):
    """POST /payments: pay this, once, whatever number of times it is asked."""

    order_number: OrderNumber
    currency: str
    amount: Annotated[int, Meta(ge=1)]
    """Minor units."""
    bank: str
    account_number: str
    holder: str


class PaymentState(Struct, frozen=True):
    """What the bank says of a payment: the answer to an order and to a query, and the body of a notice."""

    order_number: str
    state: RailState
    amount: int
    reference: str = ""
    reason: str = ""


class StatementLine(Struct, frozen=True):
    """Money that left, or came back."""

    order_number: str
    currency: str
    amount: int
    """Minor units; negative: it came back."""
    reference: str


class Ownership(Struct, frozen=True):
    """POST /verify: does this account belong to this person?"""

    bank: str
    account_number: str
    holder: str

    def __repr__(self) -> str:
        return "Ownership(sealed)"


class Owned(Struct, frozen=True):
    """The bank's answer; None: it cannot say."""

    belongs: bool | None


def signature(secret: bytes, body: bytes) -> str:
    """Return the signature of a notice, hex. An old notice sent again verifies too: it changes nothing."""
    return hmac.new(secret, body, sha256).hexdigest()


def is_signed(secret: bytes, body: bytes, claimed: str) -> bool:
    """Return whether a notice is the bank's."""
    return hmac.compare_digest(signature(secret, body).encode(), claimed.encode())
