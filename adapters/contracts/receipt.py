"""Receipts: proof, for somebody without access to the book, that a contract existed unchanged at a time.

A receipt holds the events of the account's chain that offered the contract and took its signatures, exactly as they are
stored. Each event's hash is the SHA-256 over the hash before it and its body, and the lender signs the whole.
"""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.msgpack import Decoder

from actors.rows import EventRow
from actors.staging import GENESIS
from adapters.contracts.signing import RECEIPT, Credentials, Verifier
from core.events import Event
from core.origination.events import ContractOffered, ContractSigned

LENDER: Final = "lender"
"""Whom the certificate of a receipt must name."""
_event: Final[Decoder[Event]] = Decoder(Event)
_json: Final = msgspec.json.Encoder(order="deterministic")
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Link(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event of the account's chain."""

    seq: int
    previous: Hash
    """The hash of the event before it."""
    body: Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]
    """What is stored of the event, hex."""
    hash: Hash
    recorded_at: datetime | None = None
    """When the book recorded it, by its database's clock; left out of receipts of books that did not keep it."""


class Statement(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the lender signs."""

    account: int
    agreement: int
    digest: Hash
    """Of the contract's text."""
    events: Annotated[tuple[Link, ...], Meta(min_length=1, max_length=8)]
    """The offer first, then the signatures."""
    issued_on: date
    """The business date."""
    issued_at: datetime | None = None
    """By the lender's clock; left out of receipts before it was kept."""


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """A statement with the lender's signature."""

    statement: Statement
    certificate: Annotated[str, Meta(max_length=16_384)]
    """The lender's, PEM."""
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{128}$")]


def make_receipt(
    chain: Sequence[tuple[EventRow, datetime | None]],
    account: int,
    agreement: int,
    credentials: Credentials,
    on: date,
    at: datetime | None,
) -> bytes | None:
    """Return the receipt of a contract as JSON, from all events of its account in order; None if there is no such."""
    links, digest, before = [], "", GENESIS
    for row, recorded_at in chain:
        event = _event.decode(row.body)
        if isinstance(event, ContractOffered) and event.agreement.number == agreement:
            digest = event.agreement.digest
        if digest and _is_of(event, agreement):
            links.append(Link(row.seq, before.hex(), row.body.hex(), row.hash.hex(), recorded_at))
        before = row.hash
    if not digest:
        return None
    statement = Statement(account, agreement, digest, tuple(links), on, at)
    signature = credentials.sign(_digest(statement), RECEIPT).hex()
    # Nothing around the certificate: what stands outside its marks could be changed unseen.
    certificate = credentials.certificate.decode().strip()
    return msgspec.json.format(_json.encode(Receipt(statement, certificate, signature)))


def check_receipt(receipt: bytes, document: bytes, verifier: Verifier) -> str:
    """Return why a receipt does not prove a document; empty if it does. Never raises."""
    try:
        found = msgspec.json.decode(receipt, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"this is no receipt: {error}"
    statement = found.statement
    if sha256(document).hexdigest() != statement.digest:
        return f"the document is another one: the receipt is for {statement.digest}"
    wrong = _wrong_links(statement)
    if wrong:
        return wrong
    certificate, signature = found.certificate.encode(), bytes.fromhex(found.signature)
    wrong = verifier.verify(_digest(statement), certificate, signature, statement.issued_on, LENDER, RECEIPT)
    return f"the lender's signature does not hold: {wrong}" if wrong else ""


def read_receipt(receipt: bytes) -> tuple[Statement, list[tuple[ContractSigned, datetime | None]]]:
    """Return what a receipt that was checked states, and the signatures under the contract with when they came."""
    statement = msgspec.json.decode(receipt, type=Receipt).statement
    events = [(_event.decode(bytes.fromhex(link.body)), link.recorded_at) for link in statement.events]
    return statement, [(event, at) for event, at in events if isinstance(event, ContractSigned)]


def _wrong_links(statement: Statement) -> str:
    """Return what is wrong with the events: each by itself, and with each other."""
    for place, link in enumerate(statement.events):
        body = bytes.fromhex(link.body)
        if sha256(bytes.fromhex(link.previous) + body).hexdigest() != link.hash:
            return f"event {link.seq} is not the one that its hash names"
        try:
            event = _event.decode(body)
        except msgspec.DecodeError:
            return f"event {link.seq} cannot be read"
        before = statement.events[place - 1]
        if place and (link.seq <= before.seq or (link.seq == before.seq + 1 and link.previous != before.hash)):
            return f"event {link.seq} does not follow event {before.seq}"
        if not _belongs(event, statement, place):
            return f"event {link.seq} is not about this contract"
    return ""


def _belongs(event: Event, statement: Statement, place: int) -> bool:
    if isinstance(event, ContractOffered):
        return place == 0 and event.agreement.digest == statement.digest and _is_of(event, statement.agreement)
    return place > 0 and _is_of(event, statement.agreement)


def _is_of(event: Event, agreement: int) -> bool:
    """Return whether an event offered a contract or took a signature under it."""
    match event:
        case ContractOffered():
            return event.agreement.number == agreement
        case ContractSigned():
            return event.number == agreement
        case _:
            return False


def _digest(statement: Statement) -> str:
    """Return the hash of a statement in its one canonical form."""
    return sha256(_json.encode(statement)).hexdigest()
