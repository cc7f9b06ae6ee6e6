"""All sources together: what they say of the people in a batch."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from adapters.privacy.masking import PersonalData
from adapters.sources.desk import Desk
from adapters.sources.source import Dated, Line
from core.origination.lender import Findings

Asking = tuple[int, str, PersonalData | None]
"""Account, keyed hash of the identity number, and who it is."""


class Sources:
    """Asks all sources at the same time. Raises nothing: what gives no answer in time is named as missing."""

    def __init__(self, lines: Iterable[Line[PersonalData]]) -> None:
        self._desks = tuple(Desk(line) for line in lines)

    async def gather(self, people: Sequence[Asking], on: date) -> dict[int, Findings]:
        """Return findings by account. Nobody is asked about a person who cannot be read just now."""
        questions = {index: person for _, index, person in people if person is not None}
        said = await asyncio.gather(*(desk.ask(questions, on) for desk in self._desks))
        heard = [(desk.name, answers) for desk, answers in zip(self._desks, said, strict=True)]
        return {account: _findings(index, heard) for account, index, _ in people}


def _findings(index: str, heard: Sequence[tuple[str, dict[str, Dated]]]) -> Findings:
    answers, as_of, missing = {}, {}, []
    for name, said in heard:
        if (dated := said.get(index)) is None:
            missing.append(name)
        else:
            answers[name], as_of[name] = dated
    return Findings(answers, tuple(missing), as_of)
