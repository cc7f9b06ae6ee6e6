"""What is asked of outside sources, how long it takes, what is paid for twice, and what is said to be missing."""

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from actors.protocols import JournalUnavailable
from adapters.privacy.masking import PersonalData
from adapters.settings import SourceName, SourceSettings
from adapters.sources import desk
from adapters.sources.lines import lines
from adapters.sources.simulated import ANSWERS, Simulated
from adapters.sources.source import Answer, Dated, Line, NoAnswer
from adapters.sources.sources import Asking, Sources
from core.origination.lender import Findings
from tests.simulation.loop import run

TODAY = date(2026, 3, 2)
WHO = PersonalData("Li Hua", "P-1234", "13800138000", date(1980, 1, 1))
PEOPLE: list[Asking] = [(account, f"person {account}", WHO) for account in range(1, 101)]
ONE = PEOPLE[:1]


class Bureau:
    """A source that takes its time, fails when told to, and counts."""

    name = "bureau"

    def __init__(self, seconds: float = 0.1) -> None:
        self.seconds = seconds
        self.wrong: Exception | None = None
        self.asked: list[str] = []
        self.together = 0
        self.most_together = 0

    async def ask(self, index: str, person: PersonalData) -> Answer:
        self.asked.append(index)
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.together -= 1
        if self.wrong is not None:
            raise self.wrong
        return {"score": 700}


def simulated(**how: Any) -> tuple[Line[PersonalData], ...]:
    """Return all sources, simulated in one way."""
    names: list[SourceName] = ["bureau", "income", "debtor_list", "sanctions", "device"]
    return lines(dict.fromkeys(names, SourceSettings(**how)))


def bureau_of(source: Bureau, reuse_days: int = 0) -> Sources:
    """Return sources with one that is asked with short patience."""
    return Sources([Line(source=source, timeout_seconds=1, in_flight_max=10, rest_seconds=60, reuse_days=reuse_days)])


