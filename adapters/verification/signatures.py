"""Signatures under contracts verified again, by the certificates that the book keeps sealed."""

from base64 import b64decode
from collections.abc import Collection, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from actors.aside import CERTIFICATE, certificate_number
from adapters.contracts.signing import load_verifier
from adapters.privacy.keyring import Keyring, KeyringError, key_file
from adapters.privacy.sealing import place
from adapters.settings import Settings
from adapters.verification.snapshots import Row
from adapters.verification.tally import Tally
from core.origination.file import Agreement, CreditFile, Signature, lasting

CHECK: Final = "signatures"
_DAY: Final = timedelta(days=1)


class Seals(Struct, frozen=True):
    """What opens certificates, and who is trusted; paths, since every process reads them itself."""

    keys: str
    roots: str


def seals_of(settings: Settings) -> Seals | None:
    """Return a book's, None where keys or authorities are not at hand: then its signatures cannot be checked again."""
    keys = key_file(settings)
    return Seals(str(keys), settings.roots_dir) if settings.roots_dir and keys.exists() else None


class Signatures:
    """Verifies them; raises KeyringError or AuthorityError if keys or roots cannot be used."""

    def __init__(self, seals: Seals) -> None:
        self._keyring = Keyring.load(Path(seals.keys))
        self._verifier = load_verifier(Path(seals.roots))

    def check(
        self, tally: Tally, account: int, file: CreditFile, certificates: Sequence[Row], early: Collection[Signature]
    ) -> None:
        """Check that each signature but early ones has its certificate and holds, and that no other one is kept."""
        kept = {number: sealed for _, number, sealed in certificates}
        for agreement in lasting(file):
            for count, signature in enumerate(agreement.signatures, 1):
                number = certificate_number(agreement.number, count)
                sealed = kept.pop(number, None)
                if sealed is None and signature in early:
                    continue
                tally.compared[CHECK] += 1
                if wrong := self._wrong(account, number, sealed, agreement, signature):
                    where = f"account {account}, contract {agreement.number}, {signature.signer}"
                    tally.differ(CHECK, f"{where}: {wrong}")
        if kept:
            tally.differ(CHECK, f"account {account}: certificates {sorted(kept)} belong to no signature")

    def _wrong(
        self, account: int, number: int, sealed: bytes | None, agreement: Agreement, signature: Signature
    ) -> str:
        if sealed is None:
            return "its certificate is not there"
        try:
            certificate = b64decode(self._keyring.open(sealed, place(account, CERTIFICATE, number)))
        except (KeyringError, ValueError) as error:
            return str(error)
        if sha256(certificate).hexdigest() != signature.certificate:
            return "the certificate is not the one that signed"
        on, subject = signature.on, f"{signature.signer} {account}"
        wrong = self._verifier.verify(agreement.digest, certificate, signature.signature, on, subject)
        # Taken back on the very day, it may well have been after the signature, which was refused otherwise.
        late = wrong and wrong == self._verifier.revoked(certificate, on)
        return "" if late and not self._verifier.revoked(certificate, on - _DAY) else wrong
