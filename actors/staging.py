"""What waits for the next group commit: rows of decided commands, and snapshots of the accounts they touched."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from itertools import zip_longest

from msgspec.json import Encoder as JsonEncoder
from msgspec.msgpack import Encoder

from accounting.journalize import journalize
from actors.aside import Aside, application_rows, proposal_rows
from actors.rows import (
    AccountRow,
    ContractRow,
    EntryRow,
    EventRow,
    FileRow,
    GroupCommit,
    LeaseRow,
    LedgerRow,
    LoanRow,
    RequestRow,
)
from core.account import Account, Contract, Due, Loan, LoanStatus, owed
from core.events import Event, kind_of
from core.identity import loan_id, slot_of
from core.origination.file import EMPTY, waiting_since
from core.servicing.accrual import penalty_ratio, penalty_year, running
from core.servicing.advance import next_loan_action
from core.servicing.lateness import penalty_rows

GENESIS = bytes(32)
"""The hash before an account's first event."""

_encoder = Encoder()
_json = JsonEncoder()


class Cached:
    """An account in a shard's memory, with the head of its event chain and what its rows say."""

    __slots__ = ("account", "day", "hash", "id", "seq", "slot", "suspended", "wakes")

    def __init__(
        self,
        id: int,
        account: Account | None,
        seq: int = 0,
        hash: bytes = GENESIS,
        wakes: tuple[date | None, ...] = (),
        suspended: str | None = None,
    ) -> None:
        self.id = id
        self.slot = slot_of(id)
        self.day = date.min
        """The business date that the account was brought to; nothing is left to do by itself on that day."""
        self.account = account
        self.seq = seq
        self.hash = hash
        self.wakes = wakes
        self.suspended = suspended


class Stage:
    """Gathers what one transaction will write."""

    def __init__(self) -> None:
        self.commit = GroupCommit()
        self.commands = 0
        self._touched: dict[int, tuple[Cached, Account | None]] = {}
        """Accounts with the state that they had before."""

    def __len__(self) -> int:
        return len(self.commit.events) + len(self.commit.requests) + len(self._touched)

    def touch(self, cached: Cached) -> None:
        """Note an account before it changes, so that its rows are written once."""
        if cached.id not in self._touched:
            self._touched[cached.id] = cached, cached.account

    def record(self, cached: Cached, after: Account, events: Iterable[Event], posted_on: date) -> None:
        """Add an account's events with their entries and move its chain and state forward."""
        seq, chain = cached.seq, cached.hash
        rows, entries = [], []
        for event in events:
            body = _encoder.encode(event)
            seq += 1
            chain = sha256(chain + body).digest()
            rows.append(EventRow(after.id, seq, kind_of(event), event.on, posted_on, body, chain))
            lines = journalize(event)
            if lines:
                entries.append(EntryRow(after.id, seq, posted_on, lines))
        # Nothing above changed anything, so a failed check up to here leaves stage and account as they were.
        self.touch(cached)
        self.commit.events += rows
        self.commit.entries += entries
        cached.account, cached.seq, cached.hash = after, seq, chain

    def put_aside(self, aside: Aside) -> None:
        """Add what an account's events bring along outside of the account."""
        commit = self.commit
        commit.secrets += aside.secrets
        commit.erased += aside.erased
        commit.texts += aside.texts
        commit.payouts += aside.payouts

    def answer(self, request: RequestRow) -> None:
        """Add a request key with its reply."""
        self.commit.requests.append(request)

    def seal(self, on: date, leases: Iterable[LeaseRow] = ()) -> GroupCommit:
        """Return everything to write: one snapshot row for each account and loan that changed, and what was posted."""
        self.commit.leases += leases
        for cached, before in self._touched.values():
            if cached.account is not None:
                self._snapshot(before, cached.account, cached, on)
        self.commit.ledger = self._ledger()
        return self.commit

    def _ledger(self) -> list[LedgerRow]:
        """Return the running sums' share of the entries."""
        ledger: defaultdict[tuple[date, str, str, int], list[int]] = defaultdict(lambda: [0, 0])
        for entry in self.commit.entries:
            account, posted_on = self._touched[entry.account_id][0].account, entry.posted_on
            assert account is not None
            for line in entry.lines:
                amount, loan = line.amount, line.loan
                product = account.contracts[loan - 1].terms.product if loan else ""
                sums = ledger[posted_on, account.currency, product, line.gl]
                if amount > 0:
                    sums[0] += amount
                else:
                    sums[1] -= amount
        return [LedgerRow(*key, *sums) for key, sums in sorted(ledger.items())]

    def _snapshot(self, before: Account | None, after: Account, cached: Cached, on: date) -> None:
        if before is None or _header_changed(before, after):
            self.commit.accounts.append(_account_row(after))
        file = EMPTY if before is None else before.file
        if after.file is not file:
            self.commit.files.append(FileRow(after.id, _encoder.encode(after.file), waiting_since(after.file)))
            self.commit.applications += application_rows(after.id, file, after.file)
            self.commit.proposals += proposal_rows(after.id, file, after.file)
        known, signed = ((), ()) if before is None else (before.loans, before.contracts)
        wakes = []
        for loan, contract, was, agreed, wake in zip_longest(after.loans, after.contracts, known, signed, cached.wakes):
            if loan is not was or contract is not agreed or (wake is not None and wake <= on):
                if contract is not agreed:
                    self.commit.contracts.append(_contract_row(after, loan, contract))
                wake = _wake(wake, next_loan_action(loan, contract), on)
                self.commit.loans.append(_loan_row(after.id, loan, contract, wake))
            wakes.append(wake)
        cached.wakes = tuple(wakes)


