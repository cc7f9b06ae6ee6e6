"""What a shard keeps in memory: accounts and recent request keys, both bounded, least recently used out first."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from actors.messages import Envelope
from actors.protocols import Journal
from actors.rows import Loaded, Recorded
from actors.staging import Cached

ACCOUNTS_MAX: Final = 250_000
REQUESTS_MAX: Final = 50_000

Key = TypeVar("Key")
Value = TypeVar("Value")


def cached(account: int, found: Loaded | None) -> Cached:
    """Return an account as it was loaded; one that does not exist has no state."""
    if found is None:
        return Cached(account, None)
    return Cached(account, found.account, found.seq, found.hash, found.wakes, found.suspended)


class Accounts:
    """Accounts by id; those just used are never put out, so uncommitted changes stay."""

    def __init__(self, journal: Journal, capacity: int = ACCOUNTS_MAX) -> None:
        self._journal = journal
        self._capacity = capacity
        self._kept: dict[int, Cached] = {}

    def get(self, account: int) -> Cached | None:
        """Return an account that is in memory (it may not exist: then its state is None)."""
        cached = self._kept.pop(account, None)
        if cached is not None:
            self._kept[account] = cached
        return cached

    def all(self, accounts: Iterable[int]) -> Iterator[Cached]:
        """Yield accounts that were fetched."""
        for account in accounts:
            cached = self.get(account)
            assert cached is not None
            yield cached

    async def fetch(self, accounts: Iterable[int]) -> None:
        """Read those that are not in memory."""
        cold = [account for account in accounts if account not in self._kept]
        if not cold:
            return
        loaded = await self._journal.load(cold)
        for account in cold:
            self._kept[account] = cached(account, loaded.get(account))

    def passivate(self) -> None:
        """Put out the least recently used beyond capacity, which is far above what can be uncommitted."""
        _trim(self._kept, self._capacity)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


class RecentRequests:
    """Request keys answered lately, so that a quick repetition needs no look-up."""

    def __init__(self, capacity: int = REQUESTS_MAX) -> None:
        self._capacity = capacity
        self._kept: dict[bytes, Recorded] = {}

    def get(self, key: bytes) -> Recorded | None:
        """Return what is on record for a key, as far as it is known here."""
        return self._kept.get(key)

    def missing(self, envelopes: Iterable[Envelope]) -> list[bytes]:
        """Return the keys that have to be looked up."""
        return [envelope.key for envelope in envelopes if envelope.key not in self._kept]

    def learn(self, recorded: dict[bytes, Recorded]) -> None:
        """Keep what a look-up found."""
        self._kept.update(recorded)

    def add(self, key: bytes, recorded: Recorded) -> None:
        """Keep an answer just given."""
        self._kept[key] = recorded

    def trim(self) -> None:
        """Forget the oldest beyond capacity, which is far above what can be uncommitted."""
        _trim(self._kept, self._capacity)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def _trim(kept: dict[Key, Value], capacity: int) -> None:
    """Drop the first-inserted entries beyond capacity."""
    excess = len(kept) - capacity
    if excess > 0:
        for key in list(islice(kept, excess)):
            del kept[key]
