"""What holds for every account whatever it went through: checks that tests of all kinds make."""

from collections import Counter
from datetime import date, timedelta

import msgspec

from accounting.journalize import journalize
from accounting.subledger import CONTROL, subledger
from core.account import Account
from core.decision import Decision
from core.events import Event
from core.evolve import replay
from core.rejections import Rejection
from core.restatement import History, rebuild, timeline
from core.servicing.advance import advance


def assert_books_hold(history: History, account: Account) -> Counter[int]:
    """Each entry balances, and control accounts hold what the account says; return the balance of each GL account."""
    balance: Counter[int] = Counter()
    for _, event in history:
        entry = journalize(event)
        assert sum(line.amount for line in entry) == 0, event
        assert all(line.amount for line in entry), "a posting of nothing"
        for line in entry:
            balance[line.gl] += line.amount
    assert {gl: balance[gl] for gl in CONTROL} == subledger(account)
    return balance


def assert_derived(history: History, account: Account, on: date) -> None:
    """Events as they are stored, and facts decided anew on a date, give the account."""
    stored = [msgspec.msgpack.encode(event) for _, event in history]
    assert replay(msgspec.msgpack.decode(body, type=Event) for body in stored) == account
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(account), type=Account) == account
    rebuilt = rebuild([entry for entry in timeline(history) if entry.seq], on)
    assert not isinstance(rebuilt, Rejection)
    assert rebuilt[0] == account


def assert_days_add_up(account: Account, on: date, days: int) -> None:
    """What comes by itself day by day equals all days at once, each on its own date; done twice is done once."""
    at_once = advance(account, on + timedelta(days=days))
    daily: list[Event] = []
    for day in (on + timedelta(days=each) for each in range(days + 1)):
        passed = advance(account, day)
        assert passed.account is not None
        assert all(event.on == day for event in passed.events)
        account = passed.account
        daily += passed.events
    assert (account, tuple(daily)) == (at_once.account, at_once.events)
    assert advance(account, on + timedelta(days=days)) == Decision(account)
