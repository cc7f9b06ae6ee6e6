"""Payers, orders in Postgres, a bank over HTTP and its notices: money leaves once."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path

import asyncpg
import httpx
import pytest
from litestar import Litestar, Response, post
from msgspec import msgpack
from msgspec.structs import replace

from actors.clock import MonotonicClock
from actors.messages import Done, Refused, Reply
from actors.payer import LEASE_SECONDS, Payer, Settlement
from actors.payout_orders import STUCK_TRIES, OrderState, Verdict, notified, started_again
from actors.protocols import JournalUnavailable
from actors.rail import PayoutOrder, RailAnswer, RailState
from actors.rows import SecretRow
from adapters.embedded.servers import EmbeddedPostgres
from adapters.http.batch import Batch, Replies
from adapters.http.problems import EXCEPTION_HANDLERS, AnyRequest
from adapters.http.server import listen, serve_stand_in
from adapters.postgres.migrate import migrate
from adapters.postgres.session import Session
from adapters.privacy.keyring import Keyring
from adapters.privacy.masking import PersonalData
from adapters.privacy.register import Register
from adapters.privacy.sealing import person_rows, sealed_row
from adapters.rails.bank_api import SIGNATURE_HEADER, Ownership, Payment, StatementLine, signature
from adapters.rails.bank_http import BankHttp
from adapters.rails.bank_ledger import BankLedger
from adapters.rails.bank_server import serve_bank
from adapters.rails.callbacks import callback_route
from adapters.rails.orders import PostgresOrders
from adapters.rails.ownership import BankOwnership
from adapters.rails.payees import Payee, PayeeUnknown, SealedPayees
from adapters.rails.reconciliation import Ours, reconcile
from adapters.rails.simulator import Bank, Conduct
from adapters.rails.tell import GatewayTell
from core.origination.commands import SettlePayout
from core.rejections import Code
from tests.integration.books import fresh_database

SECRET = b"shared with the bank"
WAIT_SECONDS_MAX = 120
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Accounts:
    """Implements Tell: remembers what each payout was told, and once does not answer."""

    def __init__(self) -> None:
        self.told: dict[str, Settlement] = {}
        self.heard: dict[int, list[str]] = {}
        self.away = True

    async def settle(self, settlements: Sequence[Settlement]) -> list[tuple[Verdict, str]]:
        for each in settlements:
            assert self.told.setdefault(each.request_id, each) == each
            heard = self.heard.setdefault(each.command.account, [])
            if each.command.status not in heard:
                heard.append(each.command.status)
        verdict = Verdict.AGAIN if self.away else Verdict.DONE
        self.away = False
        return [(verdict, "")] * len(settlements)


class Anybody:
    """Implements Payees."""

    async def of(self, order: PayoutOrder) -> Payee:
        return Payee(f"62220000{order.account:08}", "Zhang San")


class Town:
    """A database of orders, a gateway's route for notices, and a bank."""

    def __init__(self, dsn: str, bank: Bank, bank_url: str) -> None:
        self.dsn, self.bank, self.bank_url = dsn, bank, bank_url
        self.accounts = Accounts()

    async def order(self, count: int) -> None:
        """Order payouts as a shard's commit does."""
        rows = [(f"{n}-1", n, 1, "CNY", 1_000 + n, "icbc", 1) for n in range(1, count + 1)]
        connection = await asyncpg.connect(self.dsn)
        columns = ("order_number", "account_id", "payout", "currency", "amount", "bank", "bank_account")
        await connection.copy_records_to_table("payout_order", records=rows, columns=columns)
        await connection.close()

    @asynccontextmanager
    async def orders(self) -> AsyncIterator[PostgresOrders]:
        session = Session(self.dsn, "tenor-test", {})
        try:
            yield PostgresOrders(session)
        finally:
            await session.close()

    @asynccontextmanager
    async def payer(self) -> AsyncIterator[None]:
        rail = BankHttp(self.bank_url, Anybody(), timeout_seconds=0.5)
        async with self.orders() as orders:
            running = asyncio.create_task(Payer(orders, rail, self.accounts, MonotonicClock()).run())
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await rail.close()

    async def rows(self) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            found: list[asyncpg.Record] = await connection.fetch("SELECT * FROM payout_order")
            return found
        finally:
            await connection.close()

    async def all_told(self) -> None:
        """Wait until every account knows what the bank has said."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while waiting := [row for row in await self.rows() if row["state"] != row["told"]]:
            assert time.monotonic() < deadline, waiting[:3]
            await asyncio.sleep(0.1)

    async def reconciled(self) -> bool:
        async with self.orders() as orders:
            ours = [Ours(*order) for order in await orders.to_reconcile()]
        return reconcile(ours, self.bank.ledger.statement()).balanced


@asynccontextmanager
async def town(postgres: EmbeddedPostgres, conduct: Conduct, ledger: Path | None = None) -> AsyncIterator[Town]:
    dsn = await fresh_database(postgres.dsn)
    await asyncio.to_thread(migrate, dsn)
    session, stop = Session(dsn, "tenor-gateway", {}), asyncio.Event()
    async with AsyncExitStack() as stack:
        app = Litestar(
            [callback_route(PostgresOrders(session), {"bank": SECRET})],
            exception_handlers=EXCEPTION_HANDLERS,
            openapi_config=None,
            logging_config=None,
        )
        gateway = await stack.enter_async_context(serving(app))
        listener = opened()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bank = Bank(BankLedger(ledger), conduct, f"{gateway}/v1/rails/bank/callback", SECRET)
        open_bank = asyncio.create_task(serve_bank(bank, listener, stop))
        try:
            yield Town(dsn, bank, url)
        finally:
            stop.set()
            await open_bank
            bank.ledger.close()
    await session.close()


def opened() -> socket.socket:
    """Return a free port on which callers may wait already."""
    listener = listen("127.0.0.1", 0)
    listener.listen()
    return listener


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    listener = opened()
    stop = asyncio.Event()
    running = asyncio.create_task(serve_stand_in(app, listener, stop))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        await running


async def test_a_bank_without_faults_pays_every_order_once_and_every_account_hears_it(
    postgres: EmbeddedPostgres,
) -> None:
    async with town(postgres, Conduct(settle_seconds=0.05)) as here:
        await here.order(300)
        async with here.payer():
            await here.all_told()
        assert all(heard == ["succeeded"] for heard in here.accounts.heard.values())
        assert len(here.accounts.heard) == 300
        assert await here.reconciled()


async def test_two_payers_and_a_bank_that_does_everything_wrong_pay_each_order_once(postgres: EmbeddedPostgres) -> None:
    conduct = Conduct(
        seed=4,
        settle_seconds=0.3,
        late_seconds=3,
        turn_seconds=0.5,
        hang_seconds=1,
        fail=20,
        late=20,
        turn=20,
        hang=20,
        forget=30,
        lose_notice=10,
        repeat_notice=30,
    )
    async with town(postgres, conduct) as here:
        await here.order(120)
        async with here.payer(), here.payer():
            await here.all_told()
            await ask_about_what_succeeded(here)
            await here.all_told()
        paid = Counter(line.order_number for line in here.bank.ledger.statement() if line.amount > 0)
        assert set(paid.values()) == {1}
        for row in await here.rows():
            heard = here.accounts.heard[row["account_id"]]
            assert (row["order_number"] in paid) is ("succeeded" in heard)
            assert heard == (["succeeded", "returned"] if row["state"] == "returned" else [row["state"]])
        assert {row["state"] for row in await here.rows()} == {"succeeded", "failed", "returned"}
        assert await here.reconciled()


async def ask_about_what_succeeded(here: Town) -> None:
    """What a day's watch does, at once: notices of money that came back were lost."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        await asyncio.sleep(2 * here.bank.conduct.turn_seconds)
        turned = {line.order_number for line in here.bank.ledger.statement() if line.amount < 0}
        missed = turned - {row["order_number"] for row in await here.rows() if row["state"] == "returned"}
        if not missed:
            return
        assert time.monotonic() < deadline, missed
        async with here.orders() as orders:
            await orders.change([(number, started_again) for number in missed])


