"""The rows that one group commit writes.

Those that are made tens of thousands of times a second are structs, a quarter of the cost of a named tuple; the rest
are tuples, which go to the driver column by column.
"""

from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from accounting.journalize import Posting
from core.account import Account


class EventRow(Struct, frozen=True, gc=False):
    """One event as stored: `hash` = SHA-256 of the account's previous hash and exactly `body`."""

    account_id: int
    seq: int
    kind: int
    effective_on: date
    posted_on: date
    body: bytes
    hash: bytes


class StoredEvent(NamedTuple):
    """An event as read back, with when the database recorded it; None before it kept times."""

    seq: int
    body: bytes
    recorded_at: datetime | None


class EntryRow(Struct, frozen=True, gc=False):
    """An event's journal entry; each of its lines is stored as a row of its own."""

    account_id: int
    seq: int
    posted_on: date
    lines: list[Posting]


class RequestRow(Struct, frozen=True, gc=False):
    """A command's idempotency key, recorded with its reply in the same transaction as its effect."""

    key: bytes
    """16 bytes: hash of channel and request id."""
    account_id: int
    recorded_on: date
    fingerprint: bytes
    """16 bytes: hash of the command's content."""
    reply: bytes


class AccountRow(NamedTuple):
    """Account-level state; written when it changed."""

    account_id: int
    slot: int
    currency: str
    opened_on: date
    credit_limit: int
    frozen: str | None
    unapplied: int
    deposit: int


class LoanRow(Struct, frozen=True, gc=False):
    """A loan's state; the columns stand for queries and the set-based accrual, `state` for loading."""

    loan_id: int
    status: str
    principal: int
    past_due: int
    """Billed and unpaid, all components (the part of the last bill included)."""
    interest_due: int
    fee_due: int
    penalty_due: int
    oldest_due: date | None
    bucket: int
    non_accrual: bool
    """Whether its interest is income only as it is paid."""
    wake_on: date | None
    """Earliest date on which the day close may find work; it may be early, never late."""
    period_start: date | None
    period_end: date | None
    period_interest: int
    """Interest that is still to be earned in the running period, evenly over its real days; 0 if nothing accrues."""
    period_earned: int
    """Interest earned by the period's start and not collected; below zero where it was collected before."""
    penalty_base: str | None
    """JSON [[base, penalty from, no penalty up to], ...] of the penalties that run (lateness.PenaltyRow)."""
    state: bytes


class ContractRow(NamedTuple):
    """What was signed; written at booking and again at disbursement (then with the schedule)."""

    loan_id: int
    slot: int
    currency: str
    product: str
    rounding: str
    penalty_ppb: int
    penalty_denominator: int
    """Penalty = unpaid principal * ppb * days / denominator."""
    body: bytes


class LedgerRow(NamedTuple):
    """Debits and credits that a commit adds to one GL account on one day."""

    posted_on: date
    currency: str
    product: str
    gl: int
    debit: int
    credit: int


class FileRow(NamedTuple):
    """A borrower's credit file; written when it changed."""

    account_id: int
    body: bytes
    erasure_asked_on: date | None
    """Since when the borrower waits to be forgotten."""


class ApplicationRow(NamedTuple):
    """An application as the review queue asks for it."""

    account_id: int
    number: int
    product: str
    status: str
    amount: int
    installments: int
    submitted_on: date
    expires_on: date
    claimed_by: str | None
    claimed_until: date | None


class ProposalRow(NamedTuple):
    """A proposed change of terms as officers ask for it."""

    account_id: int
    number: int
    loan_id: int
    change: str
    signal: str
    proposed_on: date
    status: str


class SecretRow(NamedTuple):
    """Personal data, sealed; `key_id` names the key."""

    account_id: int
    kind: str
    number: int
    found_by: str
    """Keyed hash of what it is found by, hex; empty where nothing is."""
    sealed: bytes
    key_id: int


class ContractTextRow(NamedTuple):
    """The text of an offered contract, sealed."""

    account_id: int
    agreement: int
    digest: str
    sealed: bytes
    key_id: int


class PayoutOrderRow(NamedTuple):
    """Money that is to leave; whoever talks to the bank takes it from here."""

    order_number: str
    account_id: int
    payout: int
    currency: str
    amount: int
    bank: str
    bank_account: int


class LeaseRow(NamedTuple):
    """By how much a commit changes what a shard holds of a funding pool on a day."""

    pool: str
    day: date
    remaining: int
    reserved: int
    spent: int


class GroupCommit(Struct):
    """Everything that one transaction writes."""

    events: list[EventRow] = []
    entries: list[EntryRow] = []
    requests: list[RequestRow] = []
    accounts: list[AccountRow] = []
    loans: list[LoanRow] = []
    contracts: list[ContractRow] = []
    ledger: list[LedgerRow] = []
    files: list[FileRow] = []
    applications: list[ApplicationRow] = []
    proposals: list[ProposalRow] = []
    secrets: list[SecretRow] = []
    erased: list[int] = []
    """Accounts whose personal data is destroyed."""
    texts: list[ContractTextRow] = []
    payouts: list[PayoutOrderRow] = []
    leases: list[LeaseRow] = []


class Loaded(Struct, frozen=True):
    """An account as read back: its state, and the head of its event chain."""

    account: Account
    seq: int
    hash: bytes
    wakes: tuple[date | None, ...] = ()
    """The stored `wake_on` of each loan, in loan order."""
    suspended: str | None = None


class Recorded(Struct, frozen=True, gc=False):
    """What is on record for a request key."""

    fingerprint: bytes
    reply: bytes


class Claim(Struct, frozen=True):
    """A shard's right to write: valid until the next claim of the same shard."""

    shard: int
    epoch: int
    business_date: date
    slots: frozenset[int]
