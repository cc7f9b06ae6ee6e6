"""Signatures under contracts: Ed25519 keys that a trusted authority certified (X.509), and a local authority for tests.

What is signed is the contract's digest behind a prefix, so that no signature serves for anything else.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID
from msgspec import Struct

from adapters.contracts.chain import is_authority, path_to_root, read_certificates, why_not_for_signing
from adapters.contracts.withdrawn import Withdrawn, take_back

CONTRACT: Final = b"tenor contract 1\n"
"""Stands before a contract's digest when it is signed."""
RECEIPT: Final = b"tenor receipt 1\n"
AUTHORITY_DAYS: Final = 3650
CERTIFICATE_DAYS: Final = 365
CERTIFICATES_KEPT: Final = 10_000
"""Certificates whose chain was checked once. Dates and withdrawals are looked at every time."""
_CERTIFICATE, _KEY, _LIST = "authority.pem", "authority.key", "authority.crl"


class AuthorityError(Exception):
    """Certificates or keys that cannot be used; the message says which and why."""


class Credentials(Struct, frozen=True):
    """A signer's key and the certificate that says whose it is."""

    certificate: bytes
    """PEM."""
    key: Ed25519PrivateKey

    def sign(self, digest: str, prefix: bytes = CONTRACT) -> bytes:
        """Return the signature over a digest (SHA-256 in hex)."""
        return self.key.sign(prefix + bytes.fromhex(digest))


class Authority(Struct, frozen=True):
    """A local certificate authority: for tests, trials and the lender's own people."""

    certificate: x509.Certificate
    key: Ed25519PrivateKey


class Verified(Struct, frozen=True):
    """A certificate that leads to a trusted root."""

    path: tuple[x509.Certificate, ...]
    """From it to the root."""
    key: Ed25519PublicKey
    subject: str
    start: date
    end: date
    """The last day on which all of its chain holds."""


class Verifier:
    """Verifies signatures. Knows the roots it trusts and nothing else: an empty one refuses everything."""

    def __init__(self, roots: Iterable[x509.Certificate], lists: Path | None = None) -> None:
        """Trust these roots, but for what the lists of a directory take back; ValueError if one cannot be used."""
        self._roots = tuple(roots)
        self._withdrawn = Withdrawn(lists, self._roots)
        self._known: dict[bytes, Verified | str] = {}

    def verify(
        self, digest: str, certificate: bytes, signature: bytes, on: date, subject: str = "", prefix: bytes = CONTRACT
    ) -> str:
        """Return why a signature over a digest does not hold on a date; empty if it holds. Never raises.

        `subject` is whom the certificate must name (`borrower 7`: role and account); without it, anybody.
        """
        signer = self._signer(certificate)
        if isinstance(signer, str):
            return signer
        if not signer.start <= on <= signer.end:
            return f"the certificate holds from {signer.start} to {signer.end}"
        if subject and signer.subject != subject:
            return f"the certificate is not that of {subject}"
        withdrawn = self._withdrawn.wrong(signer.path, on)
        if withdrawn:
            return withdrawn
        try:
            signer.key.verify(signature, prefix + bytes.fromhex(digest))
        except (InvalidSignature, ValueError, TypeError):
            return "the signature is not over this contract, or not by the certificate's key"
        return ""

    def revoked(self, certificate: bytes, on: date) -> str:
        """Return why a good certificate did not hold on a date any more; empty if it did, or never was good."""
        signer = self._signer(certificate)
        return "" if isinstance(signer, str) else self._withdrawn.wrong(signer.path, on)

    def _signer(self, certificate: bytes) -> Verified | str:
        """Return whose certificate it is, or why it counts for nothing."""
        name = sha256(certificate).digest()
        known = self._known.get(name)
        if known is None:
            if len(self._known) == CERTIFICATES_KEPT:
                del self._known[next(iter(self._known))]
            known = self._known[name] = self._verified(certificate)
        return known

    def _verified(self, certificate: bytes) -> Verified | str:
        try:
            chain = read_certificates(certificate)
            wrong = why_not_for_signing(chain[0])
            if wrong:
                return wrong
            path = path_to_root(chain, self._roots)
            return "no trusted authority issued the certificate" if path is None else _verified(path)
        except Exception as error:
            # These are anybody's bytes, and the parser has more kinds of errors than it documents.
            return f"the certificate cannot be read: {type(error).__name__}"


