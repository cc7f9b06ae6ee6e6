"""What a proof compared and what it found; parts of it are counted by several processes and added up."""

from collections import Counter
from typing import Final

from msgspec import Struct, field

DETAIL_MAX: Final = 5
"""Differences that each check describes; all of them are counted."""


class Check(Struct, frozen=True):
    """One thing proved, or not."""

    name: str
    compared: int
    found: int
    """Differences."""
    ok: int
    """1 if none was found."""
    detail: list[str]
    """The first differences."""


class Tally(Struct):
    """Comparisons and differences by check, and the sums over accounts that the books must agree with."""

    compared: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    detail: dict[str, list[str]] = {}
    control: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Sub-ledger balance by currency and GL account."""
    accrual: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Amount by currency, product and kind (interest, penalty, loans, and what is suspended of the two)."""

    pools: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Our own part of payouts by pool, day of the request and what it is: reserved, spent."""

    def differ(self, check: str, difference: str) -> None:
        """Note a difference."""
        self.found[check] += 1
        described = self.detail.setdefault(check, [])
        if len(described) < DETAIL_MAX:
            described.append(difference)

    def compare(self, check: str, where: str, stored: object, expected: object) -> None:
        """Compare what is stored with what it must be."""
        self.compared[check] += 1
        if stored != expected:
            self.differ(check, f"{where}: {stored} is stored, {expected} expected")

    def add(self, other: "Tally") -> None:
        """Add what another process counted."""
        self.compared.update(other.compared)
        self.found.update(other.found)
        self.control.update(other.control)
        self.accrual.update(other.accrual)
        self.pools.update(other.pools)
        for check, described in other.detail.items():
            mine = self.detail.setdefault(check, [])
            mine += described[: DETAIL_MAX - len(mine)]

    def check(self, name: str) -> Check:
        """Return the result of one check."""
        found = self.found[name]
        return Check(name, self.compared[name], found, int(not found), self.detail.get(name, []))
