"""The proof goes on whatever a tampered event holds, and names the account."""

from datetime import date
from random import Random

import pytest
from msgspec.structs import astuple, replace

from actors.messages import Kept, encoder
from actors.rows import EventRow
from actors.staging import Cached, Stage
from adapters.verification.account import AccountRows, check_account
from adapters.verification.tally import DETAIL_MAX, Tally
from core.account import Account
from core.commands import BookLoan, Command, Disburse, OpenAccount, Repay
from core.contract.terms import Rate, RatePer, Terms
from core.decide import decide
from core.decision import Decision
from core.servicing.advance import advance

OPENED, LATER = date(2026, 1, 5), date(2026, 3, 1)
TERMS = Terms(principal=500_000, rate=Rate(500_000, RatePer.DAY), installments=6, penalty_rate=Rate(750_000))


def events_of_one_account() -> list[EventRow]:
    stage, cached = Stage(), Cached(1, None)
    commands: list[tuple[Command, date]] = [
        (OpenAccount(account=1, currency="CNY", credit_limit=1_000_000), OPENED),
        (BookLoan(account=1, terms=TERMS), OPENED),
        (Disburse(account=1, loan=10_001), OPENED),
        (Repay(account=1, amount=50_000), LATER),
    ]
    for command, on in commands:
        before = Decision(None) if cached.account is None else advance(cached.account, on)
        decided = decide(before.account, command, on)
        assert isinstance(decided, Decision)
        assert isinstance(decided.account, Account)
        stage.record(cached, decided.account, (*before.events, *decided.events), on)
    return stage.seal(LATER).events


@pytest.mark.parametrize("seed", range(100))
def test_a_tampered_body_is_found_and_stops_nothing(seed: int) -> None:
    chance, events = Random(seed), events_of_one_account()
    at = chance.randrange(len(events))
    body = bytearray(events[at].body)
    body[chance.randrange(len(body))] ^= chance.randint(1, 255)
    events[at] = replace(events[at], body=bytes(body))
    tally = Tally()
    check_account(tally, 1, AccountRows(events=[(*astuple(event), True) for event in events]), LATER)
    assert tally.check("hash_chain").found == 1
    assert tally.check("hash_chain").detail == [f"account 1: event {events[at].seq} does not continue the chain"]


def test_a_check_counts_all_differences_and_describes_the_first() -> None:
    mine, other = Tally(), Tally()
    for number in range(4):
        mine.compare("ledger", f"day {number}", 1, 2)
        other.compare("ledger", f"day {4 + number}", 1, 2)
    other.compare("ledger", "day 9", 3, 3)
    mine.add(other)
    check = mine.check("ledger")
    assert (check.compared, check.found, check.ok) == (9, 8, 0)
    assert check.detail == [f"day {number}: 1 is stored, 2 expected" for number in range(DETAIL_MAX)]


def test_a_check_that_found_nothing_is_ok() -> None:
    assert Tally().check("ledger").ok == 1


def test_a_reply_that_data_is_kept_tells_of_its_event_whatever_came_before_it() -> None:
    events = [(*astuple(event), True) for event in events_of_one_account()]
    for seq, found in ((1, 0), (10**6, 1)):
        tally = Tally()
        requests = [(1, "erase-1", encoder.encode(Kept(1, seq, None)))]
        check_account(tally, 1, AccountRows(events=events, requests=requests), LATER)
        assert (tally.check("requests").compared, tally.check("requests").found) == (1, found)
