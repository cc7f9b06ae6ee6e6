"""Signatures under contracts: whose certificate, from whom, until when, over what."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters.contracts.signing import (
    RECEIPT,
    Authority,
    AuthorityError,
    Credentials,
    Verifier,
    create_authority,
    issue,
    load_authority,
    load_credentials,
    load_verifier,
    revoke,
    save_credentials,
)

ON: Final = date(2026, 1, 5)
DIGEST, OTHER = "ab" * 32, "cd" * 32
Change = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing") / "authority"


@pytest.fixture(scope="module")
def authority(roots: Path) -> Authority:
    return create_authority(roots, ON)


@pytest.fixture(scope="module")
def verifier(authority: Authority, roots: Path) -> Verifier:
    return load_verifier(roots)


@pytest.fixture(scope="module")
def borrower(authority: Authority) -> Credentials:
    return issue(authority, "borrower 7", ON)


def test_a_signature_by_a_certified_key_holds(verifier: Verifier, borrower: Credentials) -> None:
    signature = borrower.sign(DIGEST)
    der = x509.load_pem_x509_certificate(borrower.certificate).public_bytes(Encoding.DER)
    for certificate in (borrower.certificate, der):
        assert verifier.verify(DIGEST, certificate, signature, ON) == ""
        assert verifier.verify(DIGEST, certificate, signature, ON, "borrower 7") == ""


def test_another_text_is_not_signed_by_it(verifier: Verifier, borrower: Credentials) -> None:
    assert "not over this contract" in verifier.verify(OTHER, borrower.certificate, borrower.sign(DIGEST), ON)


def test_a_signature_serves_for_nothing_else(verifier: Verifier, borrower: Credentials) -> None:
    for signature in (borrower.sign(DIGEST, RECEIPT), borrower.key.sign(bytes.fromhex(DIGEST))):
        assert "not over this contract" in verifier.verify(DIGEST, borrower.certificate, signature, ON)


def test_another_ones_signature_or_certificate_is_refused(
    verifier: Verifier, authority: Authority, borrower: Credentials
) -> None:
    other = issue(authority, "borrower 8", ON)
    assert "certificate's key" in verifier.verify(DIGEST, borrower.certificate, other.sign(DIGEST), ON)
    wrong = verifier.verify(DIGEST, other.certificate, other.sign(DIGEST), ON, "borrower 7")
    assert wrong == "the certificate is not that of borrower 7"


@pytest.mark.parametrize("on", [ON - timedelta(days=1), ON + timedelta(days=31)])
def test_a_certificate_holds_on_its_days_only(verifier: Verifier, authority: Authority, on: date) -> None:
    signer = issue(authority, "borrower 7", ON, days=30)
    assert verifier.verify(DIGEST, signer.certificate, signer.sign(DIGEST), ON + timedelta(days=30)) == ""
    wrong = verifier.verify(DIGEST, signer.certificate, signer.sign(DIGEST), on)
    assert wrong == "the certificate holds from 2026-01-05 to 2026-02-04"


def test_a_chain_holds_no_longer_than_its_root(verifier: Verifier, authority: Authority) -> None:
    signer = issue(authority, "borrower 7", ON, days=9_000)
    wrong = verifier.verify(DIGEST, signer.certificate, signer.sign(DIGEST), ON + timedelta(days=4_000))
    assert wrong.startswith("the certificate holds from 2026-01-05 to 2036-01-")


def test_a_stranger_with_the_same_name_is_no_authority(verifier: Verifier, tmp_path: Path) -> None:
    stranger = issue(create_authority(tmp_path / "other", ON), "borrower 7", ON)
    wrong = verifier.verify(DIGEST, stranger.certificate, stranger.sign(DIGEST), ON)
    assert wrong == "no trusted authority issued the certificate"


def test_who_trusts_nobody_refuses_everybody(borrower: Credentials) -> None:
    wrong = load_verifier(None).verify(DIGEST, borrower.certificate, borrower.sign(DIGEST), ON)
    assert wrong == "no trusted authority issued the certificate"


def test_a_signer_certifies_nobody(verifier: Verifier, borrower: Credentials) -> None:
    signer = x509.load_pem_x509_certificate(borrower.certificate)
    forged = issue(Authority(signer, borrower.key), "borrower 8", ON)
    chain = forged.certificate + borrower.certificate
    wrong = verifier.verify(DIGEST, chain, forged.sign(DIGEST), ON)
    assert wrong == "no trusted authority issued the certificate"


def test_an_authority_does_not_sign_contracts(verifier: Verifier, authority: Authority) -> None:
    pem = authority.certificate.public_bytes(Encoding.PEM)
    wrong = verifier.verify(DIGEST, pem, Credentials(pem, authority.key).sign(DIGEST), ON)
    assert wrong == "the certificate is an authority's, not a signer's"


def test_an_authority_below_the_root_may_certify_as_far_as_the_root_lets_it() -> None:
    root, below = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    middle = made("root", "middle", root, below.public_key(), ca(0))
    leaf = issue(Authority(middle, below), "borrower 7", ON)
    chain = leaf.certificate + middle.public_bytes(Encoding.PEM)
    for path_length, wrong in ((1, ""), (0, "no trusted authority issued the certificate")):
        verifier = Verifier([made("root", "root", root, root.public_key(), ca(path_length))])
        assert verifier.verify(DIGEST, chain, leaf.sign(DIGEST), ON) == wrong
        assert verifier.verify(DIGEST, leaf.certificate, leaf.sign(DIGEST), ON) != ""


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda made: made, "not for signatures"),
        (
            lambda made: made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            "signatures",
        ),
        (lambda made: made.add_extension(x509.NameConstraints([x509.DNSName("a.example")], None), True), "demands"),
        (
            lambda made: made.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True
            ),
            "demands",
        ),
    ],
)
def test_a_certificate_for_something_else_is_refused(
    authority: Authority, roots: Path, change: Change, wrong: str
) -> None:
    key = Ed25519PrivateKey.generate()
    name = "Tenor local authority"
    signer = Credentials(
        made(name, "borrower 7", authority.key, key.public_key(), change).public_bytes(Encoding.PEM), key
    )
    assert wrong in load_verifier(roots).verify(DIGEST, signer.certificate, signer.sign(DIGEST), ON)


def test_other_kinds_of_keys_are_refused(authority: Authority, verifier: Verifier) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = made("Tenor local authority", "borrower 7", authority.key, key.public_key(), lambda made: made)
    signature = key.sign(DIGEST.encode(), ec.ECDSA(SHA256()))
    assert "not Ed25519" in verifier.verify(DIGEST, certificate.public_bytes(Encoding.DER), signature, ON)


def test_a_certificate_has_one_encoding(verifier: Verifier, authority: Authority) -> None:
    signers = (issue(authority, "borrower 7", ON) for _ in range(100))
    encoded = ((each, x509.load_pem_x509_certificate(each.certificate).public_bytes(Encoding.DER)) for each in signers)
    # Where the last bits of the signature are zero anyway, a parser lets them be declared unused.
    signer, der = next((each, der) for each, der in encoded if not der[-1] & 1)
    unused = bytearray(der)
    unused[-65] = 1
    assert verifier.verify(DIGEST, der, signer.sign(DIGEST), ON) == ""
    assert "no trusted authority" in verifier.verify(DIGEST, bytes(unused), signer.sign(DIGEST), ON)


@given(place=st.integers(0, 10_000), value=st.integers(1, 255), cut=st.integers(0, 600))
def test_bytes_of_anybody_are_refused_not_raised(
    verifier: Verifier, borrower: Credentials, place: int, value: int, cut: int
) -> None:
    der = bytearray(x509.load_pem_x509_certificate(borrower.certificate).public_bytes(Encoding.DER))
    der[place % len(der)] ^= value
    signature = borrower.sign(DIGEST)
    assert verifier.verify(DIGEST, bytes(der), signature, ON) != ""
    assert verifier.verify(DIGEST, bytes(der[:cut]), signature, ON) != ""
    broken = bytearray(signature)
    broken[place % 64] ^= value
    assert verifier.verify(DIGEST, borrower.certificate, bytes(broken), ON) != ""


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 63, b"\xff" * 200])
@pytest.mark.parametrize("digest", [DIGEST, "", "zz", "é"])
def test_nonsense_is_refused(verifier: Verifier, borrower: Credentials, signature: bytes, digest: str) -> None:
    assert verifier.verify(digest, borrower.certificate, signature, ON) != ""


def test_long_chains_are_not_followed(verifier: Verifier, borrower: Credentials) -> None:
    chain = borrower.certificate * 5
    assert "cannot be read" in verifier.verify(DIGEST, chain, borrower.sign(DIGEST), ON)


def test_keys_are_for_their_owner_and_never_written_over(
    authority: Authority, roots: Path, borrower: Credentials, tmp_path: Path
) -> None:
    paths = save_credentials(borrower, tmp_path, "borrower-7")
    assert [path.stat().st_mode & 0o777 for path in (*paths, roots / "authority.key")] == [0o600] * 3
    assert load_credentials(*paths).sign(DIGEST) == borrower.sign(DIGEST)
    assert load_authority(roots).certificate == authority.certificate
    with pytest.raises(AuthorityError, match="exists already"):
        save_credentials(borrower, tmp_path, "borrower-7")
    with pytest.raises(AuthorityError, match="holds an authority"):
        create_authority(roots, ON)


def test_a_key_of_another_certificate_is_named(authority: Authority, borrower: Credentials, tmp_path: Path) -> None:
    certificate, _ = save_credentials(borrower, tmp_path, "mine")
    _, key = save_credentials(issue(authority, "borrower 8", ON), tmp_path, "other")
    with pytest.raises(AuthorityError, match=r"other\.key is not the Ed25519 key of mine\.pem"):
        load_credentials(certificate, key)


def test_roots_are_authorities(borrower: Credentials, tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="holds no certificate"):
        load_verifier(tmp_path)
    save_credentials(borrower, tmp_path, "borrower-7")
    with pytest.raises(AuthorityError, match="no authority's: borrower 7"):
        load_verifier(tmp_path)


def test_a_certificate_that_was_taken_back_does_not_hold_from_that_day_on(tmp_path: Path) -> None:
    authority, verifier = create_authority(tmp_path, ON), load_verifier(tmp_path)
    signer, other = issue(authority, "borrower 7", ON), issue(authority, "borrower 8", ON)
    kept, _ = save_credentials(signer, tmp_path / "people", "borrower-7")
    signature, later = signer.sign(DIGEST), ON + timedelta(days=3)
    assert verifier.verify(DIGEST, signer.certificate, signature, later) == ""
    revoke(tmp_path, kept, ON + timedelta(days=2))
    # The verifier that knew the certificate learns of it without being made anew.
    assert (
        verifier.verify(DIGEST, signer.certificate, signature, later) == "the certificate was withdrawn on 2026-01-07"
    )
    assert verifier.revoked(signer.certificate, later) == "the certificate was withdrawn on 2026-01-07"
    assert verifier.verify(DIGEST, signer.certificate, signature, ON + timedelta(days=1)) == ""
    assert verifier.verify(DIGEST, other.certificate, other.sign(DIGEST), later) == ""
    assert verifier.revoked(b"nonsense", later) == ""
    second, _ = save_credentials(other, tmp_path / "people", "borrower-8")
    revoke(tmp_path, second, later)
    for each in (signer, other):
        assert "withdrawn" in verifier.verify(DIGEST, each.certificate, each.sign(DIGEST), later)
    with pytest.raises(AuthorityError, match="taken back before"):
        revoke(tmp_path, kept, later)


def test_a_list_that_is_being_written_is_read_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = create_authority(tmp_path, ON)
    kept, _ = save_credentials(issue(authority, "borrower 7", ON), tmp_path / "people", "borrower-7")

    def interrupted(*_: object) -> None:
        raise OSError("interrupted")

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(AuthorityError, match="interrupted"):
        revoke(tmp_path, kept, ON)
    assert list(tmp_path.glob("*.crl")) == []


def test_only_its_own_authority_takes_a_certificate_back(
    authority: Authority, borrower: Credentials, tmp_path: Path
) -> None:
    stranger = create_authority(tmp_path / "stranger", ON)
    certificate, _ = save_credentials(borrower, tmp_path, "borrower-7")
    with pytest.raises(AuthorityError, match="another authority issued"):
        revoke(tmp_path / "stranger", certificate, ON)
    home = tmp_path / "home"
    home.mkdir()
    (home / "authority.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    (home / "forged.crl").write_bytes(listed(authority.certificate.subject, stranger.key))
    with pytest.raises(AuthorityError, match=r"forged\.crl is not signed by the authority that it names"):
        load_verifier(home)


def test_a_list_that_cannot_be_obeyed_is_refused_and_lets_nobody_sign(
    authority: Authority, borrower: Credentials, tmp_path: Path
) -> None:
    (tmp_path / "authority.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    verifier, signature = load_verifier(tmp_path), borrower.sign(DIGEST)
    name, key = authority.certificate.subject, authority.key
    for content, wrong in (
        (b"nonsense", "is no list of withdrawn certificates"),
        (listed(name, key, critical=True), "makes demands that are not known here"),
    ):
        (tmp_path / "one.crl").write_bytes(content)
        with pytest.raises(AuthorityError, match=wrong):
            load_verifier(tmp_path)
        assert wrong in verifier.verify(DIGEST, borrower.certificate, signature, ON)
        assert wrong in verifier.revoked(borrower.certificate, ON)
    (tmp_path / "one.crl").write_bytes(listed(name, key))
    assert verifier.verify(DIGEST, borrower.certificate, signature, ON) == ""
    late = ON + timedelta(days=31)
    assert "list of withdrawn certificates ended on 2026-02-04" in verifier.revoked(borrower.certificate, late)


def test_an_authority_below_the_root_takes_back_what_it_issued(tmp_path: Path) -> None:
    root, below = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    anchor = made("root", "root", root, root.public_key(), ca(1))
    middle = made("root", "middle", root, below.public_key(), ca(0))
    leaf = issue(Authority(middle, below), "borrower 7", ON)
    chain = leaf.certificate + middle.public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(anchor.public_bytes(Encoding.PEM))
    verifier = load_verifier(tmp_path)
    for issuer, key, serial in (
        ("middle", below, x509.load_pem_x509_certificate(leaf.certificate).serial_number),
        ("root", root, middle.serial_number),
    ):
        assert verifier.revoked(chain, ON) == ""
        (tmp_path / f"{issuer}.crl").write_bytes(listed(_name(issuer), key, serial))
        assert verifier.revoked(chain, ON) == "the certificate was withdrawn on 2026-01-05"
        (tmp_path / f"{issuer}.crl").unlink()


def listed(
    issuer: x509.Name, key: CertificateIssuerPrivateKeyTypes, serial: int = 1, *, critical: bool = False
) -> bytes:
    """Return a list of withdrawn certificates made by hand, DER."""
    start = datetime(ON.year, ON.month, ON.day, tzinfo=UTC)
    entry = x509.RevokedCertificateBuilder(serial, start).build()
    builder = x509.CertificateRevocationListBuilder(issuer, start, start + timedelta(days=30), [], [entry])
    if critical:
        builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    return builder.sign(key, None).public_bytes(Encoding.DER)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def ca(path_length: int) -> Change:
    """Make a certificate an authority's."""
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return lambda made: made.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), True).add_extension(
        usage, True
    )


def made(
    issuer: str, subject: str, key: CertificateIssuerPrivateKeyTypes, public: CertificatePublicKeyTypes, to: Change
) -> x509.Certificate:
    """Return a certificate made by hand."""
    start = datetime(ON.year, ON.month, ON.day, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        _name(issuer),
        _name(subject),
        public,
        x509.random_serial_number(),
        start,
        start + timedelta(days=365),
    )
    return to(builder).sign(key, None)
