"""Sources on this machine: what they say of a person is a function of the person; they can be slow, and fail."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Final

from adapters.privacy.masking import PersonalData
from adapters.sources.source import Answer, NoAnswer, Source

_YUAN: Final = 100


def _bureau(lot: int) -> Answer:
    """Return a score from 550 to 850, most often near 700: the mean of two even lots."""
    return {"score": 550 + (lot % 151) + (lot // 151 % 151)}


def _income(lot: int) -> Answer:
    """Return 3,000.00 to 40,000.00 a month, most often little: the lesser of two even lots."""
    return {"monthly": (3_000 + min(lot % 37_001, lot // 37_001 % 37_001)) * _YUAN}


def _debtor_list(lot: int) -> Answer:
    """List one person in 80."""
    return {"listed": lot % 80 == 0}


def _sanctions(lot: int) -> Answer:
    """List one person in 2,000."""
    return {"listed": lot % 2_000 == 0}


def _device(lot: int) -> Answer:
    """Return a risk from 0 to 100, most often small."""
    return {"risk": (lot % 101) * (lot // 101 % 101) // 100}


ANSWERS: Final[Mapping[str, Callable[[int], Answer]]] = {
    "bureau": _bureau,
    "income": _income,
    "debtor_list": _debtor_list,
    "sanctions": _sanctions,
    "device": _device,
}


class Simulated:
    """A source that answers everybody, after a while if wanted, and fails for a share of its calls."""

    def __init__(self, name: str, latency_seconds: float = 0, faults_percent: int = 0) -> None:
        self.name = name
        self.asked = 0
        """Calls that would have been paid for."""
        self._answer = ANSWERS[name]
        self._latency_seconds = latency_seconds
        self._faults_percent = faults_percent

    def ask(self, index: str, _: object) -> Answer | Awaitable[Answer]:
        """Answer; whether a call fails depends on its number and on the person."""
        self.asked += 1
        answer = self._answer(_lot(self.name, index))
        if _lot(f"{self.name} {self.asked}", index) % 100 < self._faults_percent:
            raise NoAnswer(self.name)
        return self._later(answer) if self._latency_seconds else answer

    async def _later(self, answer: Answer) -> Answer:
        await asyncio.sleep(self._latency_seconds)
        return answer


class Known:
    """A source that knows what was written down, and of everybody else what another source says."""

    def __init__(self, answers: Mapping[str, Answer], otherwise: Source[PersonalData]) -> None:
        self.name = otherwise.name
        self._answers = answers
        self._otherwise = otherwise

    def ask(self, index: str, person: PersonalData) -> Answer | Awaitable[Answer]:
        """Answer what is known, or ask further."""
        known = self._answers.get(index)
        return self._otherwise.ask(index, person) if known is None else known


def _lot(name: str, index: str) -> int:
    """Return 64 bits that depend on a source and a person alone."""
    return int.from_bytes(blake2b(f"{name} {index}".encode(), digest_size=8).digest())
