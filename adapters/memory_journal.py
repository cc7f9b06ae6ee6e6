"""A journal in memory, for simulations and properties: the same promises, with faults where a test wants them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

from msgspec import Struct, field

from actors.protocols import Fenced, JournalUnavailable, RequestTaken
from actors.rows import (
    AccountRow,
    ApplicationRow,
    Claim,
    ContractRow,
    ContractTextRow,
    EntryRow,
    EventRow,
    FileRow,
    GroupCommit,
    Loaded,
    LoanRow,
    PayoutOrderRow,
    ProposalRow,
    Recorded,
    RequestRow,
    SecretRow,
    StoredEvent,
)
from adapters.memory_treasury import Vault
from adapters.snapshot import rebuild
from core.identity import SLOTS, account_of

Hook = Callable[[GroupCommit], Awaitable[None]]
"""Runs around a commit; it may wait, or raise what the journal itself would raise."""


async def undisturbed(commit: GroupCommit) -> None:
    """Let the commit be."""


class Disk(Struct):
    """What survives a crash; several journals may share it."""

    business_date: date
    closed_through: date | None = None
    epochs: dict[int, int] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)
    """Slot to shard."""
    events: dict[int, list[EventRow]] = field(default_factory=dict)
    log: list[EventRow] = field(default_factory=list)
    """All events in the order of their commits."""
    entries: list[EntryRow] = field(default_factory=list)
    requests: dict[bytes, RequestRow] = field(default_factory=dict)
    accounts: dict[int, AccountRow] = field(default_factory=dict)
    suspended: dict[int, str] = field(default_factory=dict)
    loans: dict[int, dict[int, LoanRow]] = field(default_factory=dict)
    """Account to its loans by id."""
    contracts: dict[int, ContractRow] = field(default_factory=dict)
    files: dict[int, FileRow] = field(default_factory=dict)
    applications: dict[tuple[int, int], ApplicationRow] = field(default_factory=dict)
    proposals: dict[tuple[int, int], ProposalRow] = field(default_factory=dict)
    secrets: dict[tuple[int, str, int], SecretRow] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    """Whose account a person has, by keyed hash."""
    texts: dict[tuple[int, int], ContractTextRow] = field(default_factory=dict)
    payouts: dict[str, PayoutOrderRow] = field(default_factory=dict)
    ledger: dict[tuple[int, date, str, str, int], tuple[int, int]] = field(default_factory=dict)
    """(shard, posted on, currency, product, GL account) to (debit, credit)."""
    vault: Vault = field(default_factory=lambda: Vault({}))
    """The funding pools, fenced by the same epochs."""

    def __post_init__(self) -> None:
        self.vault.epochs = self.epochs

    def assign(self, shards: int) -> None:
        """Spread the slots over shards 0 to n-1 and fence all present owners; free people who were only claimed."""
        for shard in range(shards):
            self.epochs.setdefault(shard, 0)
        for shard in self.epochs:
            self.epochs[shard] += 1
        self.slots = {slot: slot % shards for slot in range(SLOTS)}
        identified = {(row.account_id, row.found_by) for row in self.secrets.values() if row.kind == "person"}
        self.people = {person: account for person, account in self.people.items() if (account, person) in identified}

    def cut(self, close: date) -> bool:
        """Turn the business date from `close` to the day after; False, and nothing done, if it is not `close`."""
        if self.business_date != close:
            return False
        self.business_date = close + timedelta(days=1)
        return True


class MemoryJournal:
    """Implements actors.protocols.Journal on a Disk."""

    def __init__(self, disk: Disk, before_commit: Hook = undisturbed, after_commit: Hook = undisturbed) -> None:
        """Use a disk; an exception of `before_commit` leaves nothing written, one of `after_commit` everything."""
        self.disk = disk
        self.before_commit = before_commit
        self.after_commit = after_commit
        self._claimed: Claim | None = None

    async def claim(self, shard: int) -> Claim:
        """Take the shard over by raising its epoch; Fenced if somebody else took it since our last claim."""
        disk = self.disk
        if self._claimed is not None and disk.epochs.get(shard) != self._claimed.epoch:
            raise Fenced(f"shard {shard}")
        if shard not in disk.epochs:
            raise JournalUnavailable(f"shard {shard} is not assigned")
        disk.epochs[shard] += 1
        slots = frozenset(slot for slot, owner in disk.slots.items() if owner == shard)
        self._claimed = Claim(shard, disk.epochs[shard], disk.business_date, slots)
        return self._claimed

    async def holds(self, claim: Claim) -> bool:
        """Return whether this claim is still the shard's latest."""
        return self.disk.epochs[claim.shard] == claim.epoch

    async def commit(self, claim: Claim, commit: GroupCommit) -> None:
        """Write all of it, or raise and write none of it."""
        await self.before_commit(commit)
        _check(self.disk, claim, commit)
        self.disk.vault.write(claim.shard, commit.leases)
        _append(self.disk, commit)
        _replace(self.disk, commit)
        for posted_on, currency, product, gl, debit, credit in commit.ledger:
            key = (claim.shard, posted_on, currency, product, gl)
            before = self.disk.ledger.get(key, (0, 0))
            self.disk.ledger[key] = (before[0] + debit, before[1] + credit)
        await self.after_commit(commit)

    async def load(self, accounts: Sequence[int]) -> dict[int, Loaded]:
        """Return the accounts that exist."""
        return {account: _loaded(self.disk, account) for account in accounts if account in self.disk.accounts}

    async def recorded(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        """Return the request keys that are on record."""
        found = [self.disk.requests[key] for key in keys if key in self.disk.requests]
        return {row.key: Recorded(row.fingerprint, row.reply) for row in found}

    async def history(self, account: int) -> list[tuple[int, bytes]]:
        """Return (seq, body) of all events of an account, oldest first."""
        return sorted((row.seq, row.body) for row in self.disk.events.get(account, []))

    async def transactions(self, account: int, after: int, limit: int, kinds: Sequence[int] = ()) -> list[StoredEvent]:
        """Return the account's events after a sequence number; memory has no clock, so none has a time."""
        rows = [
            row for row in self.disk.events.get(account, []) if row.seq > after and (not kinds or row.kind in kinds)
        ]
        return [StoredEvent(row.seq, row.body, None) for row in sorted(rows, key=lambda row: row.seq)[:limit]]

    async def due(self, slots: Sequence[int], on: date, limit: int) -> list[int]:
        """Return accounts in these slots that may have work on or before this date; suspended ones are left out."""
        disk, wanted = self.disk, frozenset(slots)
        found = [
            account
            for account, loans in disk.loans.items()
            if account not in disk.suspended
            and disk.accounts[account].slot in wanted
            and any(loan.wake_on is not None and loan.wake_on <= on for loan in loans.values())
        ]
        return found[:limit]

    async def suspend(self, account: int, reason: str) -> None:
        """Mark an account as needing an operator."""
        if account in self.disk.accounts:
            self.disk.suspended[account] = reason

    async def claim_people(self, people: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Give people to accounts, unless others have them; return whose they are."""
        for person, account in people:
            self.disk.people.setdefault(person, account)
        return {person: self.disk.people[person] for person, _ in people}

    async def owners(self, people: Sequence[str]) -> dict[str, int]:
        """Return the accounts that have these people."""
        return {person: self.disk.people[person] for person in people if person in self.disk.people}

    async def business_date(self) -> date:
        """Return the open business date."""
        return self.disk.business_date

    async def closed_through(self) -> date | None:
        """Return the last day of the accounting periods that are closed, if any is."""
        return self.disk.closed_through


def _check(disk: Disk, claim: Claim, commit: GroupCommit) -> None:
    """Raise whatever keeps the commit from being written."""
    if disk.epochs[claim.shard] != claim.epoch:
        raise Fenced(f"shard {claim.shard}")
    keys = [row.key for row in commit.requests]
    if len(set(keys)) < len(keys) or any(key in disk.requests for key in keys):
        raise RequestTaken
    for row in commit.events:
        if any(row.seq <= stored.seq for stored in disk.events.get(row.account_id, [])[-1:]):
            raise Fenced(f"account {row.account_id}")
    loans, signed = {row.loan_id for row in commit.loans}, {row.loan_id for row in commit.contracts}
    assert len(loans) == len(commit.loans), "a loan stands once in a commit"
    assert signed <= loans, "a contract is written together with its loan"
    assert all(loan in disk.loans.get(account_of(loan), {}) for loan in loans - signed), "a loan is on the book"


def _append(disk: Disk, commit: GroupCommit) -> None:
    for event in commit.events:
        disk.events.setdefault(event.account_id, []).append(event)
    disk.log += commit.events
    disk.entries += commit.entries
    disk.requests.update((row.key, row) for row in commit.requests)


def _replace(disk: Disk, commit: GroupCommit) -> None:
    disk.accounts.update((row.account_id, row) for row in commit.accounts)
    disk.contracts.update((row.loan_id, row) for row in commit.contracts)
    disk.files.update((row.account_id, row) for row in commit.files)
    disk.applications.update(((row.account_id, row.number), row) for row in commit.applications)
    disk.proposals.update(((row.account_id, row.number), row) for row in commit.proposals)
    disk.secrets.update(((row.account_id, row.kind, row.number), row) for row in commit.secrets)
    disk.texts.update(((row.account_id, row.agreement), row) for row in commit.texts)
    if commit.erased:
        disk.secrets = {key: row for key, row in disk.secrets.items() if row.account_id not in commit.erased}
        disk.texts = {key: row for key, row in disk.texts.items() if row.account_id not in commit.erased}
        disk.people = {person: account for person, account in disk.people.items() if account not in commit.erased}
    disk.payouts.update((row.order_number, row) for row in commit.payouts)
    for row in commit.loans:
        disk.loans.setdefault(account_of(row.loan_id), {})[row.loan_id] = row


def _loaded(disk: Disk, account: int) -> Loaded:
    row, head, file = disk.accounts[account], disk.events[account][-1], disk.files.get(account)
    loans = [loan for _, loan in sorted(disk.loans.get(account, {}).items())]
    state = rebuild(
        row.account_id,
        row.currency,
        row.opened_on,
        row.credit_limit,
        row.frozen,
        row.unapplied,
        row.deposit,
        [(loan.state, disk.contracts[loan.loan_id].body) for loan in loans],
        None if file is None else file.body,
    )
    return Loaded(state, head.seq, head.hash, tuple(loan.wake_on for loan in loans), disk.suspended.get(account))
