"""The lender's house of a simulated shard: products in code, sources that are slow or silent, money of shared pools."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from hashlib import blake2b, sha256
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, json
from msgspec.structs import replace

from actors.funding import Leases
from actors.house import Inquiry
from actors.protocols import JournalUnavailable
from actors.rows import Claim, ContractTextRow, SecretRow
from adapters.memory_treasury import MemoryTreasury, Pool
from core.contract.terms import Rate, RatePer, Unit
from core.money import AMOUNT_MAX
from core.origination.commands import AddBankAccount, IdentifyBorrower
from core.origination.lender import Findings
from core.origination.product import LaterPart, Payouts, Product, Range, Requirement, Review
from tests.simulation.faults import Fate
from tests.unit.lender import JOINT, LINE, LOAN, PARTS, SmallLender

if TYPE_CHECKING:
    from tests.simulation.cluster import Process
    from tests.simulation.world import World

FROM = date(2026, 1, 1)
SLOW_SECONDS = 2.0
RETENTION_DAYS = 2
"""So that a world sees data destroyed after loans."""
PERSON, PHONE = "person", "phone"
_MASK = 0x2A

Result = TypeVar("Result")


def _short_lived(product: Product, **news: Any) -> Product:
    """Return a product whose loans live, and end, within days."""
    terms = replace(product.terms, rate=Rate(300_000, RatePer.DAY), every=2, unit=Unit.DAY)
    clauses = tuple(each for each in product.clauses if each.name != "rate_ppb")
    return replace(product, terms=terms, clauses=clauses, effective_from=FROM, **news)


CASH = _short_lived(
    LOAN,
    documents=(
        Requirement(kinds=("identity-card",), from_amount=50_000),
        Requirement(kinds=("purchase-contract", "quotation"), purposes=("stocking",)),
    ),
    review=Review(claim_days=1, second_officer_from=60_000),
    apply_days=2,
    offer_days=1,
    payouts=Payouts(daily_max=150_000, exposure_max=250_000, cooling_off_days=3),
    signals=JOINT.signals,
)
CREDIT = _short_lived(LINE, payouts=CASH.payouts, signals=JOINT.signals)
SHARED = _short_lived(JOINT, rate_ppb=None, installments=Range(least=1, most=12))
IN_PARTS = _short_lived(
    PARTS,
    payouts=CASH.payouts,
    later_parts=(LaterPart(ppb=300_000_000, after_days=1), LaterPart(ppb=200_000_000, after_days=1)),
)
PRODUCTS = (CASH, replace(CASH, version=2, effective_from=date(2026, 1, 31)), CREDIT, SHARED, IN_PARTS)


def any_pools(draw: Random) -> dict[str, Pool]:
    """Return pools that may be too small, on a day or for good."""
    return {
        product.funding.pool: Pool(draw.choice((200_000, 2_000_000)), draw.choice((60_000, 150_000, 2_000_000)))
        for product in (CASH, SHARED)
    }


def keyed(command: bytes) -> bytes:
    """Return the hash by which commands with personal data are told apart."""
    return blake2b(command, digest_size=16, key=b"of this world").digest()


class Person(Struct, frozen=True):
    """Who a borrower is, as it is sealed."""

    name: str
    identity_number: str
    born_on: date


class SimulatedHouse(SmallLender):
    """Implements actors.house.House for one process, and is its own Lender."""

    retention_days = RETENTION_DAYS

    def __init__(self, world: "World", process: "Process") -> None:
        super().__init__(*PRODUCTS)
        self.leases = Leases(FaultyTreasury(world, process))
        self._world = world
        self._process = process
        self._fresh: dict[int, str] = {}

    @property
    def lender(self) -> SmallLender:
        """See House."""
        return self

    @property
    def tried(self) -> SmallLender:
        """See House."""
        trial = SmallLender(*PRODUCTS)
        trial.retention_days = RETENTION_DAYS
        trial.pools = dict.fromkeys(self._world.disk.vault.pools, AMOUNT_MAX)
        return trial

    def available(self, pool: str) -> int:
        """See Lender."""
        return self.leases.available(pool)

    async def investigate(self, inquiries: Sequence[Inquiry], on: date) -> list[Findings]:
        """See House; now and then a source takes its time, or says nothing."""
        await self._process.runs()
        await self._world.delay()
        if self._world.chance(0.05):
            self._world.saw("slow source")
            await asyncio.sleep(self._world.random.random() * SLOW_SECONDS)
        await self._process.runs()
        return [self._found(each, on) for each in inquiries]

    def seal(self, account: int, kind: str, number: int, index: str, plain: str) -> SecretRow:
        """See House."""
        return SecretRow(account, kind, number, index, sealed(plain.encode()), 1)

    def seal_person(self, command: IdentifyBorrower) -> list[SecretRow]:
        """See House."""
        self._fresh[command.account] = command.name
        plain = json.encode(Person(command.name, command.identity_number, command.born_on)).decode()
        return [
            self.seal(command.account, PERSON, 1, self.index(command.identity_number), plain),
            self.seal(command.account, PHONE, 1, self.index(command.phone), command.phone),
        ]

    def forget(self, account: int) -> None:
        """See House."""
        self._fresh.pop(account, None)

    def seal_text(self, account: int, agreement: int, digest: str, text: bytes) -> ContractTextRow:
        """See House."""
        return ContractTextRow(account, agreement, digest, sealed(text), 1)

    def fingerprint(self, command: bytes) -> bytes:
        """See House."""
        return keyed(command)

    def _found(self, inquiry: Inquiry, on: date) -> Findings:
        """Return answers that depend on the world, the borrower and the day; without those that did not come."""
        account, world = inquiry.command.account, self._world
        name = self._name(account)
        told = Random(f"{world.seed}/{account}/{on}")
        answers: dict[str, Any] = {
            "bureau": {"score": told.choice((700, 700, 700, 660, 620, 620, 580))},
            "income": {"monthly": told.randint(100_000, 900_000)},
            "debtor_list": {"listed": told.random() < 0.05},
            "sanctions": {"listed": False},
            "device": {"risk": told.randint(0, 3)},
        }
        missing = tuple(source for source in answers if world.chance(0.04))
        for source in missing:
            world.saw("silent source")
            del answers[source]
        as_of = dict.fromkeys(answers, on - timedelta(days=told.choice((0, 0, 1, 1, 2))))
        if name is None:
            return Findings(answers, ("applicant", *missing), as_of)
        answers["applicant"] = {"age": 40}
        if isinstance(inquiry.command, AddBankAccount):
            answers["bank_account"] = {"belongs": inquiry.command.holder == name}
        return Findings(answers, missing, as_of, {"name": name})

    def _name(self, account: int) -> str | None:
        """Return who it is: from memory, or from the register if that can be read."""
        row = self._world.disk.secrets.get((account, PERSON, 1))
        if row is None or self._world.dark:
            return self._fresh.get(account)
        return json.decode(sealed(row.sealed), type=Person).name


class FaultyTreasury(MemoryTreasury):
    """One process's connection to the world's pools; the server works on when the client is gone."""

    def __init__(self, world: "World", process: "Process") -> None:
        super().__init__(world.disk.vault)
        self._world = world
        self._process = process

    async def take_over(self, claim: Claim) -> "list[Any]":
        """See Treasury."""
        return await self._ask(lambda: super(FaultyTreasury, self).take_over(claim))

    async def lease(self, claim: Claim, pool: str, needed: int, on: date) -> int:
        """See Treasury."""
        granted = await self._ask(lambda: super(FaultyTreasury, self).lease(claim, pool, needed, on))
        self._world.saw("leased" if granted >= needed else "leased too little")
        return granted

    async def give_back(self, claim: Claim, pool: str, day: date, amount: int) -> bool:
        """See Treasury; a pool that is locked takes nothing."""
        if self._world.chance(0.05):
            self._world.saw("pool locked")
            return False
        self._world.saw("gave money back")
        return await self._ask(lambda: super(FaultyTreasury, self).give_back(claim, pool, day, amount))

    async def _ask(self, statement: Callable[[], Awaitable[Result]]) -> Result:
        await self._process.runs()
        await self._world.delay()
        await self._process.runs()
        if self._world.dark:
            raise JournalUnavailable("simulated outage")
        served = self._world.serve(self._serve(statement))
        fate = self._world.fate()
        if fate in (Fate.LATE, Fate.REPLY_LOST) and self._world.chance(0.5):
            self._world.saw("treasury's answer lost")
            if fate is Fate.REPLY_LOST:
                await asyncio.shield(served)
            raise JournalUnavailable("simulated")
        answer = await asyncio.shield(served)
        await self._world.delay()
        await self._process.runs()
        return answer

    async def _serve(self, statement: Callable[[], Awaitable[Result]]) -> Result:
        await self._world.delay()
        answer = await statement()
        self._world.auditor.pools.check()
        return answer


def sealed(plain: bytes) -> bytes:
    """Return bytes that do not show what they are; applied again, what they were."""
    return bytes(byte ^ _MASK for byte in plain)


def digest_of(*parts: object) -> str:
    """Return a document's digest."""
    return sha256(repr(parts).encode()).hexdigest()
