"""Rows of the register of secrets: personal data and contract texts, each sealed for its own place."""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from actors.rows import ContractTextRow, SecretRow
from adapters.privacy.keyring import Keyring, key_of
from adapters.privacy.masking import PersonalData

PERSON: Final = "person"
PHONE: Final = "phone"
CONTRACT_TEXT: Final = "contract_text"


class _Person(Struct, frozen=True, array_like=True):
    """What the row of a person holds; the phone has a row of its own, by which it is found."""

    name: str
    identity_number: str
    born_on: date


_encode = msgspec.msgpack.Encoder().encode
_decode_person = msgspec.msgpack.Decoder(_Person).decode


def place(account: int, kind: str, number: int) -> bytes:
    """Return what a row is sealed for: moved to another account, kind or number it does not open."""
    return f"{account}/{kind}/{number}".encode()


def sealed_row(keyring: Keyring, account: int, kind: str, number: int, index: str, plain: str) -> SecretRow:
    """Return personal data as a row that is found by this keyed hash."""
    sealed = keyring.seal(plain.encode(), place(account, kind, number))
    return SecretRow(account, kind, number, index, sealed, key_of(sealed))


def opened(keyring: Keyring, row: SecretRow) -> bytes:
    """Return what a row holds, or raise KeyringError."""
    return keyring.open(row.sealed, place(row.account_id, row.kind, row.number))


def person_rows(keyring: Keyring, account: int, person: PersonalData) -> list[SecretRow]:
    """Return who a borrower is as rows, found by identity number and by phone."""
    plain = _encode(_Person(person.name, person.identity_number, person.born_on))
    sealed = keyring.seal(plain, place(account, PERSON, 1))
    found_by = keyring.index(person.identity_number)
    return [
        SecretRow(account, PERSON, 1, found_by, sealed, key_of(sealed)),
        sealed_row(keyring, account, PHONE, 1, keyring.index(person.phone), person.phone),
    ]


def people(keyring: Keyring, rows: Iterable[SecretRow]) -> dict[int, PersonalData]:
    """Return the people whose rows these are, by account; raises KeyringError if one does not open."""
    found = {(row.account_id, row.kind): opened(keyring, row) for row in rows if row.kind in (PERSON, PHONE)}
    return {
        account: _with_phone(_decode_person(plain), found.get((account, PHONE), b""))
        for (account, kind), plain in found.items()
        if kind == PERSON
    }


def _with_phone(person: _Person, phone: bytes) -> PersonalData:
    return PersonalData(person.name, person.identity_number, phone.decode(), person.born_on)


def sealed_text(keyring: Keyring, account: int, agreement: int, digest: str, text: bytes) -> ContractTextRow:
    """Return a contract's text as a row, found by its account and number."""
    sealed = keyring.seal(text, place(account, CONTRACT_TEXT, agreement))
    return ContractTextRow(account, agreement, digest, sealed, key_of(sealed))


def opened_text(keyring: Keyring, row: ContractTextRow) -> bytes:
    """Return a contract's text, or raise KeyringError."""
    return keyring.open(row.sealed, place(row.account_id, CONTRACT_TEXT, row.agreement))


def resealed(keyring: Keyring, sealed: bytes, at: bytes) -> bytes:
    """Return the same data sealed for the same place with the newest key."""
    return keyring.seal(keyring.open(sealed, at), at)
