"""The real clock."""

import asyncio
import time


class MonotonicClock:
    """Implements actors.protocols.Clock."""

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