async def seconds_of(gathering: Awaitable[dict[int, Findings]]) -> tuple[float, dict[int, Findings]]:
    """Return how long it took, and what was found."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    found = await gathering
    return round(loop.time() - begun, 6), found


def missing(found: dict[int, Findings]) -> int:
    """Return for how many people something is missing."""
    return sum(bool(each.missing) for each in found.values())


def test_all_sources_are_asked_at_the_same_time() -> None:
    async def test() -> None:
        took, found = await seconds_of(Sources(simulated(latency=0.2)).gather(ONE, TODAY))
        assert took == 0.2
        assert found[1].answers.keys() == ANSWERS.keys()
        assert found[1].as_of == dict.fromkeys(ANSWERS, TODAY)
        assert not found[1].missing

    run(test())


def test_no_more_questions_are_in_flight_than_the_source_allows() -> None:
    async def test() -> None:
        source = Bureau(seconds=0.05)
        took, found = await seconds_of(bureau_of(source).gather(PEOPLE, TODAY))
        assert (source.most_together, len(source.asked), took, missing(found)) == (10, 100, 0.5, 0)

    run(test())


def test_who_is_not_answered_in_time_has_a_missing_source_and_everybody_else_goes_on() -> None:
    async def test() -> None:
        source = Bureau(seconds=0.3)
        took, found = await seconds_of(bureau_of(source).gather(PEOPLE, TODAY))
        assert took == 1
        assert missing(found) == 70
        assert {each.missing for each in found.values()} == {(), ("bureau",)}
        assert found[100] == Findings({}, ("bureau",), {})
        assert source.together == 0

    run(test())


def test_a_dead_source_costs_one_timeout_and_is_then_left_alone_for_its_rest() -> None:
    async def test() -> None:
        source = Bureau(seconds=1e9)
        sources = bureau_of(source)
        waits = []
        for _ in range(7):
            waits.append((await seconds_of(sources.gather(PEOPLE, TODAY)))[0])
            await asyncio.sleep(15)
        assert waits == [1, 0, 0, 0, 1, 0, 0]
        assert len(source.asked) == 20

    run(test())


def test_a_source_that_comes_back_is_asked_again_after_its_rest() -> None:
    async def test() -> None:
        source = Bureau(seconds=1e9)
        sources = bureau_of(source)
        assert missing(await sources.gather(ONE, TODAY)) == 1
        source.seconds = 0.1
        await asyncio.sleep(59)
        assert missing(await sources.gather(ONE, TODAY)) == 1
        await asyncio.sleep(2)
        assert missing(await sources.gather(ONE, TODAY)) == 0

    run(test())


def test_a_source_that_only_fails_is_left_alone_after_a_few_failures() -> None:
    async def test() -> None:
        source = Bureau()
        source.wrong = ConnectionError("refused")
        sources = bureau_of(source)
        for _ in range(desk.FAILURES_MAX + 5):
            assert missing(await sources.gather(ONE, TODAY)) == 1
        assert len(source.asked) == desk.FAILURES_MAX

    run(test())


def test_a_failure_now_and_then_does_not_stop_the_asking() -> None:
    async def test() -> None:
        source = Bureau()
        sources = bureau_of(source)
        for number in range(50):
            source.wrong = NoAnswer() if number % 5 else None
            await sources.gather(ONE, TODAY)
        assert len(source.asked) == 50

    run(test())


def test_one_source_that_is_dead_takes_nothing_from_the_others() -> None:
    async def test() -> None:
        others = [line for line in simulated() if line.source.name != "bureau"]
        sources = Sources([*others, Line(source=Bureau(seconds=1e9))])
        found = await sources.gather(PEOPLE, TODAY)
        assert all(each.missing == ("bureau",) and len(each.answers) == 4 for each in found.values())

    run(test())


def test_whatever_a_source_answers_wrongly_is_no_answer() -> None:
    class Broken:
        name = "bureau"

        def ask(self, index: str, person: PersonalData) -> Any:
            return "busy"

    async def test() -> None:
        assert missing(await Sources([Line(source=Broken())]).gather(PEOPLE, TODAY)) == 100

    run(test())


@pytest.mark.parametrize(("reuse_days", "asked"), [(0, 4), (1, 3), (2, 2), (30, 1)])
def test_a_paid_answer_is_used_again_for_as_many_days_as_it_may(reuse_days: int, asked: int) -> None:
    async def test() -> None:
        source = Bureau()
        sources = bureau_of(source, reuse_days)
        for days in (0, 0, 1, 2):
            found = await sources.gather(ONE, TODAY + timedelta(days))
            assert not found[1].missing
        assert len(source.asked) == asked
        assert found[1].as_of["bureau"] == TODAY + timedelta({0: 2, 1: 2, 2: 2, 30: 0}[reuse_days])

    run(test())


def test_what_is_remembered_is_used_while_the_source_is_dead() -> None:
    async def test() -> None:
        source = Bureau()
        sources = bureau_of(source, reuse_days=30)
        await sources.gather(ONE, TODAY)
        source.seconds = 1e9
        assert missing(await sources.gather(PEOPLE, TODAY)) == 99
        assert missing(await sources.gather(ONE, TODAY)) == 0

    run(test())


def test_an_answer_of_a_later_day_is_not_used_for_an_earlier_one() -> None:
    async def test() -> None:
        source = Bureau()
        sources = bureau_of(source, reuse_days=30)
        await sources.gather(ONE, TODAY)
        found = await sources.gather(ONE, TODAY - timedelta(1))
        assert (len(source.asked), found[1].as_of["bureau"]) == (2, TODAY - timedelta(1))

    run(test())


def test_no_failure_is_remembered() -> None:
    async def test() -> None:
        source = Bureau()
        sources = bureau_of(source, reuse_days=30)
        source.wrong = NoAnswer()
        assert missing(await sources.gather(ONE, TODAY)) == 1
        source.wrong = None
        assert missing(await sources.gather(ONE, TODAY)) == 0

    run(test())


def test_memory_is_bounded_and_the_oldest_answers_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "CACHE_MAX", 60)

    async def test() -> None:
        source = Bureau(seconds=0)
        sources = bureau_of(source, reuse_days=30)
        await sources.gather(PEOPLE, TODAY)
        await sources.gather(PEOPLE[-60:], TODAY)
        assert len(source.asked) == 100
        await sources.gather(PEOPLE[:40], TODAY)
        assert len(source.asked) == 140

    run(test())


def test_a_person_with_two_accounts_in_a_batch_is_asked_about_once() -> None:
    async def test() -> None:
        source = Bureau()
        found = await bureau_of(source).gather([(1, "same person", WHO), (2, "same person", WHO)], TODAY)
        assert source.asked == ["same person"]
        assert found[1] == found[2]

    run(test())


def findings(asked: Iterable[Line[PersonalData]]) -> dict[int, Findings]:
    """Return what sources say of everybody."""
    return run(Sources(asked).gather(PEOPLE, TODAY))


def test_a_simulated_source_says_the_same_of_the_same_person_fast_or_slow() -> None:
    assert findings(simulated()) == findings(simulated(latency=0.1))


def test_simulated_people_differ() -> None:
    said = [each.answers for each in findings(simulated()).values()]
    scores = [each["bureau"]["score"] for each in said]
    assert 550 <= min(scores) < 640
    assert 760 < max(scores) <= 850
    assert {type(each["income"]["monthly"]) for each in said} == {int}
    assert len({each["device"]["risk"] for each in said}) > 20
    listed = [Simulated("debtor_list").ask(str(number), WHO) for number in range(8_000)]
    assert 60 < sum(each == {"listed": True} for each in listed) < 140


def test_a_simulated_source_fails_for_the_share_it_is_told_and_says_so_the_same_way_again() -> None:
    found = findings(simulated(faults=10))
    assert 25 < sum(len(each.missing) for each in found.values()) < 80
    assert found == findings(simulated(faults=10))


def test_what_is_written_down_of_a_person_goes_over_what_is_simulated(tmp_path: Path) -> None:
    written = {"person 1": {"bureau": {"score": 611}, "income": {"monthly": 500_000}}}
    (tmp_path / "people.json").write_text(json.dumps(written))
    found, plain = findings(lines({}, tmp_path / "people.json")), findings(simulated())
    assert found[1].answers == plain[1].answers | written["person 1"]
    assert found[2] == plain[2]


def test_nobody_is_asked_about_somebody_who_cannot_be_read() -> None:
    async def test() -> None:
        source = Bureau()
        found = await bureau_of(source).gather([(1, "person 1", None)], TODAY)
        assert (found[1].missing, source.asked) == (("bureau",), [])

    run(test())


class Shelf:
    """Implements Kept, in memory; may be away."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Dated] = {}
        self.away = False

    async def recall(self, source: str, indexes: Iterable[str], after: date, until: date) -> dict[str, Dated]:
        if self.away:
            raise JournalUnavailable("away")
        found = {index: self.kept[source, index] for index in indexes if (source, index) in self.kept}
        return {index: dated for index, dated in found.items() if after < dated[1] <= until}

    async def keep(self, source: str, answers: Mapping[str, Answer], on: date) -> None:
        if self.away:
            raise JournalUnavailable("away")
        self.kept.update({(source, index): (answer, on) for index, answer in answers.items()})


def after_a_restart(shelf: Shelf, source: Bureau, reuse_days: int = 30) -> Sources:
    """Return sources that remember nothing themselves."""
    return Sources([Line(source=source, reuse_days=reuse_days, kept=shelf)])


@pytest.mark.parametrize(("reuse_days", "asked"), [(0, 3), (1, 3), (9, 2), (10, 1)])
def test_what_was_paid_for_before_a_restart_is_used_for_as_many_days(reuse_days: int, asked: int) -> None:
    async def test() -> None:
        shelf, source = Shelf(), Bureau()
        for days in (0, 8, 9):
            found = await after_a_restart(shelf, source, reuse_days).gather(ONE, TODAY + timedelta(days))
            assert not found[1].missing
        assert len(source.asked) == asked
        assert bool(shelf.kept) is bool(reuse_days)

    run(test())


def test_where_nothing_can_be_kept_everything_is_asked_all_the_same() -> None:
    async def test() -> None:
        shelf, source = Shelf(), Bureau()
        shelf.away = True
        assert missing(await after_a_restart(shelf, source).gather(PEOPLE, TODAY)) == 0
        assert missing(await after_a_restart(shelf, source).gather(PEOPLE, TODAY)) == 0
        assert len(source.asked) == 200

    run(test())