def _verified(path: list[x509.Certificate]) -> Verified:
    leaf, key = path[0], path[0].public_key()
    assert isinstance(key, Ed25519PublicKey)
    start = max(each.not_valid_before_utc.date() for each in path)
    end = min(each.not_valid_after_utc.date() for each in path)
    return Verified(tuple(path), key, subject_of(leaf), start, end)


def subject_of(certificate: x509.Certificate) -> str:
    """Return whom a certificate names."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def load_verifier(directory: Path | None = None) -> Verifier:
    """Return a verifier that trusts the authorities in a directory's *.pem files but for what their *.crl take back.

    Without a directory it trusts nobody.
    """
    if directory is None:
        return Verifier(())
    roots: list[x509.Certificate] = []
    for path in sorted(directory.glob("*.pem")):
        try:
            roots += read_certificates(path.read_bytes())
        except (ValueError, OSError) as error:
            raise AuthorityError(f"{path.name}: {error}") from None
    if not roots:
        raise AuthorityError(f"{directory} holds no certificate (*.pem)")
    strangers = [subject_of(each) for each in roots if not is_authority(each)]
    if strangers:
        raise AuthorityError(f"these certificates are no authority's: {', '.join(strangers)}")
    try:
        return Verifier(roots, directory)
    except ValueError as error:
        raise AuthorityError(str(error)) from None


def create_authority(directory: Path, on: date, name: str = "Tenor local authority") -> Authority:
    """Make an authority that holds for ten years and write it to a directory; its key is for the owner's eyes."""
    if (directory / _KEY).exists():
        raise AuthorityError(f"{directory} holds an authority already")
    key = Ed25519PrivateKey.generate()
    builder = _builder(name, name, key.public_key(), on, AUTHORITY_DAYS)
    usage = _usage(certificates=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, None)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / _KEY, _key_pem(key))
    write_private(directory / _CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(certificate, key)


def load_authority(directory: Path) -> Authority:
    """Return the authority that a directory holds."""
    try:
        certificate = read_certificates((directory / _CERTIFICATE).read_bytes())[0]
        key = serialization.load_pem_private_key((directory / _KEY).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise AuthorityError(f"{directory}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AuthorityError(f"{directory / _KEY} is no Ed25519 key")
    return Authority(certificate, key)


def issue(authority: Authority, subject: str, on: date, days: int = CERTIFICATE_DAYS) -> Credentials:
    """Return a new key with a certificate from a day on; the subject is role and account, as `borrower 7`."""
    key = Ed25519PrivateKey.generate()
    issuer = subject_of(authority.certificate)
    builder = _builder(subject, issuer, key.public_key(), on, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    certificate = builder.add_extension(_usage(certificates=False), critical=True).sign(authority.key, None)
    return Credentials(certificate.public_bytes(serialization.Encoding.PEM), key)


def revoke(directory: Path, certificate: Path, on: date) -> None:
    """Take a certificate of a directory's authority back as of a day: its list beside the authority says so."""
    authority = load_authority(directory)
    try:
        issued = read_certificates(certificate.read_bytes())[0]
        take_back(authority.certificate, authority.key, directory / _LIST, issued, on)
    except (OSError, ValueError) as error:
        raise AuthorityError(f"{certificate.name}: {error}") from None


def save_credentials(credentials: Credentials, directory: Path, name: str) -> tuple[Path, Path]:
    """Write certificate and key; return where they are."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    write_private(key, _key_pem(credentials.key))
    write_private(certificate, credentials.certificate)
    return certificate, key


def load_credentials(certificate: Path, key: Path) -> Credentials:
    """Read a certificate and its key."""
    try:
        pem = certificate.read_bytes()
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        fits = isinstance(private, Ed25519PrivateKey) and read_certificates(pem)[0].public_key() == private.public_key()
    except (OSError, ValueError, TypeError) as error:
        raise AuthorityError(f"{certificate.name}, {key.name}: {error}") from None
    if not isinstance(private, Ed25519PrivateKey) or not fits:
        raise AuthorityError(f"{key.name} is not the Ed25519 key of {certificate.name}")
    return Credentials(pem, private)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that nobody else reads, never over an old one."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise AuthorityError(f"{path} exists already") from None
    with os.fdopen(file, "wb") as opened:
        opened.write(content)


def _builder(subject: str, issuer: str, key: Ed25519PublicKey, on: date, days: int) -> x509.CertificateBuilder:
    start = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return x509.CertificateBuilder(
        subject_name=_name(subject),
        issuer_name=_name(issuer),
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=start,
        not_valid_after=start + timedelta(days=days),
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Return what a key is for: to sign certificates, or contracts (which one cannot deny later)."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