def _wake(stored: date | None, computed: date | None, on: date) -> date | None:
    """Keep a stored wake-up that is early: moving it would cost an index entry for every repayment."""
    if stored is None or computed is None or computed < stored or stored <= on:
        return computed
    return stored


def _header_changed(before: Account, after: Account) -> bool:
    return (
        before.unapplied != after.unapplied
        or before.deposit != after.deposit
        or before.credit_limit != after.credit_limit
        or before.frozen != after.frozen
    )


def _account_row(account: Account) -> AccountRow:
    return AccountRow(
        account.id,
        slot_of(account.id),
        account.currency,
        account.opened_on,
        account.credit_limit,
        account.frozen,
        account.unapplied,
        account.deposit,
    )


def _loan_row(account_id: int, loan: Loan, contract: Contract, wake: date | None) -> LoanRow:
    dues = loan.dues
    start = end = None
    interest = earned = 0
    accrual = running(loan, contract) if loan.status is LoanStatus.ACTIVE else None
    if accrual is not None:
        start, end = accrual.start, contract.schedule[loan.billed].due_date
        interest, earned = max(0, accrual.total - accrual.earned), accrual.earned
    return LoanRow(
        loan_id(account_id, loan.number),
        loan.status,
        loan.principal,
        *_due_columns(dues),
        loan.bucket,
        loan.non_accrual_since is not None,
        wake,
        start,
        end,
        interest,
        earned,
        _penalty_base(loan, contract) if dues else None,
        _encoder.encode(loan),
    )


def _due_columns(dues: tuple[Due, ...]) -> tuple[int, int, int, int, date | None]:
    if not dues:
        return 0, 0, 0, 0, None
    return (
        sum(owed(due) for due in dues),
        sum(due.interest for due in dues),
        sum(due.fee for due in dues),
        sum(due.penalty for due in dues),
        dues[0].due_date,
    )


def _penalty_base(loan: Loan, contract: Contract) -> str | None:
    bases = penalty_rows(loan, contract.terms)
    return _json.encode(bases).decode() if bases else None


def _contract_row(account: Account, loan: Loan, contract: Contract) -> ContractRow:
    terms = contract.terms
    numerator, denominator = penalty_ratio(terms.penalty_rate, penalty_year(terms.day_count))
    return ContractRow(
        loan_id(account.id, loan.number),
        slot_of(account.id),
        account.currency,
        terms.product,
        terms.rounding.value,
        numerator,
        denominator,
        _encoder.encode(contract),
    )
