"""The register of sealed personal data in Postgres: who somebody is, who has a number, and new keys for old rows."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from actors.rows import SecretRow
from adapters.postgres.session import Session
from adapters.postgres.statements import statements
from adapters.privacy.keyring import Keyring, KeyringError, key_of
from adapters.privacy.masking import PersonalData
from adapters.privacy.sealing import people, place, resealed
from core.origination.identifying import FILED

_FILED: Final = [kind.__struct_config__.tag for kind in FILED]
SQL: Final = statements("privacy.sql")
RESEAL_BATCH: Final = 100
"""Rows of one transaction: a few megabytes of contract texts, so that no commit of a shard waits long."""
_Stale = tuple[int, str, int, bytes]
"""Account, kind, number, and what is sealed there."""


class Erasable(Struct, frozen=True):
    """A borrower who asked to be erased and whose data no debt and no law keeps any more."""

    account: int
    asked_on: date
    ended_on: date
    """The day of the last that happened on contract and loans."""
    erasable_on: date


class Register:
    """Reads, and keeps readable, what the shards have sealed."""

    def __init__(self, dsn: str, keyring: Keyring) -> None:
        """Prepare to connect."""
        self._session = Session(dsn, "tenor-register", {})
        self.keyring = keyring

    async def people(self, accounts: Iterable[int]) -> dict[int, PersonalData]:
        """Return who these borrowers are; accounts of which nothing is known (any more) are left out."""
        async with self._session.turn() as connection:
            rows = await connection.fetch(SQL["people"], list(accounts))
        return people(self.keyring, (SecretRow(*row) for row in rows))

    async def bank_accounts(self, account: int) -> list[SecretRow]:
        """Return the sealed rows of a borrower's bank accounts."""
        async with self._session.turn() as connection:
            return [SecretRow(*row) for row in await connection.fetch(SQL["bank_accounts"], account)]

    async def find(self, number: str) -> list[int]:
        """Return the accounts that this identity number, card number or phone belongs to."""
        async with self._session.turn() as connection:
            return [row[0] for row in await connection.fetch(SQL["found"], self.keyring.index(number))]

    async def due(self, retention_days: int, limit: int) -> list[Erasable]:
        """Return who waits to be erased and can be on the business date, the longest waiting first."""
        async with self._session.turn() as connection:
            return [Erasable(*row) for row in await connection.fetch(SQL["due"], _FILED, retention_days, limit)]

    async def check(self) -> None:
        """Raise KeyringError if the book was sealed with another keyring."""
        async with self._session.turn() as connection:
            for (key,) in await connection.fetch(SQL["any_key"]):
                if key not in self.keyring.numbers:
                    raise KeyringError(f"the book is sealed with key {key}, which is not here: put its key file back")

    async def rows_under(self, key: int) -> int:
        """Return how many rows only this key opens."""
        async with self._session.turn() as connection:
            found: int = await connection.fetchval(SQL["rows_under"], key)
            return found

    async def reseal(self, batch: int = RESEAL_BATCH) -> AsyncIterator[int]:
        """Seal every row with the newest key; yields how many are done after each batch. Shards go on meanwhile."""
        done = 0
        for stale, put in (("stale_secrets", "reseal_secrets"), ("stale_texts", "reseal_texts")):
            account = 0
            while rows := await self._stale(stale, account, batch):
                await self._reseal(put, rows)
                account, done = rows[-1][0], done + len(rows)
                yield done

    async def retire(self, key: int) -> None:
        """Destroy a key that no row needs any more; raises KeyringError if it must stay."""
        self.keyring.retire(key, await self.rows_under(key))

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def _stale(self, statement: str, account: int, batch: int) -> list[_Stale]:
        async with self._session.turn() as connection:
            # The newest key each time: it may be rotated meanwhile.
            found = await connection.fetch(SQL[statement], self.keyring.primary, account, batch)
            return [tuple(row) for row in found]

    async def _reseal(self, statement: str, rows: list[_Stale]) -> None:
        anew = [resealed(self.keyring, row[3], place(*row[:3])) for row in rows]
        columns = map(list, zip(*rows, strict=True))
        async with self._session.turn() as connection:
            await connection.execute(SQL[statement], *columns, anew, [key_of(sealed) for sealed in anew])
