"""What waits for the next group commit: rows of decided commands, and snapshots of the accounts they touched."""

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256

from msgspec.json import Encoder as JsonEncoder
from msgspec.msgpack import Encoder

from accounting.journalize import journalize
from actors.rows import (
    AccountRow,
    ContractRow,
    EventRow,
    GroupCommit,
    LedgerRow,
    LoanRow,
    PostingRow,
    RequestRow,
)
from core.account import Account, Contract, Due, Loan, LoanStatus, owed
from core.accrual import penalty_ratio, penalty_year
from core.advance import next_loan_action
from core.events import Event, kind_of
from core.identity import loan_id, slot_of

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
        self._before: dict[int, Account | None] = {}
        self._cached: dict[int, Cached] = {}
        self._ledger: dict[tuple[date, str, str, int], list[int]] = {}

    def __len__(self) -> int:
        return len(self.commit.events) + len(self.commit.requests) + len(self._before)

    def touch(self, cached: Cached) -> None:
        """Note an account before it changes, so that its rows are written once."""
        if cached.id not in self._before:
            self._before[cached.id] = cached.account
            self._cached[cached.id] = cached

    def record(self, cached: Cached, after: Account, events: Iterable[Event], posted_on: date) -> None:
        """Add an account's events with their postings and move its chain and state forward."""
        seq, chain = cached.seq, cached.hash
        rows, postings = [], []
        for event in events:
            body = _encoder.encode(event)
            seq += 1
            chain = sha256(chain + body).digest()
            rows.append(EventRow(after.id, seq, kind_of(event), event.on, posted_on, body, chain))
            postings += [
                PostingRow(after.id, seq, loan, gl, posted_on, amount) for gl, loan, amount in journalize(event)
            ]
        # Nothing above changed anything, so a failed check up to here leaves stage and account as they were.
        self.touch(cached)
        self.commit.events += rows
        self.commit.postings += postings
        self._sum(after, postings)
        cached.account, cached.seq, cached.hash = after, seq, chain

    def answer(self, request: RequestRow) -> None:
        """Add a request key with its reply."""
        self.commit.requests.append(request)

    def seal(self, on: date) -> GroupCommit:
        """Return everything to write, one snapshot row for each account and loan that changed."""
        for account_id, before in self._before.items():
            cached = self._cached[account_id]
            if cached.account is not None:
                self._snapshot(before, cached.account, cached, on)
        self.commit.ledger = [LedgerRow(*key, *sums) for key, sums in sorted(self._ledger.items())]
        return self.commit

    def _sum(self, account: Account, postings: list[PostingRow]) -> None:
        for _, _, loan, gl, posted_on, amount in postings:
            key = posted_on, account.currency, account.contracts[loan - 1].terms.product if loan else "", gl
            sums = self._ledger.get(key)
            if sums is None:
                sums = self._ledger[key] = [0, 0]
            if amount > 0:
                sums[0] += amount
            else:
                sums[1] -= amount

    def _snapshot(self, before: Account | None, after: Account, cached: Cached, on: date) -> None:
        if before is None or _header_changed(before, after):
            self.commit.accounts.append(_account_row(after))
        known = () if before is None else before.loans
        signed = () if before is None else before.contracts
        wakes = [*cached.wakes, *[None] * (len(after.loans) - len(cached.wakes))]
        for index, loan in enumerate(after.loans):
            stored, contract = wakes[index], after.contracts[index]
            if index < len(known) and loan is known[index] and (stored is None or stored > on):
                continue
            if index >= len(signed) or contract is not signed[index]:
                self.commit.contracts.append(_contract_row(after, loan, contract))
            wakes[index] = wake = _wake(stored, next_loan_action(loan, contract), on)
            self.commit.loans.append(_loan_row(after.id, loan, contract, wake))
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
    running = None
    if loan.status is LoanStatus.ACTIVE and loan.billed < len(contract.schedule):
        running = contract.schedule[loan.billed]
    return LoanRow(
        loan_id(account_id, loan.number),
        loan.status.value,
        loan.principal,
        *_due_columns(dues),
        int(loan.bucket),
        wake,
        running.start if running else None,
        running.due_date if running else None,
        running.interest if running else 0,
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
    if not contract.terms.penalty_rate.ppb:
        return None
    grace = timedelta(days=contract.terms.grace_days)
    bases = [(due.principal, due.penalty_from, due.due_date + grace) for due in loan.dues if due.principal]
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
