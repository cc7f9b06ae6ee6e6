"""What is brought back when it dies: a watch for each kind of process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

WATCH_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 1.0

Revive = Callable[[], Awaitable[bool]]
"""Start again what has ended; returns whether there was any. It may raise: it is told, and tried again."""


class Watches:
    """Watches that run until they are ended, each on its own, so that a slow start holds up no other."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, revive: Revive) -> None:
        """Look after something from now on."""
        self._tasks.append(asyncio.create_task(self._watch(name, revive)))

    async def end(self) -> None:
        """Watch no more. A revival that is under way is waited for, so that it leaves nothing behind."""
        self._ending.set()
        await asyncio.gather(*self._tasks)

    async def _watch(self, name: str, revive: Revive) -> None:
        pause = WATCH_SECONDS
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)
                return
            try:
                if await revive():
                    self._progress(f"{name} had ended and runs again")
                pause = WATCH_SECONDS
            except Exception as error:
                self._progress(f"{name} has ended and does not start yet: {error}")
                pause = RETRY_SECONDS
