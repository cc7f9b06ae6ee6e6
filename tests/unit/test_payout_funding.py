"""What a pool gives for payouts follows from the commands before, and from the events after them."""

import pytest
from msgspec.structs import replace

from actors.funding import Leases
from actors.payout_funding import demand, follow
from actors.rows import Claim, LeaseRow
from adapters.memory_treasury import MemoryTreasury, Pool, Vault
from core.commands import Command
from core.origination.commands import Apply, Draw, OfferContract, RequestPayout, SettlePayout
from core.origination.product import Product
from core.rejections import Rejection
from tests.unit.lender import JOINT, LINE, LOAN, START, Borrowing, SmallLender

pytestmark = pytest.mark.anyio
PLAIN = replace(LOAN, documents=())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def leases() -> Leases:
    """Plenty of both pools."""
    plenty = {name: Pool(10**9, 10**9) for name in ("main", "joint")}
    leases = Leases(MemoryTreasury(Vault({0: 1}, plenty)))
    await leases.take_over(Claim(0, 1, START, frozenset()), START)
    await leases.refill(dict.fromkeys(plenty, 500_000), 0.0)
    return leases


def signed(product: Product) -> Borrowing:
    """A borrower with a signed contract over 50,000."""
    life = Borrowing(SmallLender(product))
    life.identify()
    life.do(Apply(account=1, product=product.name, amount=50_000, installments=6))
    life.contract(1)
    return life


def request(life: Borrowing) -> RequestPayout:
    return RequestPayout(account=1, loan=life.loan(1), bank_account=1)


def done(life: Borrowing, leases: Leases, command: Command) -> list[LeaseRow]:
    events = life.ask(command)
    assert not isinstance(events, Rejection)
    follow(leases, life.account, events, life.lender)
    return leases.changes()


def settle(status: str) -> SettlePayout:
    return SettlePayout(account=1, payout=1, status=status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("product", "own"), [(PLAIN, 50_000), (JOINT, 14_700)], ids=["all", "three tenths of what leaves"]
)
async def test_a_payout_takes_the_lenders_own_part(leases: Leases, product: Product, own: int) -> None:
    life, pool = signed(product), product.funding.pool
    assert demand(request(life), life.account, life.lender, life.on) == (pool, own)
    assert done(life, leases, request(life)) == [LeaseRow(pool, START, -own, own, 0)]
    life.wait(1)
    leases.new_day(life.on)
    assert done(life, leases, settle("succeeded")) == [LeaseRow(pool, START, 0, -own, own)]
    life.wait(1)
    assert done(life, leases, settle("returned")) == [LeaseRow(pool, START, 0, 0, -own)]


async def test_a_payout_that_fails_is_released(leases: Leases) -> None:
    life = signed(PLAIN)
    done(life, leases, request(life))
    assert done(life, leases, settle("failed")) == [LeaseRow("main", START, 0, -50_000, 0)]


async def test_a_draw_takes_what_is_drawn(leases: Leases) -> None:
    life = signed(LINE)
    draw = Draw(account=1, agreement=1, amount=20_000, installments=3, bank_account=1)
    assert demand(draw, life.account, life.lender, START) == ("main", 20_000)
    assert done(life, leases, draw) == [LeaseRow("main", START, -20_000, 20_000, 0)]


@pytest.mark.parametrize(
    "command",
    [
        OfferContract(account=1, application=1),
        RequestPayout(account=1, loan=10_009, bank_account=1),
        Draw(account=1, agreement=9, amount=20_000, installments=3, bank_account=1),
    ],
)
def test_what_will_be_refused_or_pays_nothing_asks_for_nothing(command: Command) -> None:
    life = signed(PLAIN)
    assert demand(command, life.account, life.lender, START) is None
    assert demand(command, None, life.lender, START) is None
    assert demand(request(life), life.account, SmallLender(LINE), START) is None
