"""Worlds in which everything goes wrong, one for each seed; and proof that a broken runtime would be noticed.

SEED=123 lives that one world and prints its history. WORLDS=5000 lives more of them than usual.
"""

import os
from collections import Counter
from functools import cache

import pytest

from core import events
from core.commands import Command
from core.rejections import Code
from tests.simulation.faults import TINY, Bounds, Fate, Faults, harsh, healed
from tests.simulation.planted import PLANTS, Plant
from tests.simulation.planted_before_loan import PLANTED_FAULTS, PLANTS_BEFORE_LOAN
from tests.simulation.world import World, simulate

SEED = os.environ.get("SEED")
SEEDS = [int(SEED)] if SEED else list(range(int(os.environ.get("WORLDS", "40"))))
TINY_SEEDS = range(6)
PLANTED_SEEDS = range(40)

DISASTERS = (
    *Fate,
    "answered from the record",
    "bank said failed",
    "bank said returned",
    "bank said succeeded",
    "asked again later",
    "asked twice at once",
    "call delivered twice",
    "call timed out",
    "call to a former owner",
    "day close failed",
    "day close killed",
    "day close resumed",
    "day closed",
    "fenced",
    "frozen",
    "gave money back",
    "leased",
    "leased too little",
    "outage",
    "period closed",
    "pool locked",
    "read",
    "reply lost",
    "request lost",
    "second owner",
    "shard killed",
    "shard started over",
    "silent source",
    "slow source",
    "start failed",
    "statement done, answer lost",
    "thawed",
    "treasury's answer lost",
    f"refused: {Code.OUTCOME_UNKNOWN}",
    f"refused: {Code.PERIOD_CLOSED}",
    f"refused: {Code.POOL_EXHAUSTED}",
    f"refused: {Code.REQUEST_ID_REUSED}",
    f"refused: {Code.RESTATEMENT_REFUSED}",
    f"refused: {Code.REVERSAL_LEAVES_SHORTFALL}",
)


@cache
def lived(seed: int, bounds: Bounds | None = None) -> World:
    """Live a world once for all tests that look at it."""
    return simulate(seed, bounds)


@pytest.mark.parametrize("seed", SEEDS)
def test_promises_are_kept_whatever_goes_wrong(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    if SEED:
        with capsys.disabled():
            world = simulate(seed, note=print)
    else:
        world = lived(seed)
    assert not world.auditor.failures, f"make sim SEED={seed}"


@pytest.mark.parametrize("seed", TINY_SEEDS)
def test_promises_are_kept_when_too_much_is_asked(seed: int) -> None:
    assert not lived(seed, TINY).auditor.failures


@pytest.mark.skipif(len(SEEDS) < 40, reason="a few worlds need not show everything")
def test_everything_happens_in_some_world() -> None:
    seen = sum((lived(seed).seen for seed in SEEDS), Counter[str]())
    kinds = [f"event {kind.__name__}" for kind in events.Event.__args__]
    done = [f"done {kind.__name__}" for kind in Command.__args__]
    assert not [what for what in (*DISASTERS, *kinds, *done) if not seen[what]]


def test_too_much_is_refused_in_a_tiny_world() -> None:
    assert any(lived(seed, TINY).seen[f"refused: {Code.OVERLOADED}"] for seed in TINY_SEEDS)


def test_a_seed_always_tells_the_same_story() -> None:
    assert simulate(7).history == simulate(7).history


ALL_PLANTS = (*PLANTS, *((plant, PLANTED_FAULTS) for plant in PLANTS_BEFORE_LOAN))


@pytest.mark.parametrize(("plant", "faults"), ALL_PLANTS, ids=[plant.__name__ for plant, _ in ALL_PLANTS])
def test_a_planted_bug_is_noticed(plant: Plant, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(simulate(seed, faults=faults).auditor.failures for seed in PLANTED_SEEDS)


@pytest.mark.parametrize("faults", [harsh(), healed(delay=0.5)], ids=["harsh", "slow"])
def test_nothing_is_noticed_without_a_planted_bug(faults: Faults) -> None:
    assert not any(simulate(seed, faults=faults).auditor.failures for seed in range(4))
