"""Closing days: cut, walk, book; resumed wherever it was left, and each step done once."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from actors.day_close import DAYS_MAX, Accrued, DayClose, DayCloseReport, Progress
from actors.protocols import ShardUnavailable
from core.rejections import Code, Rejection
from tests.simulation.loop import VirtualClock, run

TODAY = date(2026, 3, 2)
TOMORROW = TODAY + timedelta(days=1)


class MemoryBook:
    """A book's calendar."""

    def __init__(self, log: list[str], cut_and_not_finished: Sequence[date] = ()) -> None:
        self.log = log
        self.open = TODAY
        self.cuts = list(cut_and_not_finished)

    async def business_date(self) -> date:
        return self.open

    async def unfinished(self) -> date | None:
        return min(self.cuts, default=None)

    async def cut(self, day: date) -> None:
        if self.open == day:
            self.log.append(f"cut {day}")
            self.open += timedelta(days=1)
            self.cuts.append(day)

    async def finish(self, day: date, accounts: int, events: int) -> Sequence[Accrued]:
        if day not in self.cuts:
            return []
        self.log.append(f"finish {day}")
        self.cuts.remove(day)
        return [Accrued("CNY", "loan", 10, -1, 7), Accrued("CNY", "card", 1, 0, 2)]


class SlowShards:
    """Two shards; each needs a few questions until its walk is done."""

    count = 2

    def __init__(self, log: list[str], questions: int = 2) -> None:
        self.log = log
        self.questions = questions
        self.on = [TODAY, TODAY]
        self.left = [0, 0]
        self.gone = 0

    async def turn(self, shard: int, on: date) -> Progress:
        if self.gone:
            self.gone -= 1
            raise ShardUnavailable
        if on > self.on[shard]:
            self.log.append(f"turn {shard} to {on}")
            self.on[shard], self.left[shard] = on, self.questions
        self.left[shard] -= 1
        return Progress(self.on[shard], self.left[shard] <= 0, 3, 5)


def close(book: MemoryBook, shards: SlowShards, through: date | None = None) -> DayCloseReport | Rejection:
    return run(DayClose(book, shards, VirtualClock()).close(through))


def test_a_day_is_cut_then_walked_by_all_shards_then_booked() -> None:
    log: list[str] = []
    report = close(MemoryBook(log), SlowShards(log))
    assert log == [f"cut {TODAY}", f"turn 0 to {TOMORROW}", f"turn 1 to {TOMORROW}", f"finish {TODAY}"]
    assert isinstance(report, DayCloseReport)
    assert (report.business_date, report.opened, report.days) == (TODAY, TOMORROW, 1)
    assert (report.accounts, report.events) == (6, 10)
    assert report.seconds > 0


def test_missed_days_are_closed_one_after_the_other_and_summed() -> None:
    log: list[str] = []
    report = close(MemoryBook(log), SlowShards(log), through=TODAY + timedelta(days=2))
    assert [line for line in log if "finish" in line] == [f"finish {TODAY + timedelta(day)}" for day in range(3)]
    assert isinstance(report, DayCloseReport)
    assert (report.days, report.accounts) == (3, 18)
    assert report.accrued == [Accrued("CNY", "card", 3, 0, 2), Accrued("CNY", "loan", 30, -3, 7)]


def test_a_close_left_half_done_is_resumed() -> None:
    log: list[str] = []
    book = MemoryBook(log, cut_and_not_finished=[TODAY - timedelta(days=1)])
    report = close(book, SlowShards(log))
    assert isinstance(report, DayCloseReport)
    assert log[-1] == f"finish {TODAY - timedelta(days=1)}"
    assert (report.business_date, report.opened, book.open) == (TODAY - timedelta(days=1), TODAY, TODAY)


@pytest.mark.parametrize("milliseconds", range(0, 200, 20))
def test_a_close_killed_anywhere_does_each_step_once(milliseconds: int) -> None:
    log: list[str] = []
    book, shards = MemoryBook(log), SlowShards(log, questions=4)

    async def main() -> None:
        killed = asyncio.create_task(DayClose(book, shards, VirtualClock()).close(None))
        await asyncio.sleep(milliseconds / 1000)
        if not killed.cancel():
            return
        await DayClose(book, shards, VirtualClock()).close(None)

    run(main())
    assert log == [f"cut {TODAY}", f"turn 0 to {TOMORROW}", f"turn 1 to {TOMORROW}", f"finish {TODAY}"]


def test_two_operators_close_a_day_once() -> None:
    log: list[str] = []
    book, shards = MemoryBook(log), SlowShards(log)

    async def main() -> None:
        await asyncio.gather(*(DayClose(book, shards, VirtualClock()).close(TODAY) for _ in range(2)))

    run(main())
    assert log.count(f"cut {TODAY}") == log.count(f"finish {TODAY}") == 1


def test_a_shard_that_is_gone_is_asked_again() -> None:
    log: list[str] = []
    shards = SlowShards(log)
    shards.gone = 5
    assert isinstance(close(MemoryBook(log), shards), DayCloseReport)
    assert log[-1] == f"finish {TODAY}"


@pytest.mark.parametrize("days", [-1, DAYS_MAX])
def test_closed_days_and_far_ones_are_refused(days: int) -> None:
    log: list[str] = []
    refused = close(MemoryBook(log), SlowShards(log), through=TODAY + timedelta(days=days))
    assert isinstance(refused, Rejection)
    assert refused.code is Code.DAY_CLOSED
    assert log == []


def test_progress_is_told_on_the_way() -> None:
    told: list[tuple[date, int, int]] = []
    close_day = DayClose(MemoryBook([]), SlowShards([]), VirtualClock())
    run(close_day.close(None, lambda *step: told.append(step)))
    assert told == [(TODAY, 6, 10)] * 2
