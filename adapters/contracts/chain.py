"""From a signer's certificate to a root that is trusted (RFC 5280, as far as signatures under contracts need it)."""

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

CHAIN_MAX: Final = 4
"""Certificates that a signer may hand in: the own one and those of authorities below the root."""
_SIGNING: Final = {
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),
}
"""Purposes that a person may sign a text with; the last one is document signing (RFC 9336)."""
_UNDERSTOOD: Final = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)
"""Critical extensions that this code obeys, or that narrow nothing here. Any other one refuses the certificate."""


def read_certificates(content: bytes) -> list[x509.Certificate]:
    """Return the certificates of a file, PEM (the signer's first) or DER; raises ValueError."""
    if b"-----BEGIN" in content:
        found = x509.load_pem_x509_certificates(content)
        if len(found) > CHAIN_MAX:
            raise ValueError(f"more than {CHAIN_MAX} certificates")
        return found
    return [x509.load_der_x509_certificate(content)]


def why_not_for_signing(certificate: x509.Certificate) -> str:
    """Return why a certificate is not one to sign contracts with; empty if it is."""
    if not isinstance(certificate.public_key(), Ed25519PublicKey):
        return "the certificate's key is not Ed25519"
    if _unknown_demands(certificate):
        return "the certificate makes demands that are not known here"
    if _basic(certificate).ca:
        return "the certificate is an authority's, not a signer's"
    usage = _usage(certificate)
    signs = usage is not None and (usage.content_commitment or usage.digital_signature)
    return "" if signs and _for_people(certificate) else "the certificate is not for signatures under texts"


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether a certificate may issue others."""
    usage = _usage(certificate)
    return _basic(certificate).ca and usage is not None and usage.key_cert_sign


def signs_lists(certificate: x509.Certificate) -> bool:
    """Return whether a certificate's key may sign lists of withdrawn certificates."""
    usage = _usage(certificate)
    return usage is not None and usage.crl_sign


def path_to_root(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> list[x509.Certificate] | None:
    """Return a chain (the signer's first, each one's issuer next) with the trusted root that it leads to, or None.

    It is checked from the root down: nothing is computed with a key that nobody trusted vouches for.
    """
    path = [each for each in chain if each not in roots]
    root = next((each for each in roots if path and _issued(path[-1], each, len(path) - 1)), None)
    if root is None:
        return None
    holds = all(_issued(path[at], path[at + 1], at) for at in reversed(range(len(path) - 1)))
    return [*path, root] if holds else None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, below: int) -> bool:
    """Return whether an authority with no more than the authorities it allows below it issued a certificate."""
    if certificate.issuer != issuer.subject or not is_authority(issuer) or _unknown_demands(issuer):
        return False
    # The bits that a signature leaves unused are under no signature: another number of them is another certificate.
    if not certificate.public_bytes(Encoding.DER).endswith(b"\0" + certificate.signature):
        return False
    allowed = _basic(issuer).path_length
    if allowed is not None and below > allowed:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _unknown_demands(certificate: x509.Certificate) -> bool:
    return any(each.critical and not isinstance(each.value, _UNDERSTOOD) for each in certificate.extensions)


def _basic(certificate: x509.Certificate) -> x509.BasicConstraints:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return x509.BasicConstraints(ca=False, path_length=None)


def _for_people(certificate: x509.Certificate) -> bool:
    """Return whether a certificate names no purposes, or one that people sign with (not only that of a server)."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return any(each in _SIGNING for each in purposes)


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
