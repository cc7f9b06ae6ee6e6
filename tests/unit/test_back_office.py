"""A shard with a lender's house: when money is leased for a batch, and what a decision leaves beside its account."""

from collections.abc import Sequence
from datetime import date
from hashlib import blake2b

import pytest
from msgspec.json import decode as decode_json
from msgspec.structs import replace

from actors import staging
from actors.aside import aside_of
from actors.funding import Leases
from actors.house import Inquiry
from actors.messages import Decided, Done, Offered, Refused, Reply, encoder
from actors.protocols import OutcomeUnknown
from actors.queries import Simulate
from actors.rows import ContractTextRow, SecretRow
from adapters.memory_journal import Disk
from adapters.memory_treasury import MemoryTreasury, Pool
from core.commands import Command
from core.contract.changes import Holiday
from core.events import Event
from core.identity import loan_id
from core.origination.case import RECORDS_MAX
from core.origination.commands import (
    AddBankAccount,
    AddDocument,
    Apply,
    ChangeConsent,
    IdentifyBorrower,
    OfferContract,
    ReportSignal,
    RequestPayout,
    RestrictBorrower,
    SignContract,
    VerifyDocument,
)
from core.origination.events import PayoutRequested, SignalReported
from core.origination.file import CreditFile, Proposal
from core.origination.lender import NOTHING, Findings
from core.rejections import Code
from tests.unit.lender import BORN_ON, CARD, IDENTITY_NUMBER, JOINT, Borrowing, SmallLender, findings, signature_of
from tests.unit.running_shard import Bench, opening, with_shard

AMOUNT = 30_000
POOL = JOINT.funding.pool


class SmallHouse(SmallLender):
    """Implements actors.house.House on a disk's pools; counts its questions to the treasury and to sources."""

    def __init__(self, disk: Disk, free: int) -> None:
        super().__init__()
        self.asked = 0
        self.inquiries: list[Inquiry] = []
        self.sources_asked = list[str]()
        disk.vault.pools[POOL] = Pool(free, 1_000_000)
        self.leases = Leases(MemoryTreasury(disk.vault, self._count))

    async def _count(self) -> None:
        self.asked += 1

    @property
    def lender(self) -> SmallLender:
        return self

    @property
    def tried(self) -> SmallLender:
        return self

    def available(self, pool: str) -> int:
        return self.leases.available(pool)

    async def investigate(self, inquiries: Sequence[Inquiry], on: date) -> list[Findings]:
        self.inquiries += inquiries
        self.sources_asked += [type(each.command).__name__ for each in inquiries]
        return [findings(on)] * len(inquiries)

    def seal(self, account: int, kind: str, number: int, index: str, plain: str) -> SecretRow:
        return SecretRow(account, kind, number, index, b"sealed", 1)

    def seal_person(self, command: IdentifyBorrower) -> list[SecretRow]:
        return [self.seal(command.account, "person", 1, "", command.name)]

    def forget(self, account: int) -> None:
        raise AssertionError("nobody is erased here")

    def seal_text(self, account: int, agreement: int, digest: str, text: bytes) -> ContractTextRow:
        return ContractTextRow(account, agreement, digest, b"sealed", 1)

    def fingerprint(self, command: bytes) -> bytes:
        return blake2b(command, digest_size=16, key=b"of the house").digest()


def housed(running: Bench) -> SmallHouse:
    house = running.shard._house
    assert isinstance(house, SmallHouse)
    return house


def identify(account: int, number: str = "") -> IdentifyBorrower:
    return IdentifyBorrower(
        account=account,
        name="Li Hua",
        identity_number=number or f"P-{account:04}",
        phone="13800138000",
        born_on=BORN_ON,
        consents=("credit_query",),
    )


def known(account: int, *consents: str) -> tuple[Command, Command]:
    """Return what says who somebody is, and where money may go."""
    said = replace(identify(account), consents=consents or ("credit_query",))
    return said, AddBankAccount(account=account, bank="icbc", number=CARD, holder="Li Hua")


async def almost_signed(running: Bench, account: int) -> SignContract:
    """Bring a borrower up to the last signature, and return it."""
    await running.ask(
        *known(account),
        Apply(account=account, product=JOINT.name, amount=AMOUNT, installments=6),
    )
    (offered,) = await running.ask(OfferContract(account=account, application=1))
    assert isinstance(offered, Offered)
    first, last = [_signed(account, signer, offered.digest) for signer in JOINT.signers]
    await running.ask(first)
    return last


def _signed(account: int, signer: str, digest: str) -> SignContract:
    certificate = signer.encode()
    signature = signature_of(digest, certificate)
    return SignContract(account=account, agreement=1, signer=signer, certificate=certificate, signature=signature)


def request(account: int) -> RequestPayout:
    return RequestPayout(account=account, loan=loan_id(account, 1), bank_account=1)