async def test_two_payers_never_hold_the_same_order_and_a_lease_ends_by_itself(postgres: EmbeddedPostgres) -> None:
    async with town(postgres, Conduct()) as here:
        await here.order(50)
        async with here.orders() as one, here.orders() as other:
            both = await asyncio.gather(one.claim_asks(30, LEASE_SECONDS), other.claim_asks(30, LEASE_SECONDS))
            held = [each.order.order_number for claimed in both for each in claimed]
            assert len(held) == len(set(held)) == 50
            assert {each.progress.state for claimed in both for each in claimed} == {OrderState.PENDING}
            assert not await one.claim_asks(30, LEASE_SECONDS)
            await one.change([(held[0], started_again)])
            (again,) = await other.claim_asks(30, 0.0)
            assert again.progress.state is OrderState.SENT
            assert [each.order for each in await one.claim_asks(30, LEASE_SECONDS)] == [again.order]


async def test_news_is_told_until_the_account_has_it_and_stuck_orders_are_listed(postgres: EmbeddedPostgres) -> None:
    async with town(postgres, Conduct()) as here, here.orders() as orders:
        await here.order(3)
        await orders.claim_asks(3, LEASE_SECONDS)
        news = notified(RailAnswer(RailState.SUCCEEDED, "B1"))
        assert await orders.change([("1-1", news), ("1-1", news), ("9-9", news)]) == {"9-9"}
        assert [each.order.order_number for each in await orders.claim_tells(5, LEASE_SECONDS)] == ["1-1"]
        assert not await orders.claim_tells(5, LEASE_SECONDS)
        await orders.change([("2-1", notified(RailAnswer(RailState.FAILED)))] * 2)
        await orders.change([("2-1", notified(RailAnswer(RailState.SUCCEEDED)))])
        assert [each["order_number"] for each in await orders.open_orders(only_stuck=True)] == ["2-1"]
        assert len(await orders.open_orders(only_stuck=False)) == 3
        connection = await asyncpg.connect(here.dsn)
        await connection.execute("UPDATE payout_order SET tries = $1 WHERE order_number = '3-1'", STUCK_TRIES)
        await connection.close()
        assert {each["order_number"] for each in await orders.open_orders(only_stuck=True)} == {"2-1", "3-1"}


