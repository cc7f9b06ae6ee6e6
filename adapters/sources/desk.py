"""One source: what it answered before, who asks it now, and when it is left alone."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, Generic

from adapters.sources.source import Answer, Asked, Dated, Line

CACHE_MAX: Final = 20_000
"""Answers remembered for each source; the oldest go first."""
FAILURES_MAX: Final = 10
"""Failures in a row, with no answer between them, after which a source is left alone; one timeout counts as many."""

_log = logging.getLogger("tenor.sources")


class Desk(Generic[Asked]):
    """Asks one source, a bounded number of questions at a time."""

    def __init__(self, line: Line[Asked]) -> None:
        self.name = line.source.name
        self._line = line
        self._cache: dict[str, Dated] = {}
        self._failures = 0
        self._rests_until = float("-inf")

    async def ask(self, questions: Mapping[str, Asked], on: date) -> dict[str, Dated]:
        """Return the answers that there are, each with its day, within the source's time."""
        found = {index: known for index in questions if (known := self._remembered(index, on)) is not None}
        found |= await self._recalled([index for index in questions if index not in found], on)
        asked = {index: each for index, each in questions.items() if index not in found}
        loop = asyncio.get_running_loop()
        if not asked or loop.time() < self._rests_until:
            return found
        fresh: dict[str, Answer] = {}
        in_time = await self._ask_all(asked, fresh)
        self._judge(bool(fresh), len(asked) - len(fresh) if in_time else FAILURES_MAX, loop.time())
        for index, answer in fresh.items():
            found[index] = (answer, on)
            self._remember(index, found[index])
        await self._keep(fresh, on)
        return found

    async def _ask_all(self, asked: Mapping[str, Asked], fresh: dict[str, Answer]) -> bool:
        """Ask until all have answered or the time is over; return whether all could be asked in time."""
        queue = iter(asked.items())
        # An answer given at once suspends nobody: then the first worker empties the queue.
        workers = [
            asyncio.create_task(self._work(queue, fresh)) for _ in range(min(self._line.in_flight_max, len(asked)))
        ]
        try:
            _, late = await asyncio.wait(workers, timeout=self._line.timeout_seconds)
        finally:
            for worker in workers:
                worker.cancel()
        return not late

    async def _work(self, queue: Iterator[tuple[str, Asked]], fresh: dict[str, Answer]) -> None:
        for index, asked in queue:
            try:
                said = self._line.source.ask(index, asked)
                answer = said if isinstance(said, dict) else await said
            except Exception:  # whatever a source does wrong, it gave no answer
                continue
            if isinstance(answer, dict):
                fresh[index] = answer

    async def _recalled(self, indexes: list[str], on: date) -> dict[str, Dated]:
        """Return what was answered before this process began, and remember it."""
        if not indexes or self._line.kept is None or not self._line.reuse_days:
            return {}
        try:
            after = on - timedelta(days=self._line.reuse_days)
            known = await self._line.kept.recall(self.name, indexes, after, on)
        except Exception as error:  # then it is asked for again
            _log.warning("answers of %s cannot be read: %s", self.name, error)
            return {}
        for index, dated in known.items():
            self._remember(index, dated)
        return known

    async def _keep(self, fresh: Mapping[str, Answer], on: date) -> None:
        if not fresh or self._line.kept is None or not self._line.reuse_days:
            return
        try:
            await self._line.kept.keep(self.name, fresh, on)
        except Exception as error:  # then it is paid for again after a restart
            _log.warning("answers of %s cannot be kept: %s", self.name, error)

    def _judge(self, answered: bool, failures: int, now: float) -> None:
        """Leave a source alone that only fails."""
        self._failures = 0 if answered else self._failures + failures
        if self._failures >= FAILURES_MAX:
            self._failures = 0
            self._rests_until = now + self._line.rest_seconds

    def _remembered(self, index: str, on: date) -> Dated | None:
        known = self._cache.get(index)
        return known if known is not None and 0 <= (on - known[1]).days < self._line.reuse_days else None

    def _remember(self, index: str, dated: Dated) -> None:
        if not self._line.reuse_days:
            return
        self._cache.pop(index, None)
        self._cache[index] = dated
        if len(self._cache) > CACHE_MAX:
            del self._cache[next(iter(self._cache))]
