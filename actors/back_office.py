"""What a shard does around decisions before a loan: it asks sources outside, and has pools' money at hand."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from actors.execute import Surroundings
from actors.house import House, Inquiry, inquiry
from actors.memory import Accounts, RecentRequests
from actors.messages import Envelope, Refused
from actors.people import People, identifiable, identified
from actors.protocols import Clock, Journal
from actors.rows import Claim, LeaseRow
from core.account import Account, LoanStatus, contract_of
from core.changing.tranches import first_part
from core.commands import Command, OpenAccount
from core.identity import number_of
from core.origination.agreements import agreement_behind
from core.origination.commands import (
    AddBankAccount,
    BeforeLoan,
    Draw,
    IdentifyBorrower,
    OriginationCommand,
    RequestPayout,
)
from core.origination.lender import NOTHING, Findings
from core.origination.shares import own_part

LOOK_SECONDS: Final = 1.0
"""How often a shard with nothing to do looks after the money that it holds."""

_PREPARED: Final = (BeforeLoan, OpenAccount)
"""What is looked at before a batch is executed: in it, an account may be opened and its borrower identified."""
NOBODY: Final[Mapping[int, IdentifyBorrower]] = MappingProxyType({})


class BackOffice:
    """The back office of one shard; without a house there is nothing to do."""

    def __init__(
        self, house: House | None, accounts: Accounts, recent: RecentRequests, clock: Clock, journal: Journal
    ) -> None:
        self._house = house
        self._people = None if house is None else People(journal, house.lender.index)
        self._accounts = accounts
        self._recent = recent
        self._clock = clock
        self._counted: set[tuple[int, date]] = set()
        """Which commands of the batch at hand money was made ready for, as objects, and on which day."""

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

    async def tend(self) -> None:
        """Give pools' money back that is not needed here; raises Fenced or JournalUnavailable."""
        if self._house is not None:
            await self._house.leases.tend(self._clock.monotonic())

    async def prepare(
        self, envelopes: Sequence[Envelope], commands: Sequence[Command | Refused], on: date
    ) -> dict[int, Findings]:
        """Claim people, ask sources and lease money for a batch; return what is found by the commands' places in it."""
        if self._house is None or self._people is None:
            return {}
        self._counted.clear()
        new = {
            place: command
            for place, command in enumerate(commands)
            # What is on record is not decided again.
            if isinstance(command, _PREPARED) and self._recent.get(envelopes[place].key) is None
        }
        coming = identified(new.values(), self._accounts, on)
        claimed: dict[int, IdentifyBorrower] = {}
        asked: dict[int, Inquiry] = {}
        for place, command in new.items():
            if isinstance(command, IdentifyBorrower) and command.account in coming:
                claimed[place] = command
            elif isinstance(command, BeforeLoan) and (question := self._question(command, on, coming)) is not None:
                asked[place] = question
        await self._refill((command for command in new.values() if isinstance(command, BeforeLoan)), on)
        found = await self._people.claim(claimed)
        if not asked:
            return found
        return found | dict(zip(asked, await self._house.investigate(list(asked.values()), on), strict=True))

    async def around(
        self, command: OriginationCommand, findings: Findings | None, around: Surroundings, on: date
    ) -> Surroundings:
        """Add what the lender says to what a command is decided on."""
        if self._house is None or self._people is None:
            return around
        if findings is None and isinstance(command, IdentifyBorrower):
            # The batch said twice who it is: now it is known whether anybody said it rightly before.
            account = self._account(command)
            wanted = account is not None and identifiable(command, account, on)
            findings = (await self._people.claim({0: command} if wanted else {})).get(0)
        # Its loan may have been made in this very batch, or the day have turned since.
        await self._refill([command], on)
        question = self._question(command, on) if findings is None else None
        if question is not None:
            # What it needs may have come in this very batch: the borrower, the last document.
            (findings,) = await self._house.investigate([question], on)
        return replace(around, lender=self._house.lender, findings=findings or NOTHING, house=self._house)

    def _question(
        self, command: OriginationCommand, on: date, coming: Mapping[int, IdentifyBorrower] = NOBODY
    ) -> Inquiry | None:
        assert self._house is not None
        cached, lender = self._accounts.get(command.account), self._house.lender
        if cached is None or cached.suspended is not None:
            return None
        borrower = coming.get(command.account)
        if borrower is not None and isinstance(command, AddBankAccount):
            return Inquiry(command, lender.index(borrower.identity_number), borrower)
        return inquiry(command, cached.account, on, lender)

    def _account(self, command: Command) -> Account | None:
        cached = self._accounts.get(command.account)
        return None if cached is None else cached.account

    async def _refill(self, commands: Iterable[OriginationCommand], on: date) -> None:
        """Have at hand what payouts may take from the pools, at most: our own part. For each command once a day."""
        assert self._house is not None
        wanted = Counter[str]()
        for command in commands:
            taken = None if (id(command), on) in self._counted else self._taken(command, on)
            if taken is not None:
                self._counted.add((id(command), on))
                wanted[taken[0]] += taken[1]
        if wanted:
            await self._house.leases.refill(wanted, self._clock.monotonic())

    def _taken(self, command: Command, on: date) -> tuple[str, int] | None:
        """Return the pool that a command may take money from, and how much of our own."""
        assert self._house is not None
        account = self._account(command)
        found = None if account is None else _payout(command, account)
        product = None if found is None else self._house.lender.product(found[0], on, found[1])
        if found is None or product is None:
            return None
        return product.funding.pool, own_part(found[2], product.funding)


def _payout(command: Command, account: Account) -> tuple[str, int, int] | None:
    """Return product, version and principal of what a command may pay out."""
    if isinstance(command, Draw) and command.agreement <= len(account.file.agreements):
        agreement = account.file.agreements[command.agreement - 1]
        return agreement.product, agreement.version, command.amount
    if isinstance(command, RequestPayout) and number_of(command.loan) <= len(account.loans):
        loan = account.loans[number_of(command.loan) - 1]
        behind = agreement_behind(account, loan)
        if behind is not None:
            terms = contract_of(account, loan).terms
            runs = loan.status is LoanStatus.ACTIVE and terms.tranches
            leaves = terms.tranches[0].amount if runs else first_part(terms).principal
            return behind.product, behind.version, leaves
    return None
