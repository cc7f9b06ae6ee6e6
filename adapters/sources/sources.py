"""All sources together: what they say of the people in a batch."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from adapters.sources.desk import Dated, Desk
from adapters.sources.source import Line
from core.origination.lender import Findings


class Sources:
    """Asks all sources at the same time. Raises nothing: what gives no answer in time is named as missing."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._desks = tuple(Desk(line) for line in lines)

    async def gather(self, people: Sequence[tuple[int, str]], on: date) -> dict[int, Findings]:
        """Return findings by account; people are (account, keyed hash of the identity number)."""
        indexes = dict.fromkeys(index for _, index in people)
        said = await asyncio.gather(*(desk.ask(indexes, on) for desk in self._desks))
        heard = [(desk.name, answers) for desk, answers in zip(self._desks, said, strict=True)]
        return {account: _findings(index, heard) for account, index in people}


def _findings(index: str, heard: Sequence[tuple[str, dict[str, Dated]]]) -> Findings:
    answers, as_of, missing = {}, {}, []
    for name, said in heard:
        if (dated := said.get(index)) is None:
            missing.append(name)
        else:
            answers[name], as_of[name] = dated
    return Findings(answers, tuple(missing), as_of)
