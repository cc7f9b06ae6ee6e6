"""What the runtime needs of the lender's house besides decisions: questions to outside sources, and a seal."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from actors.funding import Leases
from actors.rows import ContractTextRow, SecretRow
from core.account import Account
from core.commands import Command
from core.decide import needs_findings
from core.origination.commands import IdentifyBorrower
from core.origination.lender import Findings, Lender


class Inquiry(Struct, frozen=True):
    """What is asked about a borrower, for one command."""

    command: Command
    index: str
    """Keyed hash of the identity number."""
    borrower: IdentifyBorrower | None = None
    """Who it is, where that is said in the same batch and so is not in the register yet."""


class House(Protocol):
    """The lender as its shards need it."""

    @property
    def lender(self) -> Lender:
        """What decisions see."""

    @property
    def tried(self) -> Lender:
        """What trials of commands see: the same, with money in every pool."""

    @property
    def leases(self) -> Leases:
        """What the shard holds of the funding pools; `lender.available` reads them."""

    async def investigate(self, inquiries: Sequence[Inquiry], on: date) -> list[Findings]:
        """Return what sources say, in order; in bounded time, with what is missing named. Raises nothing."""

    def seal(self, account: int, kind: str, number: int, index: str, plain: str) -> SecretRow:
        """Return personal data sealed for its place."""

    def seal_person(self, command: IdentifyBorrower) -> list[SecretRow]:
        """Return who the borrower is, sealed; known for later inquiries at once."""

    def forget(self, account: int) -> None:
        """Keep nothing of a borrower in memory."""

    def seal_text(self, account: int, agreement: int, digest: str, text: bytes) -> ContractTextRow:
        """Return a contract's text, sealed."""

    def fingerprint(self, command: bytes) -> bytes:
        """Return 16 bytes that tell commands apart and say nothing of them: a keyed hash."""


def inquiry(command: Command, account: Account | None, on: date, lender: Lender) -> Inquiry | None:
    """Return what must be asked before a command is decided: nothing that its decision would not look at."""
    if account is None or account.file.borrower is None:
        return None
    try:
        needed = needs_findings(account, command, on, lender)
    except Exception:
        # What is broken breaks the decision itself, which stops this account and no other.
        return None
    return Inquiry(command, account.file.borrower.index) if needed else None
