"""The day close's walk over a shard's accounts that have something due, in slices between live batches."""

from datetime import date
from typing import Final

from actors.protocols import Journal

SLICE: Final = 500
"""Accounts of one slice."""
_SLOTS_AT_ONCE: Final = 16


class Walk:
    """Where a walk stands. The durable cursor is the stored wake-up date itself: what is done is no longer due."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._chunks: list[list[int]] = []
        self._again: list[list[int]] = []
        self._current: list[int] = []
        self.on = date.min
        self.accounts = 0
        self.events = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to look for."""
        return not self._chunks and not self._again

    def begin(self, on: date, slots: frozenset[int]) -> None:
        """Start (over) for a business date."""
        ordered = sorted(slots)
        self._chunks = [ordered[start : start + _SLOTS_AT_ONCE] for start in range(0, len(ordered), _SLOTS_AT_ONCE)]
        self._again = []
        self.on, self.accounts, self.events = on, 0, 0

    def needs_landing(self) -> bool:
        """Whether the next slice reads slots again whose last slice must be durable first."""
        return not self._chunks and bool(self._again)

    async def next_slice(self) -> list[int]:
        """Return the next accounts that may have work; fewer than a slice means that these slots are done."""
        if not self._chunks:
            self._chunks, self._again = self._again, []
        self._current = self._chunks.pop()
        return await self._journal.due(self._current, self.on, SLICE)

    def worked(self, accounts: int, moved: int, events: int) -> None:
        """Note what a slice did; slots that filled a slice are looked at again, unless none of it will be gone then."""
        self.accounts += accounts
        self.events += events
        if accounts >= SLICE and moved:
            self._again.append(self._current)
