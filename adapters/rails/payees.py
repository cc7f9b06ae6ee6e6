"""Who an order pays: bank account number and name lie sealed in the register, and are opened for the bank alone."""

from typing import Protocol

from msgspec import Struct

from actors.protocols import JournalUnavailable
from actors.rail import PayoutOrder
from adapters.privacy.keyring import KeyringError
from adapters.privacy.register import Register
from adapters.privacy.sealing import opened


class Payee(Struct, frozen=True, repr_omit_defaults=True):
    """Where money goes, in plain."""

    account_number: str
    holder: str

    def __repr__(self) -> str:
        return "Payee(sealed)"


class PayeeUnknown(Exception):
    """The payee cannot be read just now, or not any more; the message names no personal data."""


class Payees(Protocol):
    """Opens the payees of orders."""

    async def of(self, order: PayoutOrder) -> Payee:
        """Return whom an order pays, or raise PayeeUnknown."""


class SealedPayees:
    """Implements Payees on the register of secrets."""

    def __init__(self, register: Register) -> None:
        self._register = register

    async def of(self, order: PayoutOrder) -> Payee:
        """See Payees."""
        try:
            rows = await self._register.bank_accounts(order.account)
            people = await self._register.people([order.account])
            numbers = [opened(self._register.keyring, row).decode() for row in rows if row.number == order.bank_account]
        except (JournalUnavailable, KeyringError) as error:
            raise PayeeUnknown(str(error)) from error
        if not numbers or order.account not in people:
            raise PayeeUnknown("the register does not have the payee's bank account and name")
        return Payee(numbers[0], people[order.account].name)
