"""What a group commit holds: a chain of events, balanced postings and their sums, one snapshot of what changed."""

from datetime import date, timedelta
from hashlib import sha256

import pytest

from actors import staging
from actors.rows import RequestRow
from actors.staging import GENESIS, Cached, Stage
from adapters.snapshot import rebuild
from core.commands import BookLoan, Command, Disburse, FreezeAccount, OpenAccount, Repay, TakeDeposit
from core.contract.terms import Rate, Terms, Unit
from core.decide import decide
from core.decision import Decision
from core.events import Event
from core.identity import loan_id
from core.servicing.advance import advance, next_loan_action

TODAY = date(2026, 3, 2)
TERMS = Terms(principal=1_000, rate=Rate(100_000_000), installments=4, unit=Unit.WEEK, reminder_days=0)
LENT: tuple[Command, ...] = (
    OpenAccount(account=1, currency="CNY", credit_limit=9_000),
    BookLoan(account=1, terms=TERMS),
    Disburse(account=1, loan=loan_id(1, 1)),
)


def do(stage: Stage, cached: Cached, *commands: Command, on: date = TODAY) -> None:
    """Decide commands and stage their events."""
    for command in commands:
        before = Decision(None) if cached.account is None else advance(cached.account, on)
        decided = decide(before.account, command, on)
        assert isinstance(decided, Decision)
        assert decided.account is not None
        stage.record(cached, decided.account, (*before.events, *decided.events), on)


def lent() -> Cached:
    """An account with a running loan, all of it written."""
    cached, stage = Cached(1, None), Stage()
    do(stage, cached, *LENT)
    stage.seal(TODAY)
    return cached


def test_events_continue_the_accounts_chain() -> None:
    cached, stage = Cached(1, None), Stage()
    do(stage, cached, *LENT)
    chain = GENESIS
    for seq, row in enumerate(stage.seal(TODAY).events, 1):
        chain = sha256(chain + row.body).digest()
        assert (row.account_id, row.seq, row.hash, row.posted_on) == (1, seq, chain, TODAY)
    assert (cached.seq, cached.hash) == (3, chain)


def test_each_entry_balances_and_the_sums_are_what_was_posted() -> None:
    cached, stage = lent(), Stage()
    do(stage, cached, Repay(account=1, amount=700), TakeDeposit(account=1, amount=50), on=TODAY + timedelta(weeks=1))
    commit = stage.seal(TODAY)
    assert {entry.seq for entry in commit.entries} <= {row.seq for row in commit.events}
    assert all(sum(line.amount for line in entry.lines) == 0 for entry in commit.entries)
    lines = [line for entry in commit.entries for line in entry.lines]
    for gl in {line.gl for line in lines}:
        amounts = [line.amount for line in lines if line.gl == gl]
        assert sum(row.debit for row in commit.ledger if row.gl == gl) == sum(each for each in amounts if each > 0)
        assert sum(row.credit for row in commit.ledger if row.gl == gl) == -sum(each for each in amounts if each < 0)


def test_a_snapshot_stands_once_however_often_an_account_changed() -> None:
    cached, stage = Cached(1, None), Stage()
    do(stage, cached, *LENT, Repay(account=1, amount=10), TakeDeposit(account=1, amount=5))
    commit = stage.seal(TODAY)
    assert (len(commit.accounts), len(commit.loans), len(commit.contracts)) == (1, 1, 1)
    (row,) = commit.accounts
    states = [(commit.loans[0].state, commit.contracts[0].body)]
    loaded = rebuild(1, row.currency, row.opened_on, row.credit_limit, row.frozen, row.unapplied, row.deposit, states)
    assert loaded == cached.account


@pytest.mark.parametrize(
    ("command", "accounts", "loans"),
    [
        (TakeDeposit(account=1, amount=5), 1, 0),
        (FreezeAccount(account=1, reason="a check"), 1, 0),
        (BookLoan(account=1, terms=TERMS), 0, 1),
    ],
)
def test_only_what_changed_is_written(command: Command, accounts: int, loans: int) -> None:
    cached, stage = lent(), Stage()
    do(stage, cached, command)
    commit = stage.seal(TODAY)
    assert (len(commit.accounts), len(commit.loans), len(commit.contracts)) == (accounts, loans, loans)


def test_a_repayment_writes_its_loan_and_no_contract() -> None:
    cached, stage = lent(), Stage()
    do(stage, cached, Repay(account=1, amount=100), on=TODAY + timedelta(weeks=1))
    commit = stage.seal(TODAY + timedelta(weeks=1))
    assert (len(commit.accounts), len(commit.loans), len(commit.contracts)) == (0, 1, 0)


def test_a_stored_wake_up_may_be_early_and_never_late() -> None:
    cached, due = lent(), TODAY + timedelta(weeks=1)
    assert cached.wakes == (due,)
    for on in (due, due + timedelta(days=1), due + timedelta(weeks=1)):
        stage = Stage()
        do(stage, cached, Repay(account=1, amount=60), on=on)
        (row,) = stage.seal(on).loans
        assert cached.account is not None
        works = next_loan_action(cached.account.loans[0], cached.account.contracts[0])
        assert works is not None
        assert row.wake_on is not None
        assert on < row.wake_on <= works
        assert cached.wakes == (row.wake_on,)


def test_a_visit_without_events_moves_a_wake_up_that_was_early() -> None:
    cached, stage = lent(), Stage()
    cached.wakes = (TODAY,)
    stage.touch(cached)
    commit = stage.seal(TODAY)
    assert [row.wake_on for row in commit.loans] == [TODAY + timedelta(weeks=1)]
    assert (len(stage), commit.events, commit.accounts) == (1, [], [])


def test_a_failed_check_leaves_stage_and_account_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Event) -> list[object]:
        raise AssertionError("does not balance")

    cached, stage = lent(), Stage()
    before = cached.account, cached.seq, cached.hash
    monkeypatch.setattr(staging, "journalize", broken)
    with pytest.raises(AssertionError):
        do(stage, cached, TakeDeposit(account=1, amount=5))
    assert (cached.account, cached.seq, cached.hash) == before
    assert not stage
    assert stage.seal(TODAY) == Stage().seal(TODAY)


def test_an_answer_alone_makes_a_commit() -> None:
    stage = Stage()
    assert not stage
    stage.answer(RequestRow(bytes(16), 1, TODAY, bytes(16), b"refused"))
    assert stage
    assert stage.seal(TODAY).accounts == []
