"""Rebuild an account from its stored rows."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.msgpack import Decoder

from core.account import Account, Contract, Loan
from core.money import Minor
from core.origination.file import EMPTY, CreditFile

_loan: Final = Decoder(Loan)
_contract: Final = Decoder(Contract)
_file: Final = Decoder(CreditFile)


def rebuild(
    account_id: int,
    currency: str,
    opened_on: date,
    credit_limit: int,
    frozen: str | None,
    unapplied: int,
    deposit: int,
    loans: Iterable[tuple[bytes, bytes]],
    file: bytes | None = None,
) -> Account:
    """Return the account; `loans` are (state, contract body) in number order."""
    stored = [(_loan.decode(state), _contract.decode(body)) for state, body in loans]
    assert [loan.number for loan, _ in stored] == list(range(1, len(stored) + 1))
    return Account(
        account_id,
        currency,
        opened_on,
        Minor(credit_limit),
        frozen,
        Minor(unapplied),
        Minor(deposit),
        tuple(loan for loan, _ in stored),
        tuple(contract for _, contract in stored),
        EMPTY if file is None else _file.decode(file),
    )