def test_a_loan_is_paid_out_in_the_batch_that_makes_it() -> None:
    async def test(running: Bench) -> None:
        signed, requested = await running.ask(await almost_signed(running, 1), request(1))
        assert (type(signed), type(requested)) == (Done, Done)
        assert len(running.disk.payouts) == 1

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))


def test_an_empty_pool_is_asked_once_for_a_batch() -> None:
    async def test(running: Bench) -> None:
        for account in (2, 3):
            await running.ask(opening(account))
        await running.ask(*[await almost_signed(running, account) for account in (1, 2, 3)])
        asked = housed(running).asked
        for reply in await running.ask(*[request(account) for account in (1, 2, 3)]):
            assert isinstance(reply, Refused)
            assert reply.code is Code.POOL_EXHAUSTED
        assert housed(running).asked == asked + 1
        assert running.disk.payouts == {}

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_a_failed_check_lets_no_money_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(running: Bench) -> None:
        await running.ask(await almost_signed(running, 1))

        def broken(event: Event) -> list[object]:
            assert not isinstance(event, PayoutRequested), "does not balance"
            return []

        monkeypatch.setattr(staging, "journalize", broken)
        refused, _ = await running.ask(request(1), opening(2))
        assert isinstance(refused, Refused)
        assert refused.code is Code.ACCOUNT_SUSPENDED
        assert running.disk.payouts == {}
        assert running.disk.vault.pools[POOL].free == 1_000_000 - housed(running).available(POOL)

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))


def code_of(reply: Reply) -> Code | None:
    return reply.code if isinstance(reply, Refused) else None


def test_a_person_has_one_account() -> None:
    async def test(running: Bench) -> None:
        asked = opening(2), identify(1, IDENTITY_NUMBER), identify(2, IDENTITY_NUMBER)
        opened, first, second = await running.ask(*asked)
        assert [code_of(each) for each in (opened, first, second)] == [None, None, Code.BORROWER_ELSEWHERE]
        (later,) = await running.ask(identify(2, IDENTITY_NUMBER))
        assert code_of(later) is Code.BORROWER_ELSEWHERE
        (other,) = await running.ask(identify(2))
        assert code_of(other) is None
        assert set(running.disk.people.values()) == {1, 2}

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_who_is_opened_and_identified_in_one_batch_has_a_bank_account_verified_in_it_too() -> None:
    async def test(running: Bench) -> None:
        card = AddBankAccount(account=2, bank="icbc", number=CARD, holder="Li Hua")
        assert all(isinstance(each, Done) for each in await running.ask(opening(2), identify(2), card))
        (asked,) = housed(running).inquiries
        assert asked.borrower is not None
        assert asked.index == housed(running).index(asked.borrower.identity_number)

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_what_cannot_be_anybody_claims_nobody() -> None:
    async def test(running: Bench) -> None:
        wrong = replace(identify(1, IDENTITY_NUMBER), phone="1")
        nowhere = identify(9, IDENTITY_NUMBER)
        replies = await running.ask(wrong, nowhere)
        assert [code_of(each) for each in replies] == [Code.PHONE_INVALID, Code.ACCOUNT_UNKNOWN]
        assert running.disk.people == {}

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_an_account_that_is_suspended_claims_nobody() -> None:
    async def test(running: Bench) -> None:
        running.disk.suspended[1] = "planted"
        # The shard forgets what it has in memory.
        running.journal.faults.append(OutcomeUnknown("lost"))
        await running.ask(opening(2))
        (reply,) = await running.ask(identify(1, IDENTITY_NUMBER))
        assert code_of(reply) is Code.ACCOUNT_SUSPENDED
        assert running.disk.people == {}

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_of_two_people_said_of_one_account_in_a_batch_the_first_is_the_borrower_and_the_other_stays_free() -> None:
    async def test(running: Bench) -> None:
        first, second, _ = await running.ask(identify(1, "P-AAAA"), identify(1, "P-BBBB"), opening(2))
        assert (code_of(first), code_of(second)) == (None, Code.BORROWER_KNOWN)
        (other,) = await running.ask(identify(2, "P-BBBB"))
        assert code_of(other) is None

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_a_claim_whose_commit_failed_is_found_again_by_its_account() -> None:
    async def test(running: Bench) -> None:
        running.journal.faults.append(OutcomeUnknown("lost"))
        (reply,) = await running.ask(identify(1, IDENTITY_NUMBER))
        assert code_of(reply) is None

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


def test_a_trial_says_that_somebody_has_an_account_and_claims_nobody() -> None:
    async def test(running: Bench) -> None:
        async def tried(account: int) -> str:
            query = Simulate(commands=(identify(account, IDENTITY_NUMBER),))
            answer = await running.shard.read(encoder.encode(query))
            return str(decode_json(answer[1:])["outcomes"][0]["reply"].get("code"))

        await running.ask(opening(2))
        assert (await tried(1), running.disk.people) == ("None", {})
        await running.ask(identify(1, IDENTITY_NUMBER))
        assert await tried(2) == Code.BORROWER_ELSEWHERE

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 0))


