"""Reads show what is durable, and only from a shard that owns what it shows."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.json import decode as decode_json

from actors.messages import encoder
from actors.protocols import Fenced, JournalUnavailable, ShardUnavailable
from actors.queries import ShowAccount
from actors.reading import LEASE_SECONDS
from core.rejections import Code
from tests.unit.running_shard import TODAY, Bench, deposit, with_shard


async def shown_deposit(running: Bench) -> int:
    framed = await running.shard.read(encoder.encode(ShowAccount(1)))
    assert framed[0] == 1
    deposit: int = decode_json(framed[1:])["deposit"]
    return deposit


def test_a_read_waits_until_what_it_shows_is_durable() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        asked = running.start_asking(deposit(1, 5))
        await running.settle()
        shown = asyncio.create_task(shown_deposit(running))
        await running.settle()
        assert not shown.done()
        running.journal.open.set()
        assert await shown == 5
        await asked

    with_shard(test)


def test_a_read_never_shows_what_is_rolled_back() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        running.journal.faults += [JournalUnavailable("lost")] * 6
        asked = running.start_asking(deposit(1, 5))
        await running.settle()
        shown = asyncio.create_task(shown_deposit(running))
        await running.settle()
        running.journal.open.set()
        assert await shown == 0
        with pytest.raises(ShardUnavailable):
            await asked

    with_shard(test)


def test_reads_ask_for_ownership_when_the_lease_is_over() -> None:
    async def test(running: Bench) -> None:
        journal = running.journal
        await shown_deposit(running)
        assert journal.asked_for_ownership == 0
        await asyncio.sleep(LEASE_SECONDS)
        await shown_deposit(running)
        await shown_deposit(running)
        assert journal.asked_for_ownership == 1
        running.disk.epochs[0] += 1
        await asyncio.sleep(LEASE_SECONDS)
        with pytest.raises(Fenced):
            await shown_deposit(running)

    with_shard(test)


def test_a_cold_account_is_shown_by_its_owner_only() -> None:
    async def test(running: Bench) -> None:
        await running.shard.start()
        assert await shown_deposit(running) == 0
        assert running.journal.asked_for_ownership == 1
        running.disk.epochs[0] += 1
        with pytest.raises(Fenced):
            await shown_deposit(running)

    with_shard(test)


def test_a_question_that_waited_is_answered_for_the_day_that_has_turned() -> None:
    async def test(running: Bench) -> None:
        running.journal.open.clear()
        asked = running.start_asking(deposit(1, 5))
        await running.settle()
        shown = asyncio.create_task(running.shard.read(encoder.encode(ShowAccount(1))))
        await running.settle()
        running.shard.turn(TODAY + timedelta(days=1))
        running.journal.open.set()
        assert decode_json((await shown)[1:])["business_date"] == str(TODAY + timedelta(days=1))
        await asked

    with_shard(test)


def test_nonsense_and_unknown_accounts_are_refusals() -> None:
    async def test(running: Bench) -> None:
        for query, code in ((b"\xc0", Code.MALFORMED), (encoder.encode(ShowAccount(2)), Code.ACCOUNT_UNKNOWN)):
            framed = await running.shard.read(query)
            assert framed[0] == 0
            assert decode_json(framed[1:])["code"] == code

    with_shard(test)


def test_an_account_that_breaks_an_invariant_is_refused_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("planted")

    async def test(running: Bench) -> None:
        monkeypatch.setattr("actors.reading.advance", broken)
        framed = await running.shard.read(encoder.encode(ShowAccount(1)))
        assert framed[0] == 0
        assert decode_json(framed[1:])["code"] == Code.ACCOUNT_SUSPENDED

    with_shard(test)
