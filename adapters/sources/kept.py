"""Answers that were paid for, in Postgres: by the keyed hash of a person who has an account, and gone with them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from adapters.postgres.session import Session
from adapters.postgres.statements import statements
from adapters.sources.source import Answer, Dated

SQL: Final = statements("sources.sql")
_decode: Final = msgspec.json.Decoder(Answer).decode


class KeptAnswers:
    """Implements Kept."""

    def __init__(self, dsn: str) -> None:
        """Prepare to connect."""
        self._session = Session(dsn, "tenor-answers", {})

    async def recall(self, source: str, indexes: Iterable[str], after: date, until: date) -> dict[str, Dated]:
        """See Kept."""
        async with self._session.turn() as connection:
            rows = await connection.fetch(SQL["recall"], source, list(indexes), after, until)
        return {found_by: (_decode(body), answered_on) for found_by, body, answered_on in rows}

    async def keep(self, source: str, answers: Mapping[str, Answer], on: date) -> None:
        """See Kept."""
        bodies = [msgspec.json.encode(answer) for answer in answers.values()]
        async with self._session.turn() as connection:
            await connection.execute(SQL["keep"], source, on, list(answers), bodies)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()
