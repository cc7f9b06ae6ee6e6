"""Signatures are verified again by the certificates that the book keeps: what does not hold is found."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from actors.aside import CERTIFICATE, certificate_number
from adapters.contracts.signing import Credentials, create_authority, issue, revoke, save_credentials
from adapters.privacy.keyring import Keyring
from adapters.privacy.sealing import sealed_row
from adapters.settings import Settings
from adapters.verification.signatures import CHECK, Seals, Signatures, seals_of
from adapters.verification.tally import Tally
from core.contract.terms import Rate, Terms
from core.origination.file import EMPTY, Agreement, AgreementStatus, Borrower, CreditFile, Signature

ON: Final = date(2026, 1, 5)
DIGEST: Final = "ab" * 32
Row = tuple[int, int, bytes]


class Book:
    """A contract with one signature, and its certificate as it is kept."""

    def __init__(self, home: Path) -> None:
        self.roots = home / "authority"
        authority = create_authority(self.roots, ON)
        self.signer: Credentials = issue(authority, "borrower 7", ON)
        self.other: Credentials = issue(authority, "borrower 8", ON)
        self.keyring = Keyring.load(home / "keys.json")
        self.signatures = Signatures(Seals(str(home / "keys.json"), str(self.roots)))

    def file(self, signature: Signature | None = None) -> CreditFile:
        """Return the credit file with the contract."""
        signed = signature or self.signature(self.signer)
        terms = Terms(principal=1_000, rate=Rate(0), installments=1)
        agreement = Agreement(1, 1, "cash", 1, "generic", DIGEST, terms, ON, ON, AgreementStatus.SIGNED, (signed,), 1)
        return replace(EMPTY, agreements=(agreement,))

    def signature(self, signer: Credentials) -> Signature:
        """Return a signature under the contract."""
        return Signature("borrower", ON, sha256(signer.certificate).hexdigest(), signer.sign(DIGEST))

    def kept(self, signer: Credentials, account: int = 7, number: int = 1) -> Row:
        """Return a row with a certificate, sealed for a place."""
        plain = b64encode(signer.certificate).decode()
        return 7, number, sealed_row(self.keyring, account, CERTIFICATE, number, "", plain).sealed

    def found(self, file: CreditFile, *rows: Row, early: Sequence[Signature] = ()) -> tuple[int, list[str]]:
        """Return how many signatures were verified, and what is wrong."""
        tally = Tally()
        self.signatures.check(tally, 7, file, rows, early)
        return tally.compared[CHECK], tally.detail.get(CHECK, [])


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_signature_is_verified_again(book: Book) -> None:
    assert book.found(book.file(), book.kept(book.signer)) == (1, [])


def test_a_signature_from_before_certificates_were_kept_is_left_out(book: Book) -> None:
    signature = book.signature(book.signer)
    assert book.found(book.file(signature), early=[signature]) == (0, [])
    _, (said,) = book.found(book.file(signature), early=[book.signature(book.other)])
    assert said.endswith("borrower: its certificate is not there")


def test_of_somebody_erased_no_certificate_is_kept(book: Book) -> None:
    erased = replace(book.file(), borrower=Borrower("ab" * 32, erased=True))
    assert book.found(erased) == (0, [])
    _, (said,) = book.found(erased, book.kept(book.signer))
    assert "belong to no signature" in said


@pytest.mark.parametrize(
    ("file", "row", "wrong"),
    [
        (Book.file, lambda book: book.kept(book.other), "the certificate is not the one that signed"),
        (
            lambda book: book.file(book.signature(book.other)),
            lambda book: book.kept(book.other),
            "the certificate is not that of borrower 7",
        ),
        (
            lambda book: book.file(replace(book.signature(book.signer), signature=bytes(64))),
            lambda book: book.kept(book.signer),
            "not over this contract",
        ),
        (Book.file, lambda book: book.kept(book.signer, account=8), "belongs to another place"),
    ],
)
def test_what_does_not_hold_is_found(
    book: Book, file: Callable[[Book], CreditFile], row: Callable[[Book], Row], wrong: str
) -> None:
    _, (said,) = book.found(file(book), row(book))
    assert wrong in said


def test_a_certificate_out_of_its_place_is_found_twice(book: Book) -> None:
    _, (missing, left) = book.found(book.file(), book.kept(book.signer, number=5))
    assert missing.endswith("its certificate is not there")
    assert left.endswith("certificates [5] belong to no signature")


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, True)])
def test_what_was_signed_before_its_certificate_was_taken_back_holds(
    book: Book, tmp_path: Path, days: int, holds: bool
) -> None:
    certificate, _ = save_credentials(book.signer, tmp_path, "borrower-7")
    revoke(book.roots, certificate, ON + timedelta(days=days))
    _, wrong = book.found(book.file(), book.kept(book.signer))
    assert (wrong == []) is holds


def test_numbers_of_certificates_do_not_meet() -> None:
    numbers = [certificate_number(agreement, count) for agreement in range(1, 5) for count in range(1, 5)]
    assert numbers == list(range(1, 17))


def test_without_keys_or_authorities_nothing_is_opened(book: Book, tmp_path: Path) -> None:
    keys, roots = str(tmp_path / "keys.json"), str(book.roots)
    assert seals_of(Settings(keys_file=keys, roots_dir=roots)) == Seals(keys, roots)
    assert seals_of(Settings(keys_file=keys)) is None
    assert seals_of(Settings(keys_file=str(tmp_path / "none.json"), roots_dir=roots)) is None
