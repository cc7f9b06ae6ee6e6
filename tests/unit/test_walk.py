"""The day close's walk: which slots it reads when, and that neither load nor broken accounts hold it up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

import pytest

from actors import execute as executing
from actors import walk as walk_module
from actors.walk import Walk
from adapters.memory_journal import Disk, MemoryJournal
from core.account import Account
from core.commands import BookLoan, Disburse
from core.contract.terms import Rate, Terms, Unit
from core.decision import Decision
from core.identity import SLOTS, loan_id
from core.servicing.advance import advance
from tests.simulation.loop import run
from tests.unit.running_shard import TODAY, Bench, bench, deposit, opening

TOMORROW = TODAY + timedelta(days=1)
TERMS = Terms(principal=1_000, rate=Rate(0), installments=3, unit=Unit.DAY, reminder_days=0)


class DueJournal(MemoryJournal):
    """Says what a test wants to be due, and remembers which slots were asked for."""

    def __init__(self, answers: Sequence[list[int]]) -> None:
        super().__init__(Disk(TODAY))
        self.answers = list(answers)
        self.asked: list[list[int]] = []

    async def due(self, slots: Sequence[int], on: date, limit: int) -> list[int]:
        self.asked.append(list(slots))
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts a slice, all slots at once."""
    monkeypatch.setattr(walk_module, "SLICE", 2)
    monkeypatch.setattr(walk_module, "_SLOTS_AT_ONCE", SLOTS)


def walked(answers: Sequence[list[int]], moved: int, slots: int = 3) -> tuple[Walk, DueJournal]:
    """Walk to the end; each slice moves so many accounts."""
    journal = DueJournal(answers)
    walk = Walk(journal)
    walk.begin(TODAY, frozenset(range(slots)))

    async def main() -> None:
        while not walk.done:
            accounts = await walk.next_slice()
            walk.worked(len(accounts), min(moved, len(accounts)), events=1)

    run(main())
    return walk, journal


def test_every_slot_is_asked_for_once_if_no_slice_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_module, "_SLOTS_AT_ONCE", 2)
    walk, journal = walked([[1], []], moved=1)
    assert sorted(journal.asked) == [[0, 1], [2]]
    assert (walk.accounts, walk.events) == (1, 2)


def test_slots_that_filled_a_slice_are_asked_for_again() -> None:
    walk, journal = walked([[1, 2], [3, 4], [5]], moved=2)
    assert journal.asked == [[0, 1, 2]] * 3
    assert walk.accounts == 5


def test_a_full_slice_in_which_nobody_moves_is_the_last() -> None:
    _, journal = walked([[1, 2]], moved=0)
    assert len(journal.asked) == 1


def test_only_slots_that_are_read_again_need_the_last_slice_on_disk() -> None:
    journal = DueJournal([[1, 2]])
    walk = Walk(journal)
    walk.begin(TODAY, frozenset([1]))
    assert not walk.needs_landing()
    run(walk.next_slice())
    walk.worked(2, 2, 2)
    assert walk.needs_landing()
    walk.begin(TOMORROW, frozenset([1]))
    assert not walk.needs_landing()
    assert (walk.on, walk.accounts, walk.done) == (TOMORROW, 0, False)


def with_lent(test: Callable[[Bench], Awaitable[None]], accounts: int) -> None:
    """Run a test on a shard with loans of which one installment falls due tomorrow."""

    async def main() -> None:
        async with bench() as running:
            for account in range(1, accounts + 1):
                await lend(running, account)
            await test(running)

    run(main())


async def lend(running: Bench, account: int) -> None:
    loan = loan_id(account, 1)
    await running.ask(opening(account), BookLoan(account=account, terms=TERMS), Disburse(account=account, loan=loan))


async def closed(running: Bench) -> int:
    """Wait for the walk to be done; return how many accounts it met."""
    for _ in range(1_000):
        _, done, accounts, _ = running.shard.walked()
        if done:
            return accounts
        await running.settle()
    raise AssertionError("the walk does not end")


def left(running: Bench) -> list[int]:
    """Return the accounts on disk with work up to tomorrow."""
    return [
        account
        for account, loans in running.disk.loans.items()
        if any(loan.wake_on is not None and loan.wake_on <= TOMORROW for loan in loans.values())
    ]


def test_the_walk_brings_everybody_past_the_day() -> None:
    async def test(running: Bench) -> None:
        assert len(left(running)) == 5
        running.shard.turn(TOMORROW)
        assert await closed(running) == 5
        assert left(running) == []

    with_lent(test, accounts=5)


def test_the_walk_ends_under_constant_load_and_the_load_goes_on() -> None:
    async def test(running: Bench) -> None:
        answered = 0

        async def load() -> None:
            nonlocal answered
            while True:
                await running.ask(deposit(6, 1))
                answered += 1

        running.journal.before_commit = lambda _: asyncio.sleep(0.005)
        await running.ask(opening(6))
        clients = [asyncio.create_task(load()) for _ in range(3)]
        running.shard.turn(TOMORROW)
        await closed(running)
        assert left(running) == []
        assert answered > 3
        for client in clients:
            client.cancel()

    with_lent(test, accounts=5)


def test_the_walk_finds_what_was_in_flight_when_the_day_turned() -> None:
    async def test(running: Bench) -> None:
        await running.ask(opening(1), BookLoan(account=1, terms=TERMS))
        running.journal.open.clear()
        asked = running.start_asking(Disburse(account=1, loan=loan_id(1, 1)))
        await running.settle()
        running.shard.turn(TOMORROW)
        await running.settle()
        running.journal.open.set()
        await asked
        await closed(running)
        assert left(running) == []

    with_lent(test, accounts=0)


def test_a_walk_is_not_done_before_it_is_durable() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        running.shard.turn(TOMORROW)
        await running.settle()
        assert running.shard.walked()[:2] == (TOMORROW, False)
        running.journal.open.set()
        await closed(running)

    with_lent(test, accounts=1)


def test_a_lost_slice_is_walked_again() -> None:
    async def test(running: Bench) -> None:
        running.journal.faults.append(OSError("lost"))
        running.shard.turn(TOMORROW)
        await closed(running)
        assert left(running) == []

    with_lent(test, accounts=3)


def test_suspended_accounts_do_not_hold_the_walk_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(account: Account, to: date) -> Decision:
        assert account.id > 3, "the books of this account are off"
        return advance(account, to)

    async def test(running: Bench) -> None:
        monkeypatch.setattr(executing, "advance", checked)
        running.shard.turn(TOMORROW)
        await closed(running)
        assert set(running.disk.suspended) == {1, 2, 3}
        assert set(left(running)) == {1, 2, 3}

    with_lent(test, accounts=6)
