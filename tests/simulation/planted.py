"""Bugs to plant in the runtime; a simulation that lets one of them pass proves nothing."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from msgspec.msgpack import encode
from msgspec.structs import replace

from accounting.journalize import Posting, journalize
from actors import staging
from actors.flight import Work
from actors.memory import Accounts, RecentRequests
from actors.rows import Claim, GroupCommit
from actors.shard import Shard
from actors.walk import Walk
from adapters import memory_journal
from adapters.memory_journal import Disk, MemoryJournal
from core.events import Event
from tests.simulation.faults import Faults, harsh, healed

Plant = Callable[[pytest.MonkeyPatch], None]
_execute = Shard._execute
_check = memory_journal._check


def answers_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Reply as soon as a batch is executed."""

    async def hasty(self: Shard, work: Work) -> None:
        await _execute(self, work)
        if not work.done.done():
            work.done.set_result(encode(work.replies))

    patch.setattr(Shard, "_execute", hasty)


def commits_under_any_epoch(patch: pytest.MonkeyPatch) -> None:
    """Let former owners write."""

    def unfenced(disk: Disk, claim: Claim, commit: GroupCommit) -> None:
        _check(disk, replace(claim, epoch=disk.epochs[claim.shard]), commit)

    patch.setattr(memory_journal, "_check", unfenced)


def forgets_what_was_asked(patch: pytest.MonkeyPatch) -> None:
    """Keep no request keys."""

    async def nothing(*_: Any) -> dict[bytes, Any]:
        return {}

    def unkeyed(disk: Disk, claim: Claim, commit: GroupCommit) -> None:
        _check(disk, claim, replace(commit, requests=[]))

    patch.setattr(RecentRequests, "get", lambda *_: None)
    patch.setattr(MemoryJournal, "recorded", nothing)
    patch.setattr(memory_journal, "_check", unkeyed)


def shows_what_is_not_durable(patch: pytest.MonkeyPatch) -> None:
    """Answer reads without waiting for the commit."""

    async def at_once(self: Shard) -> int:
        return 0

    patch.setattr(Shard, "flushed", at_once)


def keeps_its_memory_after_a_lost_commit(patch: pytest.MonkeyPatch) -> None:
    """Start over with what was never written."""
    patch.setattr(Accounts, "clear", lambda _: None)


def believes_to_be_the_owner(patch: pytest.MonkeyPatch) -> None:
    """Never ask whether somebody else took over."""

    async def always(*_: Any) -> bool:
        return True

    patch.setattr(MemoryJournal, "holds", always)


def walks_only_one_slice(patch: pytest.MonkeyPatch) -> None:
    """Leave what a full slice left over."""
    patch.setattr(Walk, "worked", lambda *_: None)


def walks_before_the_cut_is_durable(patch: pytest.MonkeyPatch) -> None:
    """Look for due work while commits of the day before are in flight."""
    patch.setattr(Shard, "_slice_after", lambda _: 0)


def closes_without_walking(patch: pytest.MonkeyPatch) -> None:
    """Call a walk done at once."""
    patch.setattr(Shard, "walked", lambda self: (self.on, True, 0, 0))


def posts_one_side(patch: pytest.MonkeyPatch) -> None:
    """Lose the last line of each entry."""

    def halved(event: Event) -> Sequence[Posting]:
        return journalize(event)[:-1]

    patch.setattr(staging, "journalize", halved)


def posts_on_the_day_before(patch: pytest.MonkeyPatch) -> None:
    """Do not turn the day for live commands."""

    def late(self: Shard, on: date) -> None:
        self._walk.begin(on, frozenset())

    patch.setattr(Shard, "turn", late)
    patch.setattr(Shard, "walked", lambda self: (self._walk.on, True, 0, 0))


PLANTS: tuple[tuple[Plant, Faults], ...] = (
    (answers_before_the_commit, harsh()),
    (commits_under_any_epoch, harsh()),
    (forgets_what_was_asked, harsh()),
    (shows_what_is_not_durable, harsh()),
    (keeps_its_memory_after_a_lost_commit, harsh()),
    (believes_to_be_the_owner, harsh()),
    (walks_only_one_slice, harsh()),
    (walks_before_the_cut_is_durable, healed(delay=0.5)),
    (closes_without_walking, harsh()),
    (posts_one_side, harsh()),
    (posts_on_the_day_before, harsh()),
)
"""Each with the faults under which it shows."""
