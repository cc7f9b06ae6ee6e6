"""What the journal holds, read back with plain SQL to check the system against itself."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Final

import asyncpg
from msgspec.msgpack import Decoder

from accounting.chart import CHART, Gl, dotted
from actors.messages import Received, reply_decoder
from adapters.http.envelope import envelope
from adapters.postgres.book import trial_balance
from adapters.postgres.statements import statements
from core.account import Bucket, Contract
from core.commands import Repay
from core.contract.terms import Installment, installment_total
from core.events import RepaymentReceived
from loadtests.comparison import Standing
from loadtests.peak import CHANNEL, Acknowledged
from loadtests.results import Ageing, Reconciliation, TrialLine

SQL: Final = statements(Path(__file__).with_name("queries.sql"))
_contract: Final = Decoder(Contract)
_received: Final = Decoder(RepaymentReceived)


@asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend a connection that cannot write."""
    connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    try:
        await connection.set_type_codec("uuid", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
        yield connection
    finally:
        await connection.close()


async def reconcile(dsn: str, acknowledged: Sequence[Acknowledged], on: date) -> Reconciliation:
    """Look every acknowledged repayment up among the requests and events posted on a date."""
    async with reading(dsn) as connection:
        claims = await _claims(connection, on)
        events = await connection.fetch(SQL["repayments"], on)
    amounts = {(account, seq): int(_received.decode(body).amount) for account, seq, body in events}
    found = [amounts.get(claims.get(_key(each), (0, 0))) == each.amount for each in acknowledged]
    return Reconciliation(
        acknowledged=len(acknowledged),
        recorded=len(amounts),
        acknowledged_amount=sum(each.amount for each in acknowledged),
        recorded_amount=sum(amounts.values()),
        lost=found.count(False),
        doubled=len(amounts.keys() - set(claims.values())),
    )


async def standings(dsn: str, last: int) -> dict[int, Standing]:
    """Return installment and principal outstanding of the first loan of accounts 1 to `last`."""
    async with reading(dsn) as connection:
        rows = await connection.fetch(SQL["standings"], 1, last)
    return {
        account: Standing(installment_total(_contract.decode(body).schedule[0]), principal)
        for account, principal, body in rows
    }


async def first_due(dsn: str) -> dict[int, Installment]:
    """Return the first installment of every active loan, by account."""
    async with reading(dsn) as connection:
        rows = await connection.fetch(SQL["contracts"])
    return {account: _contract.decode(body).schedule[0] for account, body in rows}


async def owing(dsn: str) -> list[tuple[int, int, date]]:
    """Return (account, amount due and unpaid, oldest due date) of all accounts that owe."""
    async with reading(dsn) as connection:
        return [tuple(row) for row in await connection.fetch(SQL["owing"])]


async def ageing(dsn: str) -> list[Ageing]:
    """Return the open loans by ageing state."""
    async with reading(dsn) as connection:
        rows = await connection.fetch(SQL["ageing"])
    return [Ageing(Bucket(bucket).name, *sums) for bucket, *sums in rows]


async def trial(dsn: str) -> list[TrialLine]:
    """Return the trial balance, over all currencies."""
    async with reading(dsn) as connection:
        rows = await trial_balance(connection, None)
    return [TrialLine(dotted(row.gl), CHART[Gl(row.gl)], row.debit, row.credit, row.balance) for row in rows]


async def figure(dsn: str, name: str) -> int:
    """Return the one figure of a named statement."""
    async with reading(dsn) as connection:
        found: int = await connection.fetchval(SQL[name])
        return found


async def _claims(connection: asyncpg.Connection, on: date) -> dict[bytes, tuple[int, int]]:
    """Return which repayment (account, seq) each request on record says that it is."""
    claims = {}
    for key, account, reply in await connection.fetch(SQL["requests"], on):
        said = reply_decoder.decode(reply)
        if isinstance(said, Received):
            claims[key] = (account, said.payment)
    return claims


def _key(repayment: Acknowledged) -> bytes:
    command = Repay(account=repayment.account, amount=repayment.amount)
    return envelope(CHANNEL, repayment.request_id, command).key
