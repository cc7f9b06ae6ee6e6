"""What may go wrong in a world, drawn by its seed: each world has its own mix."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from random import Random
from unittest.mock import patch

from msgspec import Struct, convert, structs

from actors import memory, router, shard, walk


class Fate(StrEnum):
    """What becomes of a commit."""

    COMMITTED = "committed"
    REFUSED = "commit refused, journal unavailable"
    LOST = "commit lost, outcome unknown"
    REPLY_LOST = "committed, outcome unknown"
    LATE = "outcome unknown, commit still on its way"
    TAKEN = "request taken"


class Faults(Struct):
    """Chances of each fault, and mean seconds between disasters (0: never)."""

    commits: dict[Fate, float]
    """Weights."""
    read_failure: float
    request_lost: float
    reply_lost: float
    delivered_twice: float
    to_former_owner: float
    read_from_former_owner: float
    kill: float
    second_owner: float
    freeze: float
    outage: float
    close_killed: float
    delay: float
    """Longest delay of a message or a statement, in seconds."""


def draw_faults(random: Random) -> Faults:
    """Draw a mix; about half of the faults are left out."""

    def maybe(value: float) -> float:
        return value * random.random() if random.random() < 0.6 else 0.0

    return Faults(
        commits={Fate.COMMITTED: 1.0} | {fate: maybe(0.2) for fate in Fate if fate is not Fate.COMMITTED},
        read_failure=maybe(0.02),
        request_lost=maybe(0.2),
        reply_lost=maybe(0.2),
        delivered_twice=maybe(0.3),
        to_former_owner=maybe(1.0),
        read_from_former_owner=maybe(1.0),
        kill=maybe(20.0),
        second_owner=maybe(20.0),
        freeze=maybe(20.0),
        outage=maybe(30.0),
        close_killed=maybe(6.0),
        delay=random.choice((0.001, 0.02, 0.3)),
    )


def harsh() -> Faults:
    """Slow messages, lost commits and many owners: what a planted bug needs to show."""
    return Faults(
        commits={Fate.COMMITTED: 1.0, Fate.LOST: 0.1, Fate.REPLY_LOST: 0.1, Fate.LATE: 0.1},
        read_failure=0.0,
        request_lost=0.02,
        reply_lost=0.05,
        delivered_twice=0.05,
        to_former_owner=0.1,
        read_from_former_owner=0.9,
        kill=15.0,
        second_owner=4.0,
        freeze=10.0,
        outage=0.0,
        close_killed=0.0,
        delay=0.1,
    )


def healed(delay: float = 0.01) -> Faults:
    """Nothing goes wrong any more, it only takes its time."""
    nothing = dict.fromkeys((field.name for field in structs.fields(Faults)), 0.0)
    return convert(nothing | {"commits": {Fate.COMMITTED: 1.0}, "delay": delay}, Faults)


class Bounds(Struct, frozen=True):
    """Sizes of batches, slices, queues and caches."""

    batch: int
    blob: int
    inbox: int
    waiting: int
    slice: int
    slots_at_once: int
    accounts: int
    requests: int


ROOMY = Bounds(
    batch=2_000, blob=500, inbox=20_000, waiting=10_000, slice=500, slots_at_once=512, accounts=99, requests=999
)
SMALL = Bounds(batch=4, blob=3, inbox=40, waiting=40, slice=2, slots_at_once=512, accounts=32, requests=40)
TINY = Bounds(batch=2, blob=2, inbox=7, waiting=8, slice=3, slots_at_once=1_024, accounts=32, requests=20)
"""So narrow that commands are refused as too many."""


@contextmanager
def bounded(bounds: Bounds) -> Iterator[None]:
    """Give the runtime these bounds for a while."""
    with ExitStack() as stack:
        for module, name, value in (
            (shard, "BATCH_MAX", bounds.batch),
            (shard, "INBOX_MAX", bounds.inbox),
            (router, "BLOB_COMMANDS", bounds.blob),
            (router, "WAITING_MAX", bounds.waiting),
            (walk, "SLICE", bounds.slice),
            (walk, "_SLOTS_AT_ONCE", bounds.slots_at_once),
        ):
            stack.enter_context(patch.object(module, name, value))
        stack.enter_context(patch.object(memory.Accounts.__init__, "__defaults__", (bounds.accounts,)))
        stack.enter_context(patch.object(memory.RecentRequests.__init__, "__defaults__", (bounds.requests,)))
        yield
