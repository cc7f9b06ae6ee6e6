"""Money leaves once, and every account hears what became of it, whatever fails in between."""

import os
from random import Random

import pytest

from actors.payout_orders import STUCK_TRIES, WATCH_FOR_SECONDS, OrderState
from actors.rail import RailAnswer, RailState
from tests.simulation.loop import run
from tests.simulation.payouts import PayoutWorld

DAY = 86_400.0
FIRST = int(os.environ.get("SEED", "0"))
SEEDS = range(FIRST, FIRST + (1 if "SEED" in os.environ else 20))


@pytest.fixture(autouse=True)
def days_pass_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens in most of the virtual days: look less often."""
    monkeypatch.setattr("actors.payer.IDLE_SECONDS", 120.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_order_is_paid_at_most_once_and_each_account_hears_the_last_word(seed: int) -> None:
    async def play() -> PayoutWorld:
        world = PayoutWorld(seed, Random(seed).choice((1, 7, 150)), trouble_seconds=3_600)
        await world.live(WATCH_FOR_SECONDS + 2 * DAY)
        return world

    world = run(play(), Random(seed))
    for number, order in world.orders.orders.items():
        progress, word = world.orders.progress[number], world.bank.last_word[number]
        assert progress.state == progress.told == word, number
        heard = world.accounts.heard[order.account, order.payout]
        assert heard == (["succeeded", "returned"] if word is RailState.RETURNED else [word.value])
        assert world.bank.paid[number] == (word is RailState.SUCCEEDED)


def test_an_order_that_the_bank_never_settles_is_listed_and_still_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> PayoutWorld:
        world = PayoutWorld(1, 1, trouble_seconds=0)
        monkeypatch.setattr(world.bank, "_settle", lambda number: None)
        await world.live(DAY)
        return world

    world = run(play())
    progress = world.orders.progress["1-1"]
    assert progress.state is OrderState.SENT
    assert progress.tries >= STUCK_TRIES
    assert world.orders.due["1-1"] < DAY + 3_600
    assert not world.accounts.heard


def test_a_bank_that_forgets_gets_a_young_order_again_and_an_old_one_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> PayoutWorld:
        world = PayoutWorld(1, 1, trouble_seconds=0)
        monkeypatch.setattr(world.bank, "_settle", lambda number: None)

        async def forgets(order_number: str) -> RailAnswer:
            return RailAnswer(RailState.NOT_FOUND)

        monkeypatch.setattr(world.bank, "query", forgets)
        await world.live(7 * DAY)
        submitted = world.bank.submitted["1-1"]
        await world.live(7 * DAY)
        assert world.bank.submitted["1-1"] <= submitted + 1
        return world

    world = run(play())
    assert world.bank.submitted["1-1"] > STUCK_TRIES
    assert "too old" in world.orders.progress["1-1"].reason


def test_an_account_that_refuses_makes_a_dispute_that_no_notice_ends() -> None:
    async def play() -> PayoutWorld:
        world = PayoutWorld(3, 1, trouble_seconds=0)
        world.accounts.heard[1, 1] = ["failed"]
        await world.live(DAY)
        return world

    world = run(play())
    assert world.orders.progress["1-1"].state is OrderState.DISPUTED
    assert world.orders.progress["1-1"].reason.startswith("the account refused")
