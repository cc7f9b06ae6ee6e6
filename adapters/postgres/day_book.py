"""The book as the day close needs it, over one Postgres connection."""

from collections.abc import Sequence
from datetime import date, timedelta

from actors.day_close import Accrued
from adapters.postgres.book import book_accrual, cut, finish_close
from adapters.postgres.queries import SQL
from adapters.postgres.session import Session


class PostgresBook:
    """Implements actors.day_close.Book."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def business_date(self) -> date:
        """Return the open business date."""
        async with self._session.turn() as connection:
            found: date = await connection.fetchval(SQL["business_date"])
            return found

    async def unfinished(self) -> date | None:
        """Return the oldest day that was cut and whose close is not finished."""
        async with self._session.turn() as connection:
            found: date | None = await connection.fetchval(SQL["unfinished_close"])
            return found

    async def cut(self, day: date) -> None:
        """Open the next day if `day` is the open one."""
        async with self._session.turn() as connection:
            await cut(connection, day)

    async def finish(self, day: date, accounts: int, events: int) -> Sequence[Accrued]:
        """Book the accrual up to the end of `day`, once, and mark its close finished."""
        async with self._session.turn() as connection:
            # A night's interest belongs to the day before it: accrued up to the morning after, posted on the day.
            entries = await book_accrual(connection, day, day + timedelta(days=1))
            await finish_close(connection, day, accounts, events)
        return [
            Accrued(
                entry.currency,
                entry.product,
                entry.interest,
                entry.penalty,
                entry.loans,
                entry.interest_suspended + entry.penalty_suspended,
            )
            for entry in entries
        ]
