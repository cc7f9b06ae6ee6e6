"""The outlet loses nothing and keeps each account's order, whatever fails around it."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from random import Random

import pytest
from msgspec import msgpack

from actors.outlet import BACK_OFF_SECONDS, IDLE_SECONDS, START, Committed, Cursor, SinkUnavailable, publish_page, run
from actors.protocols import JournalUnavailable
from adapters.cloud_events import cloud_event
from adapters.redis_outlet import stream_of
from core.account import Bucket
from core.book import DayClosed
from core.contract.terms import Rate, Terms
from core.events import (
    AccountFrozen,
    AccountRestated,
    BucketChanged,
    Entry,
    Event,
    InstallmentBilled,
    LoanBooked,
    RepaymentReceived,
)
from core.facts import Allocation, PenaltyCharge
from core.money import Minor
from core.origination.events import ContractSigned
from core.origination.file import AgreementStatus, Signature

DAY = date(2026, 11, 2)


class Crash(Exception):
    """The process ends here."""


class MemorySource:
    def __init__(self, events: Sequence[Committed]) -> None:
        self.events = sorted(events)
        self.kept = START
        self.faults: list[Exception] = []
        """Raised, first to last, by the next moves."""

    async def cursor(self) -> Cursor:
        return self.kept

    async def page(self, after: Cursor, limit: int) -> Sequence[Committed]:
        first = bisect_right(self.events, after, key=lambda event: Cursor(*event[:3]))
        return self.events[first : first + limit]

    async def move(self, cursor: Cursor) -> None:
        if self.faults:
            raise self.faults.pop(0)
        assert cursor > self.kept
        self.kept = cursor


class MemorySink:
    def __init__(self) -> None:
        self.published: list[Committed] = []
        self.takes: list[int] = []
        """How many events each of the next publications takes before it fails."""

    async def publish(self, events: Sequence[Committed]) -> None:
        if self.takes:
            self.published += events[: self.takes.pop(0)]
            raise SinkUnavailable("down")
        self.published += events


class Clock:
    """Ends the outlet once it has nothing to do."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds == IDLE_SECONDS and self.slept.count(seconds) > 1:
            raise Crash


def frozen(txid: int, account: int, seq: int) -> Committed:
    return Committed(txid, account, seq, DAY, msgpack.encode(AccountFrozen(DAY, "fraud")))


def run_until_idle(source: MemorySource, sink: MemorySink) -> Clock:
    clock = Clock()
    with pytest.raises(Crash):
        asyncio.run(run(source, sink, clock))
    return clock


def firsts(published: Sequence[Committed]) -> dict[int, list[int]]:
    """Return each account's sequence numbers as a reader sees them who skips what it has seen."""
    seen: dict[int, list[int]] = {}
    for event in published:
        numbers = seen.setdefault(event.account_id, [])
        if event.seq not in numbers:
            numbers.append(event.seq)
    return seen


BOOK = [frozen(txid, account, txid) for txid in range(1, 41) for account in range(1, 4)]
WHOLE = {account: list(range(1, 41)) for account in range(1, 4)}


def test_events_go_out_once_in_the_order_of_commit() -> None:
    source, sink = MemorySource(BOOK), MemorySink()
    run_until_idle(source, sink)
    assert sink.published == BOOK
    assert source.kept == (40, 3, 40)


def test_a_sink_that_fails_in_mid_page_gets_the_page_again() -> None:
    source, sink = MemorySource(BOOK), MemorySink()
    sink.takes = [7, 0, 50]
    clock = run_until_idle(source, sink)
    assert len(sink.published) == 57 + len(BOOK)
    assert firsts(sink.published) == WHOLE
    assert clock.slept[:3] == list(BACK_OFF_SECONDS[:3])


def test_a_crash_before_the_cursor_moves_publishes_again_after_the_restart() -> None:
    source, sink = MemorySource(BOOK), MemorySink()
    source.faults = [Crash()]
    with pytest.raises(Crash):
        asyncio.run(publish_page(source, sink))
    assert source.kept == START
    run_until_idle(source, sink)
    assert sink.published == BOOK + BOOK


