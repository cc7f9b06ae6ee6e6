"""What the rules decided in our own book, and what became of it: past applications like published ones."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.msgpack import Decoder

from adapters.postgres.statements import statements
from adapters.rules.published import Case
from core.account import Bucket
from core.events import Event
from core.identity import loan_id
from core.origination.events import ApplicationDecided
from core.origination.file import CreditFile, Verdict

SQL: Final = statements("decisions.sql")
BLOCK: Final = 5_000
"""Rows fetched, and loans looked up, at one time."""
SERIOUS: Final = Bucket.M2
"""A loan that is so late has gone badly: more than 30 days past due."""
DECIDED: Final = ApplicationDecided.__struct_config__.tag
"""Under this number decisions are stored."""
_event: Final[Decoder[Event]] = Decoder(Event)
_file: Final = Decoder(CreditFile)


class Decision(Struct, frozen=True):
    """The latest decision of the rules on one application."""

    account: int
    application: int
    verdict: Verdict
    challenger: Verdict | None
    loan: int
    """The loan that came of it; 0: none, or a line."""


async def decisions(connection: asyncpg.Connection, rules: str, since: date, until: date) -> list[Decision]:
    """Return what a rule set decided on days, both included, for each application the last time."""
    found: dict[tuple[int, int], Decision] = {}
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in connection.cursor(SQL["decisions"], DECIDED, since, until, prefetch=BLOCK):
            event = _event.decode(row["body"])
            assert isinstance(event, ApplicationDecided)
            if event.verdict is not None and event.verdict.rules == rules:
                account, number = row["account_id"], event.number
                loan = _loan_of(account, number, row["file"])
                found[account, number] = Decision(account, number, event.verdict, event.challenger, loan)
    return list(found.values())


async def past(connection: asyncpg.Connection, decided: list[Decision]) -> list[Case]:
    """Return decisions as past applications; one whose loan is paid out went well unless it is seriously late now."""
    late: dict[int, Bucket] = {}
    loans = [decision.loan for decision in decided if decision.loan]
    for start in range(0, len(loans), BLOCK):
        for row in await connection.fetch(SQL["buckets"], loans[start : start + BLOCK]):
            late[row["loan_id"]] = Bucket(row["bucket"])
    return [_case(decision, late) for decision in decided]


def _case(decision: Decision, late: Mapping[int, Bucket]) -> Case:
    bucket = late.get(decision.loan)
    name = f"{decision.account} {decision.application}"
    return Case(name, msgspec.json.decode(decision.verdict.inputs), None if bucket is None else bucket < SERIOUS)


def _loan_of(account: int, application: int, file: bytes) -> int:
    """Return the loan that a signed contract on an application became."""
    loans = [each.loan for each in _file.decode(file).agreements if each.application == application and each.loan]
    return loan_id(account, loans[-1]) if loans else 0
