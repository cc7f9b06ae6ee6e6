"""An event loop in virtual time: nothing waits, and a seed may order what is ready at the same moment."""

import asyncio
from asyncio.base_events import BaseEventLoop
from collections import deque
from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

Result = TypeVar("Result")


class Deadlock(Exception):
    """Nothing is ready and no timer runs: everybody waits for somebody else."""


class VirtualLoop(BaseEventLoop):
    """Jumps to the next timer when nothing is ready; has no files, sockets or threads."""

    _ready: "deque[asyncio.Handle]"

    def __init__(self, random: Random | None) -> None:
        super().__init__()
        self._now = 0.0
        self._random = random
        # The base class asks its selector once a round; this loop is its own.
        self._selector = self

    def time(self) -> float:
        """Return virtual seconds."""
        return self._now

    def select(self, timeout: float | None) -> list[object]:
        """Shuffle what is ready, if chance is given, or let time pass up to the next timer."""
        if timeout is None:
            raise Deadlock
        self._now += timeout
        if self._random is not None and len(self._ready) > 1:
            ready = list(self._ready)
            self._random.shuffle(ready)
            self._ready.clear()
            self._ready.extend(ready)
        return []

    def _process_events(self, events: list[object]) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


class VirtualClock:
    """Implements actors.protocols.Clock in virtual time."""

    def monotonic(self) -> float:
        """Return virtual seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def run(main: Coroutine[Any, Any, Result], random: Random | None = None) -> Result:
    """Run to the end in virtual time; what still runs then is cancelled."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(random)) as runner:
        return runner.run(main)
