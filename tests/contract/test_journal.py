"""What every journal promises, in memory and in Postgres alike."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from actors.protocols import Fenced, Journal, JournalUnavailable, OutcomeUnknown, RequestTaken
from actors.rows import FileRow, GroupCommit, Recorded, SecretRow
from adapters.memory_journal import Disk, MemoryJournal
from core.account import Account
from core.identity import SLOTS, slot_of
from tests.contract.building import (
    CONTRACT,
    TODAY,
    MemoryStore,
    Store,
    account_row,
    contract_row,
    event,
    loan_row,
    on_postgres,
    opening,
    repayment,
    request,
)

Run = Callable[[Callable[[Store], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "postgres"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a test against a fresh book of either kind."""
    if request.param == "memory":
        return lambda test: asyncio.run(_in_memory(test))
    database = request.getfixturevalue("database")
    return lambda test: on_postgres(database, test)


async def _in_memory(test: Callable[[Store], Awaitable[None]]) -> None:
    await test(MemoryStore())


async def _state(journal: Journal, account: int) -> Account:
    return (await journal.load([account]))[account].account


def test_what_was_committed_is_loaded(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        assert claim.business_date == TODAY
        assert len(claim.slots) == SLOTS // 2
        await journal.commit(claim, opening(7, loans=2))
        await journal.commit(claim, repayment(7, 2, key=1))
        loaded = (await journal.load([7, 8, 7]))[7]
        assert (loaded.seq, loaded.hash, loaded.suspended) == (2, event(7, 2).hash, None)
        assert loaded.wakes == (date(2026, 6, 4), date(2026, 6, 4))
        assert [loan.principal for loan in loaded.account.loans] == [110_000, 120_000]
        assert loaded.account.contracts == (CONTRACT, CONTRACT)
        assert (loaded.account.id, loaded.account.currency, loaded.account.credit_limit) == (7, "CNY", 5_000_000)
        assert list(await journal.load([8, 7])) == [7]

    run(test)


def test_an_account_without_loans_and_frozen_is_loaded(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        row = account_row(7)._replace(frozen="court order", unapplied=5, deposit=9)
        await journal.commit(await journal.claim(0), GroupCommit(events=[event(7, 1)], accounts=[row]))
        account = await _state(journal, 7)
        assert (account.frozen, account.unapplied, account.deposit, account.loans) == ("court order", 5, 9, ())

    run(test)


def test_contracts_may_be_replaced_and_stand_in_any_order(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.commit(claim, opening(7))
        commit = GroupCommit(
            events=[event(7, 2), event(9, 1)],
            accounts=[account_row(9)],
            loans=[loan_row(9), loan_row(7, 2, 5), loan_row(7, 1, 6)],
            contracts=[contract_row(7, 1), contract_row(9), contract_row(7, 2)],
        )
        await journal.commit(claim, commit)
        assert [loan.principal for loan in (await _state(journal, 7)).loans] == [6, 5]
        assert len((await _state(journal, 9)).loans) == 1

    run(test)


def test_history_is_oldest_first(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.commit(claim, opening(7))
        await journal.commit(claim, GroupCommit(events=[event(7, 2), event(8, 1), event(7, 3)]))
        assert await journal.history(7) == [(seq, event(7, seq).body) for seq in (1, 2, 3)]
        assert await journal.history(6) == []

    run(test)


def test_transactions_come_by_page_and_kind(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.commit(claim, opening(7))
        await journal.commit(claim, GroupCommit(events=[event(7, 2), event(8, 1), event(7, 3)]))
        page = await journal.transactions(7, 1, 5)
        assert [(row.seq, row.body) for row in page] == [(seq, event(7, seq).body) for seq in (2, 3)]
        assert [row.seq for row in await journal.transactions(7, 0, 2)] == [1, 2]
        kind = event(7, 1).kind
        assert [row.seq for row in await journal.transactions(7, 0, 9, [kind])] == [1, 2, 3]
        assert await journal.transactions(7, 0, 9, [kind + 1]) == []
        assert await journal.transactions(6, 0, 9) == []

    run(test)


def test_a_stale_claim_writes_nothing(run: Run) -> None:
    async def test(store: Store) -> None:
        former, owner = await store.journal(0), await store.journal(0)
        stale = await former.claim(0)
        await former.commit(stale, opening(7))
        claim = await owner.claim(0)
        assert claim.epoch == stale.epoch + 1
        assert not await owner.holds(stale)
        for journal in (owner, former):
            with pytest.raises((Fenced, JournalUnavailable)):
                await journal.commit(stale, repayment(7, 2, key=1))
        with pytest.raises(Fenced):
            await former.commit(stale, repayment(7, 2, key=1))
        assert await owner.holds(claim)
        await owner.commit(claim, repayment(7, 2, key=1))
        assert [seq for seq, _ in await owner.history(7)] == [1, 2]

    run(test)


def test_whoever_lost_a_shard_does_not_take_it_back(run: Run) -> None:
    async def test(store: Store) -> None:
        former, owner = await store.journal(0), await store.journal(0)
        await former.claim(0)
        await former.claim(0)
        claim = await owner.claim(0)
        with pytest.raises(Fenced):
            await former.claim(0)
        assert await owner.holds(claim)

    run(test)


def test_shards_do_not_fence_each_other(run: Run) -> None:
    async def test(store: Store) -> None:
        first, second = await store.journal(0), await store.journal(1)
        claims = await first.claim(0), await second.claim(1)
        assert not claims[0].slots & claims[1].slots
        await first.commit(claims[0], opening(7))
        await second.commit(claims[1], opening(8))

    run(test)


def test_a_request_key_is_taken_once_and_the_commit_that_lost_leaves_nothing(run: Run) -> None:
    async def test(store: Store) -> None:
        first, second = await store.journal(0), await store.journal(1)
        claim, other = await first.claim(0), await second.claim(1)
        await first.commit(claim, opening(7))
        await first.commit(claim, repayment(7, 2, key=1))
        with pytest.raises(RequestTaken):
            await second.commit(other, repayment(7, 3, key=1, principal=1))
        assert [seq for seq, _ in await first.history(7)] == [1, 2]
        assert (await _state(first, 7)).loans[0].principal == 110_000
        keys = [request(key, 7).key for key in (1, 2)]
        assert await second.recorded(keys) == {keys[0]: Recorded(bytes(16), b"done 1")}
        await second.commit(other, opening(8))

    run(test)


def test_a_sequence_number_that_somebody_else_wrote_fences(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.commit(claim, opening(7))
        with pytest.raises(Fenced):
            await journal.commit(claim, repayment(7, 1, key=1))
        assert await journal.recorded([request(1, 7).key]) == {}

    run(test)


def test_a_loan_that_is_not_on_the_book_is_a_bug(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        with pytest.raises(AssertionError):
            await journal.commit(claim, repayment(7, 1, key=1))
        assert await journal.history(7) == []
        await journal.commit(claim, opening(7))

    run(test)


def test_due_names_accounts_once_within_slots_date_and_limit(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        for account in (1, 2, 3, 4):
            await journal.commit(claim, opening(account, loans=2))
        later = GroupCommit(events=[event(4, 2)], loans=[loan_row(4, n, wake_on=date(2026, 7, 1)) for n in (1, 2)])
        await journal.commit(claim, later)
        slots = [slot_of(account) for account in (1, 2, 3, 4)]
        assert await journal.due(slots, date(2026, 6, 3), 10) == []
        assert sorted(await journal.due(slots, date(2026, 6, 4), 10)) == [1, 2, 3]
        assert len(await journal.due(slots, date(2026, 6, 4), 2)) == 2
        assert await journal.due([slot_of(2)], date(2026, 6, 4), 10) == [2]
        await journal.suspend(2, "does not balance")
        assert sorted(await journal.due(slots, date(2026, 7, 4), 10)) == [1, 3, 4]
        await journal.commit(claim, repayment(2, 2, key=1))
        assert (await journal.load([2]))[2].suspended == "does not balance"

    run(test)


def test_the_date_is_cut_once(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        assert await store.cut(TODAY)
        assert not await store.cut(TODAY)
        assert not await store.cut(TODAY - timedelta(days=1))
        assert not await store.cut(TODAY + timedelta(days=9))
        assert await journal.business_date() == TODAY + timedelta(days=1)
        assert (await journal.claim(0)).business_date == TODAY + timedelta(days=1)

    run(test)


def test_a_shard_that_nobody_assigned_cannot_be_claimed(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(5)
        with pytest.raises(JournalUnavailable):
            await journal.claim(5)

    run(test)


@pytest.mark.parametrize(("fault", "written"), [(JournalUnavailable, False), (OutcomeUnknown, True), (Fenced, False)])
def test_memory_fails_where_a_test_wants_it(fault: type[Exception], written: bool) -> None:
    async def broken(commit: GroupCommit) -> None:
        raise fault

    async def test() -> None:
        disk = Disk(TODAY)
        disk.assign(1)
        journal = MemoryJournal(disk)
        claim = await journal.claim(0)
        if written:
            journal.after_commit = broken
        else:
            journal.before_commit = broken
        with pytest.raises(fault):
            await journal.commit(claim, opening(7))
        assert bool(await MemoryJournal(disk).load([7])) is written

    asyncio.run(test())


def identifying(account: int, person: str) -> GroupCommit:
    """A commit that seals who the borrower of an account is."""
    secrets = [SecretRow(account, "person", 1, person, b"sealed", 1)]
    return replace(opening(account), files=[FileRow(account, b"", None)], secrets=secrets)


def test_a_person_is_of_the_account_that_asked_first(run: Run) -> None:
    async def test(store: Store) -> None:
        first, second = await store.journal(0), await store.journal(1)
        assert await first.claim_people([("ann", 7), ("bob", 8), ("ann", 9)]) == {"ann": 7, "bob": 8}
        assert await second.claim_people([("cy", 3), ("ann", 3)]) == {"cy": 3, "ann": 7}
        assert await first.claim_people([("ann", 7)]) == {"ann": 7}
        assert await second.owners(["ann", "cy", "dee"]) == {"ann": 7, "cy": 3}

    run(test)


def test_of_many_who_claim_the_same_people_at_once_one_has_each_and_nobody_waits_for_ever(run: Run) -> None:
    async def test(store: Store) -> None:
        journals = [await store.journal(number % 2) for number in range(6)]
        people = [f"person {number}" for number in range(40)]
        claims = [
            journal.claim_people([(person, account) for person in people[account:] + people[:account]])
            for account, journal in enumerate(journals)
        ]
        answers = await asyncio.wait_for(asyncio.gather(*claims), 20)
        assert all(answer == answers[0] for answer in answers)
        assert answers[0].keys() == set(people)

    run(test)


def test_whoever_is_erased_can_be_somebody_elses_borrower(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        claim = await journal.claim(0)
        await journal.claim_people([("ann", 7), ("bob", 8)])
        await journal.commit(claim, identifying(7, "ann"))
        files = [FileRow(7, b"", None)]
        await journal.commit(claim, GroupCommit(events=[event(7, 2)], files=files, erased=[7]))
        assert await journal.claim_people([("ann", 9), ("bob", 9)]) == {"ann": 9, "bob": 8}

    run(test)


def test_who_was_claimed_and_never_identified_is_free_once_no_shard_can_go_on_with_it(run: Run) -> None:
    async def test(store: Store) -> None:
        journal = await store.journal(0)
        await journal.claim_people([("ann", 7), ("bob", 8)])
        await journal.commit(await journal.claim(0), identifying(7, "ann"))
        await store.assign()
        assert await journal.owners(["ann", "bob"]) == {"ann": 7}

    run(test)