def test_a_journal_that_is_down_is_waited_for() -> None:
    source, sink = MemorySource(BOOK), MemorySink()
    source.faults = [JournalUnavailable("gone")] * 9
    clock = run_until_idle(source, sink)
    assert firsts(sink.published) == WHOLE
    assert clock.slept[: len(BACK_OFF_SECONDS)] == list(BACK_OFF_SECONDS)
    assert clock.slept[8] == BACK_OFF_SECONDS[-1]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_reordered_under_random_faults(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Random(seed)
    monkeypatch.setattr("actors.outlet.PAGE_MAX", chance.randint(1, 30))
    events = sorted(frozen(chance.randint(1, 20), account, 0) for account in range(5) for _ in range(30))
    by_account = groupby(sorted(events, key=lambda event: (event.account_id, event.txid)), lambda e: e.account_id)
    numbered = [event._replace(seq=seq) for _, group in by_account for seq, event in enumerate(group, 1)]
    source, sink = MemorySource(numbered), MemorySink()
    sink.takes = [chance.randint(0, 30) for _ in range(10)]
    source.faults = [JournalUnavailable("gone")] * 3
    run_until_idle(source, sink)
    assert firsts(sink.published) == {account: list(range(1, 31)) for account in range(5)}


def decoded(event: Event | DayClosed, account: int = 7) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(cloud_event(Committed(9, account, 3, DAY, msgpack.encode(event))))
    return loaded


def test_an_event_goes_out_with_when_it_was_recorded() -> None:
    at = datetime(2026, 10, 31, 8, 15, 2, 250_000, tzinfo=UTC)
    committed = Committed(9, 7, 3, DAY, msgpack.encode(AccountFrozen(DAY, "fraud")), at)
    assert json.loads(cloud_event(committed))["time"] == "2026-10-31T08:15:02.250000Z"
    assert "time" not in decoded(AccountFrozen(DAY, "fraud"))


def test_an_event_goes_out_as_a_cloud_event_with_its_fields_by_name() -> None:
    on = date(2026, 10, 31)
    event = RepaymentReceived(
        on,
        Minor(500),
        2,
        (Allocation(2, 1, Minor(3), Minor(0), Minor(40), Minor(400)),),
        (PenaltyCharge(2, 1, Minor(3)),),
        Minor(57),
    )
    assert decoded(event) == {
        "specversion": "1.0",
        "id": "7-3",
        "source": "/tenor/accounts/7",
        "type": "tenor.RepaymentReceived.v1",
        "subject": "70002",
        "effectivedate": "2026-10-31",
        "posteddate": "2026-11-02",
        "datacontenttype": "application/json",
        "data": {
            "on": "2026-10-31",
            "amount": 500,
            "loan": 2,
            "allocations": [{"loan": 2, "number": 1, "penalty": 3, "fee": 0, "interest": 40, "principal": 400}],
            "charges": [{"loan": 2, "number": 1, "amount": 3, "compound": 0, "waived": 0}],
            "unapplied": 57,
            "ahead": [],
        },
    }


def test_an_event_about_no_loan_has_no_subject() -> None:
    assert "subject" not in decoded(AccountFrozen(DAY, "fraud"))
    assert "subject" not in decoded(RepaymentReceived(DAY, Minor(5), None, (), (), Minor(5)))


def test_the_books_own_events_go_out_too() -> None:
    event = decoded(DayClosed(DAY, 5, 6), 0)
    assert event["type"] == "tenor.DayClosed.v1"
    assert event["data"] == {"on": "2026-11-02", "accounts": 5, "events": 6}


def test_terms_and_states_go_out_as_they_are_written_elsewhere() -> None:
    booked = decoded(LoanBooked(DAY, 1, Terms(principal=9, rate=Rate(5), installments=2)))
    assert booked["data"] == {
        "on": "2026-11-02",
        "loan": 1,
        "terms": {"principal": 9, "rate": {"ppb": 5, "per": "year"}, "installments": 2},
    }
    changed = decoded(BucketChanged(DAY, 1, Bucket.CURRENT, Bucket.M1, 1, "message"))
    assert changed["data"] == {
        "on": "2026-11-02",
        "loan": 1,
        "before": 0,
        "after": 1,
        "days_past_due": 1,
        "action": "message",
    }


def test_events_within_a_restatement_say_their_kind() -> None:
    bounced = RepaymentReceived(DAY, Minor(5), None, (), (), Minor(5))
    event = decoded(AccountRestated(DAY, DAY, 9, "bounced", (Entry(9, bounced),), (), Minor(0), Minor(0), (), ()))
    data = event["data"]
    assert isinstance(data, dict)
    assert data["undone"] == [
        {
            "seq": 9,
            "type": "RepaymentReceived",
            "on": "2026-11-02",
            "event": {"amount": 5, "loan": None, "allocations": [], "charges": [], "unapplied": 5, "ahead": []},
        }
    ]


def test_an_account_always_goes_into_the_same_of_sixteen_streams() -> None:
    assert {stream_of(account) for account in range(1, 2000)} == {f"tenor:events:{n}" for n in range(16)}
    assert stream_of(1) == stream_of(1)


def test_a_bill_names_its_loan() -> None:
    assert decoded(InstallmentBilled(DAY, 4, 1, Minor(1), Minor(2)))["subject"] == "70004"


def test_a_signature_that_makes_no_loan_yet_names_none() -> None:
    signed = ContractSigned(DAY, 1, Signature("borrower", DAY, "ab", b"s"), AgreementStatus.OFFERED, 0)
    published = json.loads(cloud_event(Committed(1, 7, 3, DAY, msgpack.encode(signed))))
    assert "subject" not in published
    assert published["data"]["loan"] == 0
