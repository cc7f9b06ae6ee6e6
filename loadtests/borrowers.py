"""Real applicants (credit_data, 4,454 consumer loans of the past) apply, are decided, and borrow: a book of their own.

Each published unit of money is taken as 100.00; those whose amount and term the product offers apply.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from adapters.catalogue.catalogue import load_catalogue
from adapters.privacy.keyring import Keyring, key_file
from adapters.rules.published import Case, credit_data
from adapters.settings import Settings
from adapters.system import System
from adapters.verification.verify import verify
from core.commands import Repay
from core.contract.terms import installment_total
from core.identity import loan_id
from core.origination.commands import Apply
from core.origination.product import needs_two_officers
from loadtests import ledger
from loadtests.applicants import identity_number, introduced
from loadtests.book import Progress, carry_out, close_days, trial_difference
from loadtests.client import AS_JSON, Client, Order
from loadtests.desk import RISK_OFFICER, Desk
from loadtests.originate import CHANNEL, answers, lend, paid_twice, send
from loadtests.results import Borrowing

PRODUCT: Final = "consumer-installment"
PURPOSE: Final = "household-goods"
POOL: Final = "partner-a"
POOL_BALANCE: Final = 10**11
SCALE: Final = 100
"""Of the published amounts, which are in units of 1.00 there."""
AMOUNTS: Final = range(2_000_00, 200_000_00 + 1)
TERMS: Final = range(6, 37)
OPENED_ON: Final = date(2026, 1, 5)
BATCH: Final = 250
PAPERS: Final = ("identity-card", "income-proof")


async def borrow(settings: Settings, home: Path, contracts: Path, progress: Progress) -> Borrowing:
    """Play it on a book of its own; the first contract is written into a directory, as HTML and PDF."""
    cases = [each for each in credit_data() if _offered(each)]
    desk = Desk.made(home)
    own = replace(settings, data_dir=str(home / "book"), business_date=OPENED_ON)
    own = replace(desk.known_to(own), sources_file=str(_answers(cases, own, home)))
    async with AsyncExitStack() as running:
        system = await running.enter_async_context(System(own, lambda what: progress(what, 1, 1)))
        await desk.fund(system.postgres_dsn, POOL, POOL_BALANCE)
        return await _Play(system, desk, cases, contracts, progress).run()


class _Play:
    """One run."""

    def __init__(self, system: System, desk: Desk, cases: list[Case], contracts: Path, progress: Progress) -> None:
        self._system = system
        self._url = system.base_url
        self._desk = desk
        self._cases = dict(enumerate(cases, 1))
        self._contracts = contracts
        self._progress = progress

    async def run(self) -> Borrowing:
        """Apply, decide, review, sign, pay out, repay the first installment, prove."""
        people = (list(_known(number, case)) for number, case in self._cases.items())
        await carry_out(self._url, people, 7 * len(self._cases), self._progress, "applicants", self._desk.proof)
        applying = (_apply(number, case) for number, case in self._cases.items())
        sent = await send(self._url, applying, len(self._cases), BATCH, self._progress, "applications")
        decided = dict(answers(sent))
        approved = [account for account, answer in decided.items() if answer.state == "approved"]
        reviewed = await self._review()
        lent = await lend(self._system, self._desk, [*approved, reviewed], BATCH, self._progress)
        await self._keep_contract(reviewed)
        repaid = await self._first_installments()
        checks = (await verify(self._system.postgres_dsn, self._progress)).checks
        states = Counter(answer.state for answer in decided.values())
        return Borrowing(
            applicants=len(decided),
            approved=states["approved"],
            declined=states["declined"],
            referred=states["referred"],
            reasons=dict(Counter(reason for answer in decided.values() for reason in answer.reasons).most_common(8)),
            bad_of_all=_bad(self._cases.values()),
            bad_of_approved=_bad(self._cases[account] for account in approved),
            reviewed=reviewed,
            contract=str(self._contracts / "contract.html"),
            paid_out=lent.disbursed,
            paid_twice=await paid_twice(self._system.paying.bank_url),
            first_installments=repaid,
            trial_balance=await trial_difference(self._url),
            verify=int(all(check.ok for check in checks)),
        )

    async def _review(self) -> int:
        """Have an officer approve the first application in the queue that takes one only; return its account."""
        product = load_catalogue().product(PRODUCT, OPENED_ON)
        assert product is not None
        waiting = await self._get("/v1/reviews?limit=100")
        first = next(each for each in waiting if not needs_two_officers(product, each["amount"]))
        case = {"account": first["account"], "application": first["application"], "officer": RISK_OFFICER}
        await self._post("/v1/claim-review", case)
        await self._post("/v1/decide-review", case | {"outcome": "approve", "note": "income seen on paper"})
        return int(first["account"])

    async def _keep_contract(self, account: int) -> None:
        self._contracts.mkdir(parents=True, exist_ok=True)
        async with Client(self._url, CHANNEL) as client:
            for kind in ("html", "pdf"):
                path = f"/v1/accounts/{account}/contracts/1?format={kind}"
                (self._contracts / f"contract.{kind}").write_bytes(await client.call("GET", path))

    async def _first_installments(self) -> int:
        """Close the days up to the first due date, and repay what falls due; return how many did."""
        due = await ledger.first_due(self._system.postgres_dsn)
        await close_days(self._url, max(row.due_date for row in due.values()))
        orders = [
            [Order(f"{account}-first", Repay(account=account, loan=loan_id(account, 1), amount=installment_total(row)))]
            for account, row in due.items()
        ]
        await carry_out(self._url, orders, len(orders), self._progress, "first installments")
        return len(orders)

    async def _get(self, path: str) -> Any:
        async with Client(self._url, CHANNEL) as client:
            return msgspec.json.decode(await client.call("GET", path))

    async def _post(self, path: str, body: dict[str, object]) -> None:
        key = sha256(f"{path} {body}".encode()).hexdigest()
        async with Client(self._url, CHANNEL, self._desk.proof) as client:
            headers = f"{AS_JSON}Idempotency-Key: {key}\r\n"
            await client.call("POST", path, msgspec.json.encode(body), headers)


def _known(number: int, case: Case) -> Iterator[Order]:
    return introduced(number, f"Applicant {number}", _born_on(case), PAPERS)


def _apply(number: int, case: Case) -> Order:
    wanted = case.inputs["application"]
    amount, installments = wanted["amount"] * SCALE, wanted["installments"]
    asked = Apply(account=number, product=PRODUCT, amount=amount, installments=installments, purpose=PURPOSE)
    return Order(f"{number}-apply", asked)


def _offered(case: Case) -> bool:
    wanted = case.inputs["application"]
    return wanted["amount"] * SCALE in AMOUNTS and wanted["installments"] in TERMS


def _answers(cases: list[Case], settings: Settings, home: Path) -> Path:
    """Write what bureau and income service say of these people, by the keyed hash that the new book will use."""
    keyring = Keyring.load(key_file(settings))
    said = {
        keyring.index(identity_number(number, _born_on(case))): {
            "bureau": case.inputs["bureau"],
            "income": {name: value * SCALE for name, value in case.inputs["income"].items()},
            "debtor_list": case.inputs["debtor_list"],
            "sanctions": case.inputs["sanctions"],
            "device": case.inputs["device"],
        }
        for number, case in enumerate(cases, 1)
        if not case.inputs["missing"]
    }
    path = home / "sources.json"
    path.write_bytes(msgspec.json.encode(said))
    return path


def _born_on(case: Case) -> date:
    return OPENED_ON - timedelta(days=366 * int(case.inputs["applicant"]["age"]))


def _bad(cases: Any) -> float:
    """Return the share of loans that ended badly, in per cent."""
    ended = [case.good for case in cases]
    return round(100 * ended.count(False) / max(1, len(ended)), 1)