async def asked_for(running: Bench, command: Command) -> list[str]:
    """Return for which commands sources are asked when this one comes."""
    asked = housed(running).sources_asked
    asked.clear()
    await running.ask(command)
    return list(asked)


def test_sources_are_asked_only_for_what_is_decided_on_their_answers() -> None:
    apply = Apply(account=1, product="cash", amount=AMOUNT, installments=6)
    identity = AddDocument(account=1, kind="identity-card", digest="1" * 64)
    letter = AddDocument(account=1, kind="letter", digest="2" * 64)

    async def test(running: Bench) -> None:
        await running.ask(*known(1, "marketing"))
        assert await asked_for(running, apply) == [], "no consent"
        await running.ask(ChangeConsent(account=1, purpose="credit_query", given=True))
        assert await asked_for(running, replace(apply, product="gold")) == []
        assert await asked_for(running, replace(apply, amount=1)) == [], "out of range"
        assert await asked_for(running, apply) == [], "documents are missing"
        assert await asked_for(running, apply) == [], "a duplicate"
        await running.ask(identity, letter)
        assert await asked_for(running, VerifyDocument(account=1, document=2, officer="lin")) == []
        assert await asked_for(running, VerifyDocument(account=1, document=1, officer="lin")) == ["VerifyDocument"]
        assert await asked_for(running, replace(apply, product="line")) == ["Apply"]
        assert await asked_for(running, request(1)) == [], "there is no such loan"
        await running.ask(RestrictBorrower(account=1, officer="lin"))
        assert await asked_for(running, replace(apply, product="joint")) == [], "restricted"

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))


def test_what_becomes_decidable_in_its_batch_is_decided_on_answers() -> None:
    async def test(running: Bench) -> None:
        digest = "1" * 64
        *_, applied = await running.ask(
            *known(1),
            AddDocument(account=1, kind="identity-card", digest=digest),
            VerifyDocument(account=1, document=1, officer="lin"),
            Apply(account=1, product="cash", amount=AMOUNT, installments=6),
        )
        assert isinstance(applied, Decided)
        assert applied.state == "approved"

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))


def test_a_trial_asks_sources_once_and_only_if_it_looks_at_their_answers() -> None:
    apply = Apply(account=1, product="cash", amount=AMOUNT, installments=6)

    async def tried(running: Bench, *commands: Command) -> tuple[list[str], list[str]]:
        asked = housed(running).sources_asked
        asked.clear()
        framed = await running.shard.read(encoder.encode(Simulate(commands)))
        assert framed[0] == 1, framed
        return list(asked), [outcome["reply"].get("state", "") for outcome in decode_json(framed[1:])["outcomes"]]

    async def test(running: Bench) -> None:
        await running.ask(*known(1), AddDocument(account=1, kind="identity-card", digest="1" * 64))
        verify = VerifyDocument(account=1, document=1, officer="lin")
        assert await tried(running, apply) == ([], ["incomplete"])
        assert await tried(running, verify, apply) == (["Apply"], ["", "approved"])

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))


def test_signals_that_can_propose_nothing_more_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    proposal = Proposal(1, 1, Holiday(installments=1), "card_arrears", 1, JOINT.name, 1, BORN_ON)
    signal = ReportSignal(account=7, kind="card_arrears", detail="two cards")
    reported, house = SignalReported(BORN_ON, signal.kind, signal.detail), SmallHouse(Disk(BORN_ON), 0)
    for count, said in ((RECORDS_MAX - 1, 0), (RECORDS_MAX, 1)):
        account = replace(Borrowing(account=7).account, file=CreditFile(proposals=(proposal,) * count))
        aside_of(house, signal, account, [reported], NOTHING)
        assert len(caplog.messages) == said
    assert caplog.messages == ["account 7: a credit file holds at most 1000 proposals: signals propose nothing more"]


def test_a_text_that_cannot_be_made_is_refused_and_offered_to_the_same_request_later() -> None:
    async def test(running: Bench) -> None:
        await running.ask(*known(1), Apply(account=1, product=JOINT.name, amount=AMOUNT, installments=6))
        offer = OfferContract(account=1, application=1)
        housed(running).broken = True
        (refused,) = await running.ask(offer, key="offer")
        assert isinstance(refused, Refused)
        assert refused.code is Code.CONTRACT_TEXT_FAILED
        housed(running).broken = False
        (offered,) = await running.ask(offer, key="offer")
        assert isinstance(offered, Offered)

    with_shard(test, open_house=lambda disk: SmallHouse(disk, 1_000_000))
