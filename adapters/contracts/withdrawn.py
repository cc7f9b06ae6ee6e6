"""Certificates that their authorities took back: X.509 lists (*.crl) beside the roots, read again when they change."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from adapters.contracts.chain import signs_lists

_Seen = tuple[tuple[str, int, int], ...]
"""Names, times and sizes of the files that were read."""


class _List(Struct, frozen=True):
    """What one authority took back."""

    days: dict[int, date]
    """Since when, by serial number."""
    until: date
    """The last day for which the list speaks."""


class Withdrawn:
    """The lists of a directory, none without one. Nobody restarts anything when an authority publishes a new one."""

    def __init__(self, directory: Path | None = None, roots: Sequence[x509.Certificate] = ()) -> None:
        """Read the lists; raises ValueError if one cannot be used."""
        self._directory: Final = directory
        self._roots: Final = roots
        self._seen: _Seen = ()
        self._lists: list[x509.CertificateRevocationList] = []
        self._of: dict[bytes, _List | None] = {}
        """What each authority took back, by its certificate."""
        self._refresh()

    def wrong(self, path: Sequence[x509.Certificate], on: date) -> str:
        """Return which certificate of a path to a root did not hold any more on a date; empty if all did."""
        try:
            self._refresh()
        except (ValueError, OSError) as error:
            return f"withdrawn certificates cannot be looked up: {error}"
        for certificate, issuer in pairwise(path):
            found = self._list_of(issuer)
            if found is None:
                continue
            if on > found.until:
                return f"the authority's list of withdrawn certificates ended on {found.until}"
            since = found.days.get(certificate.serial_number)
            if since is not None and since <= on:
                return f"the certificate was withdrawn on {since}"
        return ""

    def _refresh(self) -> None:
        """Read all lists anew if any file is another one than before; until they can be read, none is known."""
        paths = [] if self._directory is None else sorted(self._directory.glob("*.crl"))
        stats = [(path.name, path.stat()) for path in paths]
        seen = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
        if seen != self._seen:
            lists = [read_list(path) for path in paths]
            for path, each in zip(paths, lists, strict=True):
                _check_issuer(path, each, self._roots)
            self._seen, self._lists, self._of = seen, lists, {}

    def _list_of(self, issuer: x509.Certificate) -> _List | None:
        """Return the newest list that an authority signed, if there is one."""
        name = issuer.public_bytes(Encoding.DER)
        if name not in self._of:
            own = [each for each in self._lists if _signed(each, issuer)]
            self._of[name] = _taken(max(own, key=lambda each: each.last_update_utc)) if own else None
        return self._of[name]


def read_list(path: Path) -> x509.CertificateRevocationList:
    """Read a list, PEM or DER; raises ValueError, which names the file, if it cannot be obeyed."""
    content = path.read_bytes()
    try:
        pem = content.lstrip().startswith(b"-----BEGIN")
        found = x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
        demands = any(each.critical for each in found.extensions)
    except Exception as error:
        raise ValueError(f"{path.name} is no list of withdrawn certificates ({type(error).__name__})") from None
    if demands:
        raise ValueError(f"{path.name} makes demands that are not known here")
    if found.next_update_utc is None:
        raise ValueError(f"{path.name} does not say until when it holds")
    return found


def _check_issuer(path: Path, found: x509.CertificateRevocationList, roots: Sequence[x509.Certificate]) -> None:
    """Refuse a list in a root's name that no root signed; that of an authority below waits for its certificate."""
    namesakes = [root for root in roots if root.subject == found.issuer]
    if namesakes and not any(_signed(found, root) for root in namesakes):
        raise ValueError(f"{path.name} is not signed by the authority that it names")


def _signed(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if found.issuer != issuer.subject or not signs_lists(issuer):
        return False
    try:
        return found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # Any other kind is a TypeError.
    except TypeError:
        return False


def _taken(found: x509.CertificateRevocationList) -> _List:
    assert found.next_update_utc is not None
    days = {each.serial_number: each.revocation_date_utc.date() for each in found}
    return _List(days, found.next_update_utc.date())


def take_back(
    authority: x509.Certificate, key: Ed25519PrivateKey, into: Path, certificate: x509.Certificate, on: date
) -> None:
    """Add a certificate to its authority's list as of a day and sign the list anew; ValueError if it issued no such."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError):
        raise ValueError("another authority issued that certificate") from None
    before = list(read_list(into)) if into.exists() else []
    if any(each.serial_number == certificate.serial_number for each in before):
        raise ValueError("that certificate was taken back before")
    start = datetime(on.year, on.month, on.day, tzinfo=UTC)
    entry = x509.RevokedCertificateBuilder(certificate.serial_number, start).build()
    builder = x509.CertificateRevocationListBuilder(
        authority.subject, start, authority.not_valid_after_utc, revoked_certificates=[*before, entry]
    ).add_extension(x509.CRLNumber(len(before) + 1), critical=False)
    anew = into.with_name(f"{into.name}.new")
    anew.write_bytes(builder.sign(key, None).public_bytes(Encoding.PEM))
    # Whoever reads meanwhile sees the old list or the new one.
    anew.replace(into)
