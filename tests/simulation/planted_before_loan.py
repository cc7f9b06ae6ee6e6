"""Bugs to plant in what precedes a loan: money of pools, payout orders, files and sealed data."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest

from actors import aside, execute
from actors.aside import Aside
from actors.funding import Leases
from actors.rows import Claim, GroupCommit, LeaseRow, PayoutOrderRow
from actors.staging import Stage
from adapters import memory_journal
from adapters.memory_journal import Disk, MemoryJournal
from adapters.memory_treasury import MemoryTreasury
from core.account import Account
from core.money import AMOUNT_MAX
from core.origination.events import BankAccountAdded
from core.origination.file import PayoutStatus
from tests.simulation.faults import harsh
from tests.simulation.planted import Plant

_check = memory_journal._check
_seal = Stage.seal
_put_aside = Stage.put_aside
_aside_of = aside.aside_of


def spends_with_a_refused_commit(patch: pytest.MonkeyPatch) -> None:
    """Write what a commit reserves and spends though its events are not written."""

    def leaky(disk: Disk, claim: Claim, commit: GroupCommit) -> None:
        try:
            _check(disk, claim, commit)
        except Exception:
            disk.vault.write(claim.shard, commit.leases)
            raise

    patch.setattr(memory_journal, "_check", leaky)


def reserves_again_what_was_lost(patch: pytest.MonkeyPatch) -> None:
    """Start over with what a lost commit reserved."""

    async def unforgetting(self: Leases, claim: Claim, on: date) -> None:
        self._claim, self._on = claim, on
        self._held = {(pool, day): left for pool, day, left in await self._treasury.take_over(claim)}

    patch.setattr(Leases, "take_over", unforgetting)


def remembers_money_that_it_gave_away(patch: pytest.MonkeyPatch) -> None:
    """Start over with the slices as they were in memory, whatever the treasury says."""

    async def stubborn(self: Leases, claim: Claim, on: date) -> None:
        self._claim, self._on = claim, on
        for pool, day, left in await self._treasury.take_over(claim):
            self._held[pool, day] = self._held.get((pool, day), 0) + left
        self._changes.clear()

    patch.setattr(Leases, "take_over", stubborn)


def leases_under_any_epoch(patch: pytest.MonkeyPatch) -> None:
    """Let former owners lease and give back."""
    patch.setattr(MemoryTreasury, "_fence", lambda *_: None)


def pays_what_no_pool_has(patch: pytest.MonkeyPatch) -> None:
    """Take every pool for bottomless."""
    patch.setattr(Leases, "available", lambda *_: AMOUNT_MAX)


def spends_what_the_bank_did_not_pay(patch: pytest.MonkeyPatch) -> None:
    """Count a payout that failed as spent."""
    patch.setitem(aside._MOVES, PayoutStatus.FAILED, Leases.post)


def orders_what_nobody_requested(patch: pytest.MonkeyPatch) -> None:
    """Order a payout to each new bank account."""

    def eager(house: Any, command: Any, account: Account, events: Iterable[Any], findings: Any) -> Aside:
        found = _aside_of(house, command, account, events, findings)
        for event in events:
            if isinstance(event, BankAccountAdded):
                card = event.bank_account
                found.payouts.append(PayoutOrderRow(f"{account.id}-0", account.id, 0, "CNY", 1, card.bank, card.number))
        return found

    patch.setattr(execute, "aside_of", eager)


def orders_nothing(patch: pytest.MonkeyPatch) -> None:
    """Lose payout orders."""

    def losing(self: Stage, aside: Aside) -> None:
        _put_aside(self, aside)
        self.commit.payouts.clear()

    patch.setattr(Stage, "put_aside", losing)


def keeps_the_data_of_the_erased(patch: pytest.MonkeyPatch) -> None:
    """Destroy nothing."""

    def keeping(self: Stage, aside: Aside) -> None:
        _put_aside(self, aside)
        self.commit.erased.clear()

    patch.setattr(Stage, "put_aside", keeping)


def lets_a_person_have_two_accounts(patch: pytest.MonkeyPatch) -> None:
    """Give people to whoever asks."""

    async def generous(self: MemoryJournal, people: Sequence[tuple[str, int]]) -> dict[str, int]:
        self.disk.people.update(people)
        return dict(people)

    patch.setattr(MemoryJournal, "claim_people", generous)


def stores_no_files(patch: pytest.MonkeyPatch) -> None:
    """Keep credit files in memory only."""

    def forgetful(self: Stage, on: date, leases: Iterable[LeaseRow] = ()) -> GroupCommit:
        commit = _seal(self, on, leases)
        commit.files.clear()
        return commit

    patch.setattr(Stage, "seal", forgetful)


PLANTS_BEFORE_LOAN: tuple[Plant, ...] = (
    spends_with_a_refused_commit,
    reserves_again_what_was_lost,
    remembers_money_that_it_gave_away,
    leases_under_any_epoch,
    pays_what_no_pool_has,
    spends_what_the_bank_did_not_pay,
    orders_what_nobody_requested,
    orders_nothing,
    keeps_the_data_of_the_erased,
    lets_a_person_have_two_accounts,
    stores_no_files,
)
PLANTED_FAULTS = harsh()
"""Under which each of them shows."""
