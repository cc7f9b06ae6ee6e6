"""What the runtime needs of the outside; adapters implement these, simulations too."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from actors.rows import Claim, GroupCommit, Loaded, Recorded, StoredEvent


class Fenced(Exception):
    """A later claim owns this shard: nothing was written, and nothing may be any more."""


class RequestTaken(Exception):
    """Another shard recorded one of the request keys first: the whole commit was rolled back."""


class OutcomeUnknown(Exception):
    """The commit's answer was lost; a new claim settles whether it happened."""


class JournalUnavailable(Exception):
    """The journal cannot be reached; nothing was written."""


class Journal(Protocol):
    """Durable events, postings, snapshots and request keys of one book."""

    async def claim(self, shard: int) -> Claim:
        """Take the shard over: end its former owner's sessions and raise the epoch."""

    async def holds(self, claim: Claim) -> bool:
        """Return whether this claim is still the shard's latest."""

    async def load(self, accounts: Sequence[int]) -> dict[int, Loaded]:
        """Return the accounts that exist."""

    async def recorded(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        """Return the request keys that are on record."""

    async def history(self, account: int) -> list[tuple[int, bytes]]:
        """Return (seq, body) of all events of an account, oldest first."""

    async def transactions(self, account: int, after: int, limit: int, kinds: Sequence[int] = ()) -> list[StoredEvent]:
        """Return the account's events after a sequence number, of some kinds alone if any are named, oldest first."""

    async def commit(self, claim: Claim, commit: GroupCommit) -> None:
        """Write all of it in one durable transaction, or raise and write none of it."""

    async def due(self, slots: Sequence[int], on: date, limit: int) -> list[int]:
        """Return accounts in these slots that may have work on or before this date."""

    async def suspend(self, account: int, reason: str) -> None:
        """Mark an account as needing an operator."""

    async def claim_people(self, people: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Give people, by keyed hash, to these accounts for good, unless others have them; return whose they are.

        Of two that want the same person, whoever asks first has them until the account's data is erased.
        """

    async def owners(self, people: Sequence[str]) -> dict[str, int]:
        """Return the accounts that have these people, by keyed hash; without those whom nobody has."""

    async def business_date(self) -> date:
        """Return the open business date."""

    async def closed_through(self) -> date | None:
        """Return the last day of the accounting periods that are closed, if any is."""


class Clock(Protocol):
    """Monotonic time for leases and deadlines."""

    def monotonic(self) -> float:
        """Return seconds."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Transport(Protocol):
    """Carries batches to shards; each call has a deadline of its own."""

    async def execute(self, shard: int, blob: bytes) -> bytes:
        """Send msgpack list[Envelope]; return msgpack list[Reply as msgpack], in order."""

    async def read(self, shard: int, blob: bytes) -> bytes:
        """Send one msgpack query; return the view or refusal as JSON, first byte 1 for a view, 0 for a refusal."""


class ShardUnavailable(Exception):
    """The call may or may not have arrived: send the same requests again."""
