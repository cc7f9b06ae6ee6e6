"""One account's rows held against each other: chain, events, entries, snapshots, replies. Pure.

What the writer derives for its rows is derived here a second time, from the events alone.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple, assert_never

from msgspec import msgpack

from accounting.journalize import journalize, journalize_accrual
from accounting.subledger import subledger
from actors.messages import Decided, Done, Kept, Offered, Received, Refused, reply_decoder
from adapters.verification.credit_file import check_credit_file
from adapters.verification.signatures import Signatures
from adapters.verification.snapshots import UNREADABLE, Row, check_snapshots
from adapters.verification.tally import Tally
from core.account import Account, LoanStatus
from core.book import AccrualBooked, BookEvent, DayClosed
from core.change_events import Prepaid
from core.events import AccountRestated, CreditReceived, Event, LoanPaidOff, RepaymentReceived
from core.evolve import evolve
from core.origination.events import ContractSigned
from core.origination.file import Signature
from core.restatement import recorded_fact
from core.servicing.accrual import running_interest
from core.servicing.lateness import accrued_penalty, running_penalties

FIRST_HASH: Final = bytes(32)
"""What the first event of a chain takes for the hash of the one before."""
Line = tuple[int, int, int]
"""GL account, loan's number, amount."""

_event: Final = msgpack.Decoder[Event | BookEvent](Event | BookEvent).decode


class AccountRows(NamedTuple):
    """Everything stored about one account, each in its order."""

    events: Sequence[Row] = ()
    postings: Sequence[Row] = ()
    accounts: Sequence[Row] = ()
    loans: Sequence[Row] = ()
    contracts: Sequence[Row] = ()
    requests: Sequence[Row] = ()
    files: Sequence[Row] = ()
    applications: Sequence[Row] = ()
    proposals: Sequence[Row] = ()
    payouts: Sequence[Row] = ()
    texts: Sequence[Row] = ()
    certificates: Sequence[Row] = ()


class Stored(NamedTuple):
    """An event that was read back."""

    posted_on: date
    event: Event | BookEvent
    timed: bool
    """It is known when it was recorded: certificates have been kept as long as that."""


def check_account(
    tally: Tally, account_id: int, rows: AccountRows, on: date, signatures: Signatures | None = None
) -> None:
    """Check one borrower's rows, and add the account to the sums as of a date; signatures, if they can be opened."""
    events = check_events(tally, account_id, rows.events)
    check_entries(tally, account_id, events, rows.postings)
    _check_replies(tally, account_id, events, rows.requests)
    try:
        account = _replayed(events)
        if account is not None:
            _add(tally, account, on)
        check_snapshots(tally, account_id, account, rows.accounts, rows.loans, rows.contracts)
        beside = rows.files, rows.applications, rows.proposals, rows.payouts, rows.texts
        check_credit_file(tally, account_id, account, *beside)
        if signatures is not None and account is not None:
            signatures.check(tally, account_id, account.file, rows.certificates, _early(events))
    except Exception as error:
        # What was tampered with may break anything in the core; the proof of the other accounts goes on.
        tally.differ("snapshots", f"account {account_id}: its events build up no account ({error!r})")


def check_events(tally: Tally, account_id: int, rows: Sequence[Row]) -> dict[int, Stored]:
    """Check the chain over exactly the stored bytes, and the columns against the bodies; return what decodes."""
    events: dict[int, Stored] = {}
    previous, expected_seq = FIRST_HASH, 1
    for _, seq, kind, effective_on, posted_on, body, digest, timed in rows:
        if seq != expected_seq:
            tally.differ("sequence", f"account {account_id}: event {seq} follows {expected_seq - 1}")
        if sha256(previous + body).digest() != digest:
            tally.differ("hash_chain", f"account {account_id}: event {seq} does not continue the chain")
        previous, expected_seq = digest, seq + 1
        try:
            event = _event(body)
        except UNREADABLE as error:
            tally.differ("event_columns", f"account {account_id}: event {seq} does not decode: {error}")
            continue
        if (event.__struct_config__.tag, event.on) != (kind, effective_on):
            tally.differ("event_columns", f"account {account_id}: event {seq} has columns of another event")
        events[seq] = Stored(posted_on, event, timed)
    for check in ("sequence", "hash_chain", "event_columns"):
        tally.compared[check] += len(rows)
    return events


