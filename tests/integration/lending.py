"""A lender for tests: a real system, officers, an authority, people whose answers are known, a bank that fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from adapters.catalogue.catalogue import SHIPPED
from adapters.contracts.signing import create_authority, issue
from adapters.house import BANK
from adapters.http.server import listen
from adapters.outlet_process import NAME
from adapters.postgres.outlet_source import events_behind
from adapters.privacy.keyring import Keyring, key_file
from adapters.rails.bank_ledger import BankLedger
from adapters.rails.bank_server import serve_bank
from adapters.rails.callbacks import CALLBACK_PATH
from adapters.rails.simulator import Bank, Conduct
from adapters.roster import OFFICER_TOKEN
from adapters.settings import Settings, SourceName, SourceSettings
from adapters.system import System
from core.commands import Command
from core.identity import loan_id
from core.origination.commands import AddDocument, Apply, OfferContract, RequestPayout, SignContract, VerifyDocument
from loadtests.applicants import OFFICER, PRODUCT, PURPOSE, card_number, identity_number, known
from loadtests.desk import Desk

OPENED_ON: Final = date(2026, 1, 5)
RETENTION_DAYS: Final = 2
CONDUCT: Final = Conduct(settle_seconds=0.05, turn_seconds=0.3, fail=25, turn=25, repeat_notice=30)
SHARDS: Final = 2
WAIT_SECONDS_MAX: Final = 30
PEOPLE: Final = range(1, 400)
ROUNDS: Final = (1, 2)
"""Payouts of a borrower that tests ask for."""
_ANSWERS: Final = {
    "income": {"monthly": 10**9},
    "debtor_list": {"listed": False},
    "sanctions": {"listed": False},
    "device": {"risk": 1},
}
_OFFICERS: Final = (
    # Name, role, what they approve, own account.
    (OFFICER, "loan_officer", 0, 0),
    ("wang", "loan_officer", 10_000_000, 4),
    ("li", "risk_officer", 30_000_000, 0),
    ("zhao", "risk_officer", 30_000_000, 0),
)
LENIENT, GRADUAL = "lenient-loan", "gradual-loan"
GOOD, MIDDLING, BAD = 800, 690, 600
"""Bureau scores that the classic policy approves, refers and declines."""


class Lending:
    """The system under test and what a channel does with it."""

    def __init__(self, system: System, desk: Desk, books: BankLedger, http: httpx.AsyncClient) -> None:
        self.system = system
        self.desk = desk
        self.home = desk.officers.parent
        self.bank = books
        self.seen: list[int] = []
        """Whose personal data went in."""
        self._http = http
        self._requests = 0
        self._people = {what: _behaving(what) for what in ("succeeds", "fails", "turns")}

    def person(self, bank: str = "succeeds") -> int:
        """Return somebody whom no test has used, by what the bank makes of the first payout."""
        return next(self._people[bank])

    async def send(self, command: Command, name: str = "", officer: str = "") -> httpx.Response:
        """Send a command, under a request id of its own if none is given, with an officer's token if one is."""
        self._requests += 1
        body: dict[str, Any] = msgspec.to_builtins(command)
        headers = {"Idempotency-Key": name or f"own-{self._requests}"}
        if officer:
            headers[OFFICER_TOKEN] = token(officer)
        return await self._http.post("/v1/" + body.pop("type").replace("_", "-"), json=body, headers=headers)

    async def done(self, command: Command, name: str = "", officer: str = "") -> Any:
        """Send what has to be carried out; return the reply."""
        response = await self.send(command, name, officer)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, command: Command, officer: str = "") -> str:
        """Send what has to be refused; return status and code."""
        response = await self.send(command, officer=officer)
        return f"{response.status_code} {response.json().get('code')}"

    async def get(self, path: str, **asked: str | int) -> httpx.Response:
        """Look at something."""
        response = await self._http.get(path, params=asked)
        assert response.status_code == 200, response.text
        return response

    async def simulate(self, command: Command) -> Any:
        """Try a command; nothing is done."""
        tried = {"commands": [msgspec.to_builtins(command)]}
        response = await self._http.post("/v1/simulate", json=tried)
        assert response.status_code == 200, response.text
        return response.json()

    async def file(self, account: int) -> Any:
        """Return a borrower's credit file."""
        return (await self.get(f"/v1/accounts/{account}/file")).json()

    async def loan(self, account: int) -> Any:
        """Return a borrower's only loan as the account's view has it."""
        (loan,) = (await self.get(f"/v1/accounts/{account}")).json()["loans"]
        return loan

    async def queue(self) -> list[int]:
        """Return whose applications wait for an officer."""
        return [each["account"] for each in (await self.get("/v1/reviews")).json()]

    async def meet(self, account: int) -> None:
        """Make a person known."""
        self.seen.append(account)
        for order in known(account):
            await self.done(order.command, order.request_id, OFFICER)

    async def prove(self, account: int, *kinds: str) -> None:
        """Hand in documents after the first, and have them verified."""
        for number, kind in enumerate(kinds, 2):
            digest = sha256(f"{kind} of {account}".encode()).hexdigest()
            await self.done(AddDocument(account=account, kind=kind, digest=digest))
            await self.done(VerifyDocument(account=account, document=number, officer=OFFICER), officer=OFFICER)

    async def apply(self, account: int, amount: int = 1_000_000, **others: Any) -> Any:
        """Apply for a quick loan, or as said."""
        wanted: dict[str, Any] = {"product": PRODUCT, "installments": 6, "purpose": PURPOSE} | others
        return await self.done(Apply(account=account, amount=amount, **wanted))

    async def sign(self, account: int) -> Any:
        """Have the contract of the first application offered, and sign it; return the reply."""
        offered = await self.done(OfferContract(account=account, application=1))
        return await self.done(self.desk.sign(account, offered["digest"]).command)

    def forged(self, account: int, digest: str) -> Command:
        """Return a borrower's signature with a certificate of an authority that nobody trusts."""
        stranger = issue(create_authority(self.home / "strangers", OPENED_ON), f"borrower {account}", OPENED_ON)
        return SignContract(
            account=account,
            agreement=1,
            signer="borrower",
            certificate=stranger.certificate,
            signature=stranger.sign(digest),
        )

    async def borrow(self, bank: str = "succeeds", **others: Any) -> int:
        """Have somebody new sign for a loan that is not paid out; return the account."""
        account = self.person(bank)
        await self.meet(account)
        assert (await self.apply(account, **others))["state"] == "approved"
        await self.sign(account)
        return account

    async def pay_out(self, account: int, wanted: str = "succeeded") -> Any:
        """Ask for the money and wait for the bank's last word; return the payout."""
        await self.done(RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1))

        async def settled() -> Any:
            payout = (await self.file(account))["payouts"][-1]
            return payout if payout["status"] == wanted else None

        return await until(settled)

    async def fetch(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        connection = await asyncpg.connect(self.system.postgres_dsn)
        try:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def secrets(self, account: int) -> int:
        """Return how much sealed personal data there is of a borrower."""
        return len(await self.fetch("SELECT FROM secret WHERE account_id = $1", account))

    async def orders(self, accounts: Sequence[int]) -> int:
        """Return how many payouts were ordered for these borrowers."""
        return len(await self.fetch("SELECT FROM payout_order WHERE account_id = ANY($1)", accounts))

    async def published(self) -> None:
        """Wait until Redis has all events."""
        connection = await asyncpg.connect(self.system.postgres_dsn)
        try:
            await until(lambda: _all_published(connection))
        finally:
            await connection.close()


async def _all_published(connection: asyncpg.Connection) -> bool:
    return not await events_behind(connection, NAME)


def personal_data(accounts: Iterable[int]) -> list[str]:
    """Return the numbers that must not be found anywhere."""
    return [number for each in accounts for number in (identity_number(each), card_number(each), f"138{each:08}")]


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Look until something is there, and return it."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.05)


def token(officer: str) -> str:
    """Return what proves an officer."""
    return f"token of {officer}"


@asynccontextmanager
async def lending(
    home: Path, scores: Mapping[int, int], sources: Mapping[SourceName, SourceSettings] | None = None
) -> AsyncIterator[Lending]:
    """Run a lender; people without a score here are good risks, and sources with settings are really asked."""
    listener, stop, books = listen("127.0.0.1", 0), asyncio.Event(), BankLedger()
    host, port = listener.getsockname()
    desk = Desk(_officers(home), home / "authority", "", create_authority(home / "authority", OPENED_ON))
    secret = home / "bank.secret"
    secret.write_text("shared with the bank")
    settings = Settings(
        data_dir=str(home / "book"),
        http_port=0,
        shards=SHARDS,
        business_date=OPENED_ON,
        retention_days=RETENTION_DAYS,
        bank_url=f"http://{host}:{port}",
        bank_secret_file=str(secret),
        keys_file=str(home / "keys.json"),
        sources_file=str(home / "sources.json"),
        sources=dict(sources or {}),
        products_dir=str(_products(home / "products")),
    )
    write_answers(settings, scores)
    system = System(desk.known_to(settings))
    callback = system.base_url + CALLBACK_PATH.replace("{rail:str}", BANK)
    serving = asyncio.create_task(serve_bank(Bank(books, CONDUCT, callback, secret.read_bytes()), listener, stop))
    try:
        async with system, httpx.AsyncClient(base_url=system.base_url, timeout=30) as http:
            yield Lending(system, desk, books, http)
    finally:
        stop.set()
        await serving
        books.close()


def _products(directory: Path) -> Path:
    """Write quick loans of the lender's own: one prolonged when other debts fall in arrears, one paid out in parts."""
    directory.mkdir()
    quick = (SHIPPED / f"{PRODUCT}.toml").read_text()
    for name, more in (
        (LENIENT, '[[signals]]\nkind = "card_arrears"\npropose = { what = "extend", installments = 2 }\n\n'),
        (GRADUAL, "later_parts = [{ ppb = 400_000_000, after_days = 1 }]\n\n"),
    ):
        own = quick.replace(f'name = "{PRODUCT}"', f'name = "{name}"', 1).replace("[licence]", f"{more}[licence]", 1)
        (directory / f"{name}.toml").write_text(own)
    return directory


def _officers(home: Path) -> Path:
    """Write the officers, each with a token of their own."""
    path = home / "officers.toml"
    path.write_text(
        "".join(
            f'[[officers]]\nname = "{name}"\nrole = "{role}"\napproves_up_to = {grade}\naccounts = [{own or ""}]\n'
            f'token_sha256 = "{sha256(token(name).encode()).hexdigest()}"\n'
            for name, role, grade, own in _OFFICERS
        )
    )
    return path


def write_answers(settings: Settings, scores: Mapping[int, int]) -> None:
    """Write what sources without settings say of everybody; without a score here it is a good one.

    All of it, since what a simulated source says of somebody depends on the keys of this book, new in each run.
    """
    index = Keyring.load(key_file(settings)).index

    def said(account: int) -> dict[str, Any]:
        answers = _ANSWERS | {"bureau": {"score": scores.get(account, GOOD)}}
        return {name: answer for name, answer in answers.items() if name not in settings.sources}

    everybody = {index(identity_number(each)): said(each) for each in PEOPLE}
    Path(str(settings.sources_file)).write_bytes(msgspec.json.encode(everybody))


def _behaving(what: str) -> Iterator[int]:
    """Yield people by what the bank makes of their first payout; every later one succeeds."""
    for account in PEOPLE[20:]:
        fails, turns = (
            [CONDUCT.hits(kind, share, f"{account}-{payout}") for payout in ROUNDS]
            for kind, share in (("fail", CONDUCT.fail), ("turn", CONDUCT.turn))
        )
        first = "fails" if fails[0] else "turns" if turns[0] else "succeeds"
        if first == what and not fails[1] and not turns[1]:
            yield account
