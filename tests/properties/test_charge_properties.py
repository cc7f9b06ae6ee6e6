"""What holds for every account that is charged, waived, credited and charged back."""

from collections import Counter
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from accounting.journalize import journalize
from accounting.subledger import CONTROL, subledger
from core.account import LoanStatus
from core.decision import Decision
from core.events import Event
from core.evolve import replay
from core.rejections import Rejection
from core.restatement import rebuild, timeline
from core.servicing.advance import advance
from tests.properties.charging import charge_step, charged_book, charged_life, charging_lives
from tests.properties.histories import Life


@given(charging_lives)
def test_entries_balance_and_control_accounts_equal_the_account_after_every_step(life: Life) -> None:
    book = charged_book(life)
    balance: Counter[int] = Counter()
    posted = 0
    for step in (None, *life.steps):
        if step is not None:
            charge_step(book, step, life.terms)
        for _, event in book.history[posted:]:
            entry = journalize(event)
            assert sum(line.amount for line in entry) == 0
            assert all(line.amount for line in entry), "a posting of nothing"
            for line in entry:
                balance[line.gl] += line.amount
        posted = len(book.history)
        assert {gl: balance[gl] for gl in CONTROL} == subledger(book.account)


@given(charging_lives)
def test_nothing_is_negative_and_a_closed_loan_owes_nothing(life: Life) -> None:
    book = charged_book(life)
    for step in life.steps:
        charge_step(book, step, life.terms)
        assert min(book.account.unapplied, book.account.deposit) >= 0
        for loan in book.account.loans:
            assert all(min(due.penalty, due.fee, due.interest, due.principal) >= 0 for due in loan.dues)
            assert all(min(charge.penalty, charge.fee) >= 0 for charge in loan.charges)
            assert loan.principal >= sum(due.principal for due in loan.dues)
            if loan.status is not LoanStatus.ACTIVE:
                assert (loan.principal, loan.dues, loan.charges, loan.reopened) == (0, (), (), ())


@given(charging_lives, st.integers(0, 120))
def test_what_comes_by_itself_day_by_day_equals_all_days_at_once(life: Life, days: int) -> None:
    book = charged_life(life)
    at_once = advance(book.account, book.on + timedelta(days=days))
    daily: list[Event] = []
    account = book.account
    for day in range(days + 1):
        passed = advance(account, book.on + timedelta(days=day))
        assert passed.account is not None
        assert all(event.on == book.on + timedelta(days=day) for event in passed.events)
        account = passed.account
        daily += passed.events
    assert (account, tuple(daily)) == (at_once.account, at_once.events)
    assert advance(account, book.on + timedelta(days=days)) == Decision(account)


@given(charging_lives)
def test_a_command_leaves_nothing_to_do_on_its_day(life: Life) -> None:
    book = charged_book(life)
    for step in life.steps:
        charge_step(book, step, life.terms)
        assert advance(book.account, book.on) == Decision(book.account)


@given(charging_lives)
def test_stored_events_and_facts_decided_anew_give_the_live_account(life: Life) -> None:
    book = charged_life(life)
    stored = [msgspec.msgpack.encode(event) for _, event in book.history]
    assert replay(msgspec.msgpack.decode(body, type=Event) for body in stored) == book.account
    rebuilt = rebuild([entry for entry in timeline(book.history) if entry.seq], book.on)
    assert not isinstance(rebuilt, Rejection)
    assert rebuilt[0] == book.account