def check_entries(tally: Tally, account_id: int, events: dict[int, Stored], postings: Sequence[Row]) -> None:
    """Check that each stored entry balances and is what its event journalizes to."""
    stored: dict[int, list[Line]] = {}
    for _, seq, gl, loan, amount, posted_on in postings:
        stored.setdefault(seq, []).append((gl, loan, amount))
        if seq in events and events[seq].posted_on != posted_on:
            tally.differ("postings", f"account {account_id}: event {seq} is posted on another day than it says")
    for seq, lines in stored.items():
        if total := sum(amount for _, _, amount in lines):
            tally.differ("entries", f"account {account_id}: the entry of event {seq} is off by {total}")
        if seq not in events:
            tally.differ("postings", f"account {account_id}: event {seq} of an entry is missing")
    for seq, (_, event, _) in events.items():
        expected = _entry(event)
        if expected != stored.get(seq, []):
            tally.differ("postings", f"account {account_id}: the entry of event {seq} is not what it journalizes to")
    tally.compared["entries"] += len(stored)
    tally.compared["postings"] += len(events)


def _entry(event: Event | BookEvent) -> Sequence[Line] | None:
    """Return an event's entry in stored order; None if it cannot be made."""
    try:
        match event:
            case DayClosed():
                return []
            case AccrualBooked():
                lines = journalize_accrual(event)
            case _:
                lines = journalize(event)
    except AssertionError:
        return None
    return sorted((line.gl, line.loan, line.amount) for line in lines)


def _replayed(events: dict[int, Stored]) -> Account | None:
    """Return what the events build up, None if there are none."""
    account: Account | None = None
    for _, event, _ in events.values():
        assert not isinstance(event, BookEvent), "only account 0 has events of the book"
        account = evolve(account, event)
    return account


def _early(events: dict[int, Stored]) -> set[Signature]:
    """Return the signatures from before certificates were kept."""
    return {event.signature for _, event, timed in events.values() if not timed and isinstance(event, ContractSigned)}


def _add(tally: Tally, account: Account, on: date) -> None:
    """Add the account to the sub-ledgers and to the accrual as of a date."""
    for gl, balance in subledger(account).items():
        tally.control[account.currency, gl] += balance
    for loan, contract in zip(account.loans, account.contracts, strict=True):
        if loan.status is not LoanStatus.ACTIVE:
            continue
        terms = contract.terms
        interest = running_interest(loan, contract, on)
        penalty = sum(accrued_penalty(running, terms, on) for running in running_penalties(loan, terms))
        sums = {"interest": interest, "penalty": penalty, "loans": 1}
        if loan.non_accrual_since is not None:
            sums["interest_suspended"] = interest + sum(due.interest for due in loan.dues)
            sums["penalty_suspended"] = penalty + sum(due.penalty for due in loan.dues)
        for kind, amount in sums.items():
            tally.accrual[account.currency, terms.product, kind] += amount


def _check_replies(tally: Tally, account_id: int, events: dict[int, Stored], rows: Sequence[Row]) -> None:
    """Check that each reply tells of events that are there, and that no payment answers two requests."""
    named: set[int] = set()
    last = max(events, default=0)
    for _, key, stored in rows:
        try:
            reply = reply_decoder.decode(stored)
        except UNREADABLE as error:
            tally.differ("requests", f"request {key}: the reply does not decode: {error}")
            continue
        match reply:
            case Refused():
                wrong = False
            case Done() | Decided() | Offered() | Kept():
                wrong = reply.account != account_id or not 0 <= reply.seq <= last
            case Received():
                wrong = reply.payment in named or not _tells(reply, account_id, events.get(reply.payment))
                named.add(reply.payment)
            case _:
                assert_never(reply)
        if wrong:
            tally.differ("requests", f"request {key} of account {account_id}: no event is what the reply says")
    tally.compared["requests"] += len(rows)


def _tells(reply: Received, account_id: int, stored: Stored | None) -> bool:
    if stored is None or reply.account != account_id:
        return False
    fact = recorded_fact(stored.event) if isinstance(stored.event, AccountRestated) else stored.event
    parts = reply.penalty + reply.fee + reply.interest + reply.principal + reply.unapplied
    return isinstance(fact, RepaymentReceived | CreditReceived | LoanPaidOff | Prepaid) and parts == fact.amount