async def test_a_notice_counts_only_if_the_bank_signed_it(postgres: EmbeddedPostgres) -> None:
    async with town(postgres, Conduct()) as here:
        await here.order(1)
        url = here.bank._callback_url or ""
        body = b'{"order_number":"1-1","state":"succeeded","amount":1001,"reference":"B1"}'
        async with httpx.AsyncClient() as client:

            async def notice(content: bytes, signed: str, to: str = url) -> int:
                return (await client.post(to, content=content, headers={SIGNATURE_HEADER: signed})).status_code

            assert await notice(body, "") == 404
            assert await notice(body, signature(b"other", body)) == 404
            assert await notice(body, signature(SECRET, body), url.replace("/bank/", "/other/")) == 404
            assert [row["state"] for row in await here.rows()] == ["pending"]
            stranger = body.replace(b"1-1", b"9-9")
            assert await notice(stranger, signature(SECRET, stranger)) == 404
            assert await notice(b"{}", signature(SECRET, b"{}")) == 400
            signed = signature(SECRET, body)
            assert set(await asyncio.gather(*(notice(body, signed) for _ in range(20)))) == {200}
        assert [row["state"] for row in await here.rows()] == ["succeeded"]


async def test_a_bank_that_ends_goes_on_with_what_it_took_and_pays_it_once(tmp_path: Path) -> None:
    ledger, listener, stop = tmp_path / "bank.sqlite", opened(), asyncio.Event()
    payment = Payment("1-1", "CNY", 500, "icbc", "6222", "Zhang San")
    books = BankLedger(ledger)
    assert books.take(payment)
    assert not books.take(payment)
    books.close()
    books = BankLedger(ledger)
    running = asyncio.create_task(serve_bank(Bank(books, Conduct(settle_seconds=0), None, b""), listener, stop))
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not books.statement():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        other = {"order_number": "1-1", "currency": "CNY", "amount": 501}
        reused = await client.post("/payments", json={**other, "bank": "icbc", "account_number": "6222", "holder": "Z"})
        assert reused.status_code == 422
        assert (await client.get("/payments/1-1")).json()["state"] == "succeeded"
    stop.set()
    await running
    assert books.statement() == [StatementLine("1-1", "CNY", 500, "M0000000001")]
    books.close()


