"""A borrower from the first word to the last cent, on the real system: decided, reviewed, signed, paid out, erased."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from pypdf import PdfReader
from typer.testing import CliRunner, Result

from adapters.console.contracts import contract
from adapters.console.privacy import privacy
from adapters.console.proposals import proposal
from adapters.console.terminal import EXIT_FAILED, EXIT_NOT_FOUND, EXIT_REFUSED
from adapters.rails import bank_server
from adapters.rails.bank_api import Ownership
from adapters.verification.signatures import seals_of
from adapters.verification.verify import verify
from core.commands import PayOff, Repay
from core.identity import loan_id, slot_of
from core.origination.commands import (
    AddBankAccount,
    AddDocument,
    ClaimReview,
    DecideProposal,
    DecideReview,
    Draw,
    IdentifyBorrower,
    OfferContract,
    ReportSignal,
    RequestPayout,
    RestrictBorrower,
    SettlePayout,
    VerifyDocument,
)
from loadtests.applicants import OFFICER, known, with_check_digit
from loadtests.book import close_days
from tests.integration.lending import (
    BAD,
    GOOD,
    GRADUAL,
    LENIENT,
    MIDDLING,
    OPENED_ON,
    RETENTION_DAYS,
    SHARDS,
    Lending,
    lending,
    personal_data,
    token,
    until,
)
from tests.integration.planted import find_in_bytes, find_in_files, find_in_redis, find_plain

OWN = 10_000_00
BIG = 250_000_00
BURST, FUNDED = 24, 9
"""Loans of 70 % our own from a pool that pays for so many of them."""
LENT = 10_000_00
DECLINED, REFERRED, LARGE, OF_WANG = 1, 2, 3, 4
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def lender(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lending]:
    """Account 4 is officer Wang's own."""
    scores = {DECLINED: BAD, REFERRED: MIDDLING, LARGE: MIDDLING, OF_WANG: MIDDLING}
    async with lending(tmp_path_factory.mktemp("lending"), scores) as running:
        await running.desk.fund(running.system.postgres_dsn, "main", 10**12)
        await running.desk.fund(running.system.postgres_dsn, "partner-a", FUNDED * LENT * 7 // 10 + LENT // 2)
        yield running


async def test_rules_approve_decline_and_refer_and_say_why(lender: Lending) -> None:
    approved = lender.person()
    said = {approved: ("approved", "approve"), DECLINED: ("declined", "decline"), REFERRED: ("referred", "refer")}
    for account, (state, outcome) in said.items():
        await lender.meet(account)
        decided = await lender.apply(account)
        assert decided["state"] == state
        (application,) = (await lender.file(account))["applications"]
        verdict = application["verdict"]
        assert (application["status"], verdict["outcome"]) == (state, outcome)
        assert verdict["reasons"] == decided["reasons"] != []
        assert verdict["path"]
        assert verdict["inputs"]["bureau"]["score"] in (BAD, MIDDLING, GOOD)


async def test_an_application_waits_for_its_documents(lender: Lending) -> None:
    account = lender.person()
    for _ in range(2):
        # Sent again under the same request ids, it is the same.
        await lender.meet(account)
    decided = await lender.apply(account, 60_000_00)
    assert (decided["state"], decided["missing"]) == ("incomplete", ["income-proof|bank-statement|tax-record"])
    await lender.done(AddDocument(account=account, kind="income-proof", digest="0" * 64))
    verified = VerifyDocument(account=account, document=2, officer=OFFICER)
    assert await lender.refused(verified) == "401 officer_unauthenticated"
    assert (await lender.done(verified, officer=OFFICER))["state"] == "approved"


async def test_an_officer_decides_what_the_rules_refer(lender: Lending) -> None:
    claim = ClaimReview(account=REFERRED, application=1, officer="wang")
    decide = DecideReview(account=REFERRED, application=1, officer="wang", outcome="approve", note="income seen")
    assert REFERRED in await lender.queue()
    assert await lender.refused(claim) == "401 officer_unauthenticated"
    assert await lender.refused(claim, "li") == "401 officer_unauthenticated"
    assert await lender.refused(decide, "wang") == "409 review_not_claimed"
    await lender.done(claim, officer="wang")
    assert await lender.refused(replace(decide, officer="li"), "li") == "409 review_claimed"
    assert (await lender.done(decide, officer="wang"))["state"] == "approved"
    assert REFERRED not in await lender.queue()
    assert (await lender.file(REFERRED))["applications"][0]["approvals"] == ["wang"]


async def test_nobody_decides_on_their_own_case_or_above_their_grade(lender: Lending) -> None:
    await lender.meet(OF_WANG)
    assert (await lender.apply(OF_WANG))["state"] == "referred"
    claim = ClaimReview(account=OF_WANG, application=1, officer="wang")
    assert await lender.refused(claim, "wang") == "403 own_case"
    await lender.done(replace(claim, officer=OFFICER), officer=OFFICER)
    decide = DecideReview(account=OF_WANG, application=1, officer=OFFICER, outcome="approve", note="as usual")
    assert await lender.refused(decide, OFFICER) == "403 grade_insufficient"
    erase = RestrictBorrower(account=OF_WANG, officer=OFFICER, erase=True)
    assert await lender.refused(erase, OFFICER) == "403 role_insufficient"
    assert await lender.refused(replace(erase, officer="nobody"), "nobody") == "401 officer_unauthenticated"


async def test_a_large_loan_takes_two_officers(lender: Lending) -> None:
    await lender.meet(LARGE)
    await lender.prove(LARGE, "business-licence", "tax-record")
    assert (await lender.apply(LARGE, BIG))["state"] == "referred"
    states = []
    for officer in ("li", "zhao"):
        await lender.done(ClaimReview(account=LARGE, application=1, officer=officer), officer=officer)
        decide = DecideReview(account=LARGE, application=1, officer=officer, outcome="approve", note="income seen")
        states.append((await lender.done(decide, officer=officer))["state"])
        if officer == "li":
            again = ClaimReview(account=LARGE, application=1, officer=officer)
            assert await lender.refused(again, officer) == "403 own_case"
    assert states == ["referred", "approved"]


async def test_arrears_elsewhere_propose_other_terms_that_an_officer_accepts(
    lender: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await lender.borrow(product=LENIENT)
    await lender.pay_out(account)
    await lender.done(ReportSignal(account=account, kind="card_arrears", detail="two cards"))
    (waiting,) = (await lender.get("/v1/proposals", product=LENIENT)).json()
    assert (waiting["account"], waiting["change"], waiting["principal"]) == (account, "extend", 1_000_000)
    accept = DecideProposal(account=account, proposal=1, officer="wang", outcome="accept", note="agreed by phone")
    tried = await lender.simulate(accept)
    assert [each["type"] for each in tried["outcomes"][0]["events"]] == ["ProposalDecided", "TermsChanged"]
    assert await lender.refused(accept) == "401 officer_unauthenticated"
    monkeypatch.setenv("TENOR_HTTP_PORT", lender.system.base_url.rpartition(":")[2])
    said = ["accept", str(account), "1", "--officer", "wang", "--token", token("wang"), "--note", "agreed by phone"]
    for arguments in (["list"], said):
        shown = await asyncio.to_thread(CliRunner().invoke, proposal, arguments)
        assert shown.exit_code == 0, shown.output
        assert arguments is said or "10,000.00" in shown.output
    assert (await lender.get("/v1/proposals")).json() == []
    (decided,) = (await lender.file(account))["proposals"]
    assert (decided["status"], decided["officer"], decided["note"]) == ("accepted", "wang", "agreed by phone")
    schedule = (await lender.get(f"/v1/loans/{loan_id(account, 1)}/schedule")).json()["rows"]
    assert schedule == tried["loans"][0]["schedule"]
    assert len(schedule) == 8


async def test_what_is_signed_is_the_text_that_anybody_can_fetch(lender: Lending) -> None:
    account = lender.person()
    await lender.meet(account)
    await lender.apply(account)
    digest = (await lender.done(OfferContract(account=account, application=1)))["digest"]
    path = f"/v1/accounts/{account}/contracts/1"
    assert sha256((await lender.get(path)).content).hexdigest() == digest
    pdf = await lender.get(path, format="pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert digest in PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert find_in_bytes("contract", (await lender.get(path)).content, personal_data([account])) == []
    signature = lender.desk.sign(account, digest).command
    other_text, other_borrower = lender.desk.sign(account, "0" * 64), lender.desk.sign(account + 1, digest)
    for wrong in (other_text.command, replace(other_borrower.command, account=account), lender.forged(account, digest)):
        assert await lender.refused(wrong) == "422 signature_invalid"
    unsigned = RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1)
    assert await lender.refused(unsigned) == "404 loan_unknown"
    assert (await lender.done(signature))["loan"] == loan_id(account, 1)
    file = await lender.file(account)
    assert (file["agreements"][0]["signed_by"], file["applications"][0]["status"]) == (["borrower"], "contracted")


async def test_a_receipt_proves_a_contract_of_the_book_to_somebody_without_access(
    lender: Lending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await lender.borrow()
    text, receipt = tmp_path / "contract.html", tmp_path / "receipt.json"
    certificate, key = tmp_path / "lender.pem", tmp_path / "lender.key"
    monkeypatch.setenv("TENOR_POSTGRES_DSN", lender.system.postgres_dsn)
    monkeypatch.setenv("TENOR_HTTP_PORT", lender.system.base_url.rpartition(":")[2])

    async def tenor(*arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, contract, [str(each) for each in arguments])

    for said in (
        await tenor("ca", "issue", lender.desk.roots, "lender", tmp_path, "--on", OPENED_ON),
        await tenor("show", account, 1, text),
        await tenor("receipt", account, 1, receipt, "--certificate", certificate, "--key", key),
    ):
        assert said.exit_code == 0, said.output
    proven = await tenor("check-receipt", receipt, text, "--roots", lender.desk.roots)
    assert proven.exit_code == 0, proven.output
    assert "borrower on 2026-01-05" in proven.output
    assert find_in_bytes("receipt", receipt.read_bytes(), personal_data([account])) == []
    text.write_bytes(text.read_bytes().replace(b"6", b"9", 1))
    assert (await tenor("check-receipt", receipt, text, "--roots", lender.desk.roots)).exit_code == EXIT_FAILED
    unknown = await tenor("receipt", account, 2, receipt, "--certificate", certificate, "--key", key)
    assert unknown.exit_code == EXIT_NOT_FOUND


async def test_a_contract_is_signed_at_the_terminal(
    lender: Lending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = lender.person()
    await lender.meet(account)
    await lender.apply(account)
    await lender.done(OfferContract(account=account, application=1))
    monkeypatch.setenv("TENOR_HTTP_PORT", lender.system.base_url.rpartition(":")[2])
    read, other = tmp_path / "contract.html", tmp_path / "other.html"
    other.write_text("another text")

    async def tenor(*arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, contract, [str(each) for each in arguments])

    issued = await tenor("ca", "issue", lender.desk.roots, f"borrower {account}", tmp_path, "--on", OPENED_ON)
    assert issued.exit_code == 0, issued.output
    pair = [f"--{kind}={tmp_path}/borrower-{account}.{name}" for kind, name in (("certificate", "pem"), ("key", "key"))]
    assert (await tenor("show", account, 1, read)).exit_code == 0
    refused = await tenor("sign", account, 1, *pair, "--text", other)
    assert (refused.exit_code, "signature_invalid" in refused.output) == (EXIT_REFUSED, True)
    signed = await tenor("sign", account, 1, *pair, "--text", read, "--json")
    assert signed.exit_code == 0, signed.output
    assert msgspec.json.decode(signed.stdout)["loan"] == loan_id(account, 1)


async def test_a_loan_begins_when_the_bank_has_paid(lender: Lending) -> None:
    account = await lender.borrow(amount=OWN)
    booked = await lender.loan(account)
    assert (booked["status"], booked["principal"]) == ("booked", 0)
    payout = await lender.pay_out(account)
    assert (payout["amount"], payout["settled_on"]) == (OWN, OPENED_ON.isoformat())
    active = await lender.loan(account)
    assert (active["status"], active["principal"]) == ("active", OWN)
    assert [line.amount for line in lender.bank.statement() if line.order_number == f"{account}-1"] == [OWN]
    again = RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1)
    assert await lender.refused(again) == "409 loan_not_booked"
    assert len((await lender.get(f"/v1/loans/{active['loan']}/schedule")).json()["rows"]) == 6


async def test_only_the_payer_and_the_bank_say_what_became_of_a_payout(lender: Lending) -> None:
    account = await lender.borrow()
    settle = SettlePayout(account=account, payout=1, status="succeeded")
    assert await lender.refused(settle) == "401 officer_unauthenticated"
    assert await lender.refused(settle, "zhao") == "401 officer_unauthenticated"
    url = f"{lender.system.base_url}/v1/rails/bank/callback"
    notice = {"order_number": f"{account}-1", "state": "succeeded", "amount": 1}
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.post(url, json=notice, headers={"bank-signature": "0" * 64})).status_code == 404


async def test_a_payout_that_fails_can_be_asked_for_again(lender: Lending) -> None:
    account = await lender.borrow("fails")
    await lender.pay_out(account, "failed")
    loan = await lender.loan(account)
    assert loan["status"] == "booked"
    assert (await lender.pay_out(account))["order_number"] == f"{account}-2"
    assert [line.order_number for line in lender.bank.statement()].count(f"{account}-1") == 0


async def test_a_payout_that_comes_back_can_be_asked_for_again(lender: Lending) -> None:
    account = await lender.borrow("turns")
    await lender.pay_out(account, "returned")
    loan = await lender.loan(account)
    assert (loan["status"], loan["principal"]) == ("booked", 0)
    assert (await lender.pay_out(account))["order_number"] == f"{account}-2"
    moved = [line.amount for line in lender.bank.statement() if line.order_number.startswith(f"{account}-")]
    assert moved == [1_000_000, -1_000_000, 1_000_000]


async def test_a_pool_never_pays_more_than_it_holds(lender: Lending) -> None:
    product: dict[str, Any] = {"product": "consumer-installment", "installments": 12, "purpose": "household-goods"}
    accounts = await asyncio.gather(*(lender.borrow(amount=LENT, **product) for _ in range(BURST)))
    assert {slot_of(account) % SHARDS for account in accounts} == set(range(SHARDS))
    orders = {a: RequestPayout(account=a, loan=loan_id(a, 1), bank_account=1) for a in accounts}

    async def burst(what: str) -> dict[int, httpx.Response]:
        sent = await asyncio.gather(*(lender.send(order, f"{a}-{what}") for a, order in orders.items()))
        return dict(zip(orders, sent, strict=True))

    first = await burst("payout")
    said = Counter(reply.json().get("code", "done") for reply in first.values())
    assert set(said) == {"done", "pool_exhausted"}
    assert 0 < said["done"] <= FUNDED
    again = await burst("payout")
    assert {a: reply.json() for a, reply in again.items()} == {a: reply.json() for a, reply in first.items()}
    assert await lender.orders(accounts) == said["done"]

    async def used_up() -> bool:
        # What the other shard had leased comes back within seconds.
        for account, reply in first.items():
            if reply.status_code != 200:
                first[account] = await lender.send(orders[account])
        return await lender.orders(accounts) == FUNDED

    await until(used_up)
    used = await lender.fetch("SELECT sum(reserved + spent) FROM lease WHERE pool = 'partner-a'")
    assert used == [(FUNDED * LENT * 7 // 10,)]


async def test_two_draws_race_for_the_last_of_a_line(lender: Lending) -> None:
    account = lender.person()
    await lender.meet(account)
    line: dict[str, Any] = {"product": "pay-later", "installments": 3, "purpose": "shopping"}
    assert (await lender.apply(account, 1_000_00, **line))["state"] == "approved"
    await lender.sign(account)
    draws = [Draw(account=account, agreement=1, amount=600_00, installments=n, bank_account=1) for n in (3, 4)]
    replies = await asyncio.gather(*(lender.send(draw) for draw in draws))
    assert sorted(reply.json().get("code", "done") for reply in replies) == ["amount_above_contract", "done"]
    await lender.done(Draw(account=account, agreement=1, amount=400_00, installments=1, bank_account=1))
    assert await lender.refused(draws[0]) == "422 amount_above_contract"
    assert (await lender.get(f"/v1/accounts/{account}")).json()["available"] == 0


async def test_of_accounts_that_identify_one_person_at_once_one_has_them_until_they_are_erased(lender: Lending) -> None:
    accounts = [lender.person() for _ in range(8)]
    assert {slot_of(account) % SHARDS for account in accounts} == set(range(SHARDS))
    opened, identified, *_ = (order.command for order in known(accounts[0]))
    lender.seen.append(accounts[0])
    for account in accounts:
        await lender.done(replace(opened, account=account))
    asked = {account: replace(identified, account=account) for account in accounts}
    said = await asyncio.gather(*(lender.send(command) for command in asked.values()))
    codes = {account: reply.json().get("code", "") for account, reply in zip(asked, said, strict=True)}
    assert sorted(codes.values()) == ["", *["borrower_elsewhere"] * 7]
    (winner,) = (account for account, code in codes.items() if not code)
    loser = accounts[accounts.index(winner) - 1]
    assert await lender.refused(asked[loser]) == "409 borrower_elsewhere"
    await lender.done(RestrictBorrower(account=winner, officer="li", erase=True), officer="li")
    await lender.done(asked[loser])


def card_ending(account: int, end: str) -> str:
    """Return a card's number by whose end the bank of this machine says whose it is."""
    numbers = (with_check_digit(f"6222021{account:06}{place:05}") for place in range(100))
    return next(number for number in numbers if number.endswith(end))


async def test_the_bank_says_whose_a_bank_account_is_and_can_be_asked_again(
    lender: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = lender.person()
    await lender.meet(account)
    assert (await lender.apply(account))["state"] == "approved"
    await lender.sign(account)
    asked = list[Ownership]()

    def silent(each: Ownership) -> bool:
        asked.append(each)
        raise OSError("the bank does not know whether it is there")

    somebody_elses, nobody_knows, own = (card_ending(account, end) for end in ("00", "99", "11"))
    name = next(each.name for order in known(account) if isinstance(each := order.command, IdentifyBorrower))
    for place, number in enumerate((somebody_elses, nobody_knows, own), 2):
        with monkeypatch.context() as patch:
            if number == own:
                patch.setattr(bank_server, "belongs", silent)
            adding = AddBankAccount(account=account, bank="icbc", number=number, holder=name.lower())
            await lender.done(adding)
            assert await lender.refused(adding) == "409 bank_account_unverified"
        assert not (await lender.file(account))["bank_accounts"][place - 1]["verified"]
        paying = RequestPayout(account=account, loan=loan_id(account, 1), bank_account=place)
        assert await lender.refused(paying) == "409 bank_account_unverified"
    assert asked == [Ownership("icbc", own, name)] * 2
    await lender.done(adding)
    assert await lender.refused(adding) == "422 nothing_to_do"
    assert (await lender.file(account))["bank_accounts"][-1]["verified"]
    await lender.done(replace(paying, bank_account=5))


async def test_personal_data_is_found_nowhere(lender: Lending) -> None:
    await lender.published()
    personal = personal_data(lender.seen)
    for account in lender.seen[:3]:
        for path in ("", "/file", "/transactions"):
            shown = await lender.get(f"/v1/accounts/{account}{path}")
            assert find_in_bytes(path, shown.content, personal) == []
    assert await find_plain(lender.system.postgres_dsn, personal) == []
    assert await find_in_redis(lender.system.redis_url, personal) == []
    # What was written ahead and logged, too.
    assert find_in_files(Path(lender.system.settings.data_dir), personal_data(lender.seen[:4])) == []


async def test_an_installment_is_repaid_and_who_owes_nothing_can_be_forgotten(lender: Lending) -> None:
    account = await lender.borrow()
    await lender.pay_out(account)
    loan = loan_id(account, 1)
    (first, *_) = (await lender.get(f"/v1/loans/{loan}/schedule")).json()["rows"]
    await close_days(lender.system.base_url, date.fromisoformat(first["due_date"]))
    repaid = await lender.done(Repay(account=account, loan=loan, amount=first["total"]))
    assert (repaid["principal"], repaid["interest"], repaid["unapplied"]) == (first["principal"], first["interest"], 0)

    erase = RestrictBorrower(account=account, officer="li", erase=True)
    asked = await lender.done(erase, officer="li")
    assert (asked["status"], asked["erasable_on"]) == ("kept", None)
    assert await lender.secrets(account) > 0, "what is lent needs to know to whom"
    another = AddDocument(account=account, kind="income-proof", digest="1" * 64)
    assert await lender.refused(another) == "409 borrower_restricted"
    owed = (await lender.get(f"/v1/loans/{loan}/quote")).json()["to_pay"]
    await lender.done(PayOff(account=account, loan=loan, amount=owed))
    assert await lender.refused(erase, "li") == "409 erasure_not_due"
    assert await asyncio.to_thread(tenor_privacy, lender, "due") == {"due": []}

    today = date.fromisoformat((await lender.file(account))["business_date"])
    await close_days(lender.system.base_url, today + timedelta(days=RETENTION_DAYS))
    waiting = await asyncio.to_thread(tenor_privacy, lender, "due")
    assert [each["account"] for each in waiting["due"]] == [account]
    done = await asyncio.to_thread(tenor_privacy, lender, "erase", "--due", "--officer", "li", "--token", token("li"))
    assert done == {"erased": [account], "refused": []}
    assert (await lender.secrets(account), (await lender.file(account))["erased"]) == (0, True)
    assert (await lender.done(Repay(account=account, amount=100)))["unapplied"] == 100
    assert await lender.fetch("SELECT FROM contract_text WHERE account_id = $1", account) == [], "it named the borrower"


async def test_a_contract_is_paid_out_in_parts(lender: Lending) -> None:
    account = await lender.borrow(product=GRADUAL)
    request = RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1)
    assert (await lender.pay_out(account))["amount"] == 600_000
    assert await lender.refused(request) == "409 part_not_due"
    today = date.fromisoformat((await lender.file(account))["business_date"])
    await close_days(lender.system.base_url, today + timedelta(days=1))
    assert (await lender.pay_out(account))["amount"] == 400_000
    assert (await lender.loan(account))["principal"] == 1_000_000
    assert await lender.refused(request) == "409 loan_not_booked"


def tenor_privacy(lender: Lending, *arguments: str) -> Any:
    """Run `tenor privacy` on this lender's book and return what it prints."""
    settings = lender.system.settings
    env = {
        "TENOR_POSTGRES_DSN": lender.system.postgres_dsn,
        "TENOR_HTTP_PORT": lender.system.base_url.rpartition(":")[2],
        "TENOR_KEYS_FILE": settings.keys_file,
        "TENOR_RETENTION_DAYS": str(settings.retention_days),
    }
    said = CliRunner(env=env).invoke(privacy, [*arguments, "--json"])
    assert said.exit_code == 0, said.output
    return msgspec.json.decode(said.stdout)


async def test_all_of_it_is_proved(lender: Lending) -> None:
    seals = seals_of(lender.system.settings)
    report = await verify(lender.system.postgres_dsn, seals=seals)
    assert report.ok == 1, [check for check in report.checks if not check.ok]
    compared = {check.name: check.compared for check in report.checks}
    assert min(compared["credit_files"], compared["pools"]) > 0
    kept = [file for account in lender.seen if not (file := await lender.file(account))["erased"]]
    assert compared["signatures"] == sum(len(each["signed_by"]) for file in kept for each in file["agreements"]) > 0


# Each is its own inverse.
CORRUPTIONS = {
    "a credit file": "UPDATE credit_file SET body = set_byte(body, 9, 255 - get_byte(body, 9)) WHERE account_id = 2",
    "an application's status": "UPDATE application SET status = reverse(status) WHERE account_id = 2",
    "a payout's amount": "UPDATE payout_order SET amount = amount # 1 WHERE order_number LIKE '%-2'",
    "a contract's text": "UPDATE contract_text SET digest = reverse(digest) WHERE account_id > 20",
    "who signed": "UPDATE secret SET sealed = set_byte(sealed, 9, get_byte(sealed, 9) # 1) WHERE kind = 'certificate'",
    "that it is known who signed": "UPDATE secret SET kind = reverse(kind) WHERE kind ~ '^cert|^etac'",
    "whose certificate it is": "UPDATE secret SET number = number # 64 WHERE kind = 'certificate' AND account_id > 20",
    "what a pool spent": "UPDATE lease SET spent = spent # 1 WHERE pool = 'main' AND spent > 0",
}


@pytest.mark.parametrize("what", CORRUPTIONS)
async def test_a_planted_corruption_is_found(lender: Lending, what: str) -> None:
    changed = await lender.fetch(f"{CORRUPTIONS[what]} RETURNING 1")
    report = await verify(lender.system.postgres_dsn, processes=1, seals=seals_of(lender.system.settings))
    assert await lender.fetch(f"{CORRUPTIONS[what]} RETURNING 1") == changed != []
    found = {check.name: check.detail for check in report.checks if not check.ok}
    where = "pools" if "pool" in what else "signatures" if "who" in what else "credit_files"
    assert list(found) == [where]
    assert all(found.values())
