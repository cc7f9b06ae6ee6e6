"""One writer: what overlaps, what waits, what is done again, and what stops at one account."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Raw

from actors import execute as executing
from actors import shard as shard_module
from actors.messages import Done, Envelope, Refused, encoder
from actors.protocols import JournalUnavailable, OutcomeUnknown, RequestTaken, ShardUnavailable
from core.account import Account
from core.commands import Command, Repay
from core.decide import decide
from core.rejections import Code
from tests.unit.running_shard import TODAY, Bench, account_elsewhere, deposit, opening, with_shard

FAILURES = [JournalUnavailable("lost"), OutcomeUnknown("lost"), RequestTaken(), OSError("lost")]


def break_account(monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    """Let every decision about one account fail a check."""

    def checked(account: Account | None, command: Command, *rest: Any) -> object:
        assert command.account != broken, "the books of this account are off"
        return decide(account, command, *rest)

    monkeypatch.setattr(executing, "decide", checked)


def test_a_reply_waits_for_its_commit() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        asked = running.start_asking(deposit(1, 5))
        await running.settle()
        assert not asked.done()
        running.journal.open.set()
        assert await asked == [Done(1, 2)]
        assert running.deposits(1) == 5

    with_shard(test)


def test_the_next_batch_is_executed_on_top_of_the_one_in_flight() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        asked = [running.start_asking(deposit(1, amount)) for amount in (5, 7, 9)]
        await running.settle()
        assert len(running.journal.commits) == 1
        running.journal.open.set()
        assert await asyncio.gather(*asked) == [[Done(1, 2)], [Done(1, 3)], [Done(1, 4)]]
        assert [len(commit.requests) for commit in running.journal.commits] == [1, 2]
        assert running.deposits(1) == 21

    with_shard(test)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_lost_commit_and_what_was_built_on_it_are_done_again_in_order(failure: Exception) -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        running.journal.faults.append(failure)
        asked = [running.start_asking(deposit(1, amount)) for amount in (5, 7)]
        await running.settle()
        running.journal.open.set()
        assert await asyncio.gather(*asked) == [[Done(1, 2)], [Done(1, 3)]]
        assert [row.seq for row in running.disk.log] == [1, 2, 3]
        assert running.deposits(1) == 12

    with_shard(test)


def test_a_commit_whose_answer_was_lost_is_not_done_twice() -> None:
    async def test(running: Bench) -> None:
        running.journal.faults_after.append(OutcomeUnknown("answer lost"))
        assert await running.ask(deposit(1, 5)) == [Done(1, 2)]
        assert running.deposits(1) == 5

    with_shard(test)


def test_a_batch_that_fails_again_and_again_is_given_back() -> None:
    async def test(running: Bench) -> None:
        running.journal.faults += [OutcomeUnknown("lost")] * 6
        gone = running.start_asking(deposit(1, 5))
        stays = running.start_asking(deposit(1, 7))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(ShardUnavailable):
            await stays
        assert await running.ask(deposit(1, 9)) == [Done(1, 2)]

    with_shard(test)


def test_a_broken_invariant_suspends_its_account_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(running: Bench) -> None:
        await running.ask(opening(2))
        break_account(monkeypatch, 1)
        first, second = await running.ask(deposit(1, 5), deposit(2, 5))
        assert isinstance(first, Refused)
        assert first.code is Code.ACCOUNT_SUSPENDED
        assert second == Done(2, 2)
        monkeypatch.undo()
        (again,) = await running.ask(deposit(1, 5))
        assert again == first
        assert "the books of this account are off" in running.disk.suspended[1]
        assert running.deposits(1) == 0

    with_shard(test)


def test_a_former_owner_suspends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(running: Bench) -> None:
        running.disk.epochs[0] += 1
        break_account(monkeypatch, 1)
        with pytest.raises(ShardUnavailable):
            await running.ask(deposit(1, 5))
        assert running.shard.fenced
        assert not running.disk.suspended

    with_shard(test)


def test_a_refusal_is_kept_and_given_again() -> None:
    async def test(running: Bench) -> None:
        (refused,) = await running.ask(deposit(2, 5), key="once")
        assert isinstance(refused, Refused)
        assert refused.code is Code.ACCOUNT_UNKNOWN
        await running.ask(opening(2))
        assert await running.ask(deposit(2, 5), key="once") == [refused]
        assert running.deposits(2) == 0

    with_shard(test)


def test_a_repeated_request_is_answered_from_the_record() -> None:
    async def test(running: Bench) -> None:
        envelope = running.envelope(deposit(1, 5))
        assert await running.send([envelope, envelope]) == [Done(1, 2)] * 2
        await running.shard.start()
        assert await running.send([envelope]) == [Done(1, 2)]
        assert running.deposits(1) == 5

    with_shard(test)


def test_a_request_id_is_not_used_for_another_command() -> None:
    async def test(running: Bench) -> None:
        await running.ask(deposit(1, 5), key="once")
        (refused,) = await running.ask(deposit(1, 6), key="once")
        assert isinstance(refused, Refused)
        assert refused.code is Code.REQUEST_ID_REUSED
        assert running.deposits(1) == 5

    with_shard(test)


def test_nonsense_is_refused_and_not_kept() -> None:
    async def test(running: Bench) -> None:
        good = running.envelope(deposit(1, 5))
        nonsense = Envelope(good.key, 1, Raw(encoder.encode({"type": "repay", "account": 1, "amount": 0.5})))
        elsewhere = Envelope(good.key, 2, good.command)
        refused = await running.send([nonsense, elsewhere])
        assert [reply.code for reply in refused if isinstance(reply, Refused)] == [Code.MALFORMED] * 2
        assert await running.send([good]) == [Done(1, 2)]

    with_shard(test)


def test_another_shards_account_is_not_touched() -> None:
    async def test(running: Bench) -> None:
        (refused,) = await running.ask(opening(account_elsewhere(2)))
        assert isinstance(refused, Refused)
        assert refused.code is Code.UNAVAILABLE
        assert account_elsewhere(2) not in running.disk.accounts

    with_shard(test, shards=2)


def test_too_much_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        waiting = [running.start_asking(deposit(1, 5)) for _ in range(4)]
        await running.settle()
        before = running.clock.monotonic()
        replies = await running.ask(*[deposit(1, 5)] * 3)
        assert running.clock.monotonic() == before
        assert [reply.code for reply in replies if isinstance(reply, Refused)] == [Code.OVERLOADED] * 3
        running.journal.open.set()
        await asyncio.gather(*waiting)
        assert running.deposits(1) == 20

    monkeypatch.setattr(shard_module, "BATCH_MAX", 1)
    monkeypatch.setattr(shard_module, "INBOX_MAX", 4)
    with_shard(test)


def test_a_group_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        waiting = [running.start_asking(deposit(1, 5)) for _ in range(6)]
        await running.settle()
        running.journal.open.set()
        await asyncio.gather(*waiting)
        sizes = [len(commit.requests) for commit in running.journal.commits]
        assert max(sizes) == 2
        assert sum(sizes) == 6

    monkeypatch.setattr(shard_module, "BATCH_MAX", 2)
    with_shard(test)


def test_a_fenced_shard_answers_nobody_and_ends() -> None:
    async def test(running: Bench) -> None:
        running.disk.epochs[0] += 1
        with pytest.raises(ShardUnavailable):
            await running.ask(deposit(1, 5))
        assert running.shard.fenced
        assert running.deposits(1) == 0

    with_shard(test)


def test_commands_are_posted_on_the_new_day_from_the_turn_on() -> None:
    async def test(running: Bench) -> None:
        running.shard.turn(TODAY + timedelta(days=1))
        await running.ask(deposit(1, 5))
        running.shard.turn(TODAY)
        await running.ask(Repay(account=1, amount=5))
        assert [row.posted_on for row in running.disk.log[1:]] == [TODAY + timedelta(days=1)] * 2

    with_shard(test)