@pytest.mark.parametrize(("number", "belongs"), [("6222000011", True), ("6222000000", False), ("6222000099", None)])
async def test_the_bank_says_whose_an_account_is(postgres: EmbeddedPostgres, number: str, belongs: bool | None) -> None:
    async with town(postgres, Conduct()) as here:
        bank = BankOwnership(here.bank_url)
        assert await bank.ask("1", Ownership("icbc", number, "Zhang San")) == {"belongs": belongs}
        await bank.close()


async def test_accounts_are_told_by_the_payer_in_one_batch_and_only_a_recorded_answer_counts() -> None:
    seen: list[str] = []

    @post("/v1/batch", status_code=200)
    async def batch(request: AnyRequest) -> Response[bytes]:
        seen.extend((request.headers["tenor-officer-token"], request.headers["tenor-channel"]))
        items = msgpack.decode(await request.body(), type=Batch).commands
        seen.extend(item.request_id for item in items)
        codes = (None, Code.UNAVAILABLE, Code.PAYOUT_SETTLED)
        replies: list[Reply] = [Refused(code, "so") if code else Done(1, 2) for code in codes]
        return Response(msgpack.encode(Replies(replies)), media_type="application/msgpack")

    told = [Settlement(f"{n}-1-failed", SettlePayout(account=n, payout=1, status="failed")) for n in (1, 2, 3)]
    async with serving(Litestar([batch], openapi_config=None, logging_config=None)) as url:
        tell = GatewayTell(url, "secret token")
        verdicts = [verdict for verdict, _ in await tell.settle(told)]
        await tell.close()
    assert verdicts == [Verdict.DONE, Verdict.AGAIN, Verdict.REFUSED]
    assert seen == ["secret token", "payer", "1-1-failed", "2-1-failed", "3-1-failed"]
    assert {verdict for verdict, _ in await tell.settle(told)} == {Verdict.AGAIN}, "nobody answers"


async def test_payees_are_opened_for_the_bank_alone(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = await fresh_database(postgres.dsn)
    await asyncio.to_thread(migrate, dsn)
    register = Register(dsn, Keyring.load(tmp_path / "keys.json"))
    born = PersonalData("Zhang San", "11010519491231002X", "13800138000", date(1949, 12, 31))
    rows = person_rows(register.keyring, 7, born)
    rows.append(sealed_row(register.keyring, 7, "bank_account", 2, "", "6222020000000011"))
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table("secret", records=rows, columns=SecretRow._fields)
    await connection.close()
    payees, order = SealedPayees(register), PayoutOrder("7-1", 7, 1, "CNY", 5, "icbc", 2)
    payee = await payees.of(order)
    assert (payee.account_number, payee.holder) == ("6222020000000011", "Zhang San")
    assert "6222" not in repr(payee)
    with pytest.raises(PayeeUnknown):
        await payees.of(replace(order, bank_account=1))
    await register.close()


async def test_no_answer_is_no_failure() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        rail = BankHttp(f"http://127.0.0.1:{closed.getsockname()[1]}", Anybody(), timeout_seconds=1)
        order = PayoutOrder("1-1", 1, 1, "CNY", 5, "icbc", 1)
        assert (await rail.submit(order)).state is RailState.UNKNOWN
        assert (await rail.query("1-1")).state is RailState.UNKNOWN
        await rail.close()


async def test_a_bank_that_wants_another_protocol_gave_no_answer() -> None:
    async def switch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(switch, "127.0.0.1", 0) as server:
        rail = BankHttp(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", Anybody(), timeout_seconds=1)
        assert (await rail.query("1-1")).state is RailState.UNKNOWN
        await rail.close()


async def test_orders_that_cannot_be_reached_are_unavailable() -> None:
    session = Session("postgresql://nobody@127.0.0.1:1/none", "tenor-test", {})
    with pytest.raises(JournalUnavailable):
        await PostgresOrders(session).claim_asks(1, LEASE_SECONDS)
