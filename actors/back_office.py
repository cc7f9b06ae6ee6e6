"""What a shard does around decisions before a loan: it asks sources outside, and has pools' money at hand."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from msgspec.structs import replace

from actors.execute import Surroundings
from actors.house import House, Inquiry, inquiry
from actors.memory import Accounts
from actors.messages import Refused
from actors.rows import Claim, LeaseRow
from core.account import Account
from core.commands import Command
from core.identity import number_of
from core.origination.agreements import agreement_behind
from core.origination.commands import BeforeLoan, Draw, OriginationCommand, RequestPayout
from core.origination.lender import NOTHING, Findings
from core.origination.shares import own_part

LOOK_SECONDS: Final = 1.0
"""How often a shard with nothing to do looks after the money that it holds."""

Commands = Sequence[Command | Refused | None]


class BackOffice:
    """The back office of one shard; without a house there is nothing to do."""

    def __init__(self, house: House | None, accounts: Accounts) -> None:
        self._house = house
        self._accounts = accounts
        self._counted: tuple[date, set[int], float] = date.min, set(), 0.0
        """Which commands money was made ready for, on which day, and when."""

    async def take_over(self, claim: Claim, on: date) -> None:
        """Begin anew with what former owners of the shard left; see Leases."""
        if self._house is not None:
            await self._house.leases.take_over(claim, on)

    def new_day(self, on: date) -> None:
        """Pay out of this day's money from now on."""
        if self._house is not None:
            self._house.leases.new_day(on)

    def changes(self) -> list[LeaseRow]:
        """Return what became of pools' money since the last commit."""
        return [] if self._house is None else self._house.leases.changes()

    async def idle(self, wake: asyncio.Event) -> None:
        """Wait for something to do, or until money that is held here has to be looked after."""
        holds = self._house is not None and self._house.leases.holds
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), LOOK_SECONDS if holds else None)

    async def tend(self, now: float) -> None:
        """Give pools' money back that is not needed here; raises Fenced or JournalUnavailable."""
        if self._house is not None:
            await self._house.leases.tend(now)

    async def prepare(self, commands: Commands, on: date, now: float) -> dict[int, Findings]:
        """Ask sources and lease money for a batch; return what sources say by the commands' places in it."""
        if self._house is None:
            return {}
        asked: dict[int, Inquiry] = {}
        for place, command in enumerate(commands):
            if isinstance(command, BeforeLoan) and (question := self._question(command)) is not None:
                asked[place] = question
        if not asked:
            return {}
        self._counted = on, {id(each.command) for each in asked.values()}, now
        await self._refill(asked.values(), on, now)
        return dict(zip(asked, await self._house.investigate(list(asked.values()), on), strict=True))

    async def around(
        self, command: OriginationCommand, findings: Findings | None, around: Surroundings, on: date
    ) -> Surroundings:
        """Add what the lender says to what a command is decided on."""
        if self._house is None:
            return around
        question = self._question(command)
        counted_on, counted, now = self._counted
        if question is not None and (counted_on != on or id(command) not in counted):
            # Its loan was made in this very batch, or the day has turned since.
            await self._refill([question], on, now)
        if findings is None and question is not None:
            # The borrower was identified in this very batch.
            (findings,) = await self._house.investigate([question], on)
        return replace(around, lender=self._house.lender, findings=findings or NOTHING, house=self._house)

    def _question(self, command: OriginationCommand) -> Inquiry | None:
        cached = self._accounts.get(command.account)
        return inquiry(command, None if cached is None else cached.account)

    async def _refill(self, asked: Iterable[Inquiry], on: date, now: float) -> None:
        """Have at hand what payouts may take from the pools, at most: our own part of the principal."""
        assert self._house is not None
        wanted = Counter[str]()
        for each in asked:
            cached = self._accounts.get(each.command.account)
            found = None if cached is None or cached.account is None else _payout(each.command, cached.account)
            product = None if found is None else self._house.lender.product(found[0], on, found[1])
            if found is not None and product is not None:
                wanted[product.funding.pool] += own_part(found[2], product.funding)
        if wanted:
            await self._house.leases.refill(wanted, now)


def _payout(command: Command, account: Account) -> tuple[str, int, int] | None:
    """Return product, version and principal of what a command may pay out."""
    if isinstance(command, Draw) and command.agreement <= len(account.file.agreements):
        agreement = account.file.agreements[command.agreement - 1]
        return agreement.product, agreement.version, command.amount
    if isinstance(command, RequestPayout) and number_of(command.loan) <= len(account.loans):
        loan = account.loans[number_of(command.loan) - 1]
        behind = agreement_behind(account, loan)
        if behind is not None:
            return behind.product, behind.version, account.contracts[loan.number - 1].terms.principal
    return None
