"""A small lender in code: three products, officers, simple rules, and a borrower's life with it."""

from copy import copy
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from core.account import Account
from core.commands import Command, OpenAccount
from core.contract.changes import Holiday
from core.contract.servicing import Fee, FeeWhen, Prepayment, Price
from core.contract.terms import Rate, Terms
from core.cost.caps import Index, Quote
from core.decide import decide
from core.decision import Decision
from core.events import Event
from core.identity import loan_id
from core.money import Minor
from core.origination.commands import (
    AddBankAccount,
    Apply,
    IdentifyBorrower,
    OfferContract,
    RequestPayout,
    SettlePayout,
    SignContract,
)
from core.origination.file import Agreement, Application, CreditFile, Outcome, Verdict
from core.origination.lender import Findings, Officer, Role
from core.origination.product import (
    Clause,
    Funding,
    Kind,
    LaterPart,
    Payouts,
    Product,
    Range,
    Requirement,
    Review,
    Share,
    SignalRule,
    Template,
)
from core.rejections import Rejection
from core.servicing.advance import advance

START = date(2024, 1, 31)
CARD, OTHER_CARD = "6222020000000000000", "4111111111111111"
IDENTITY_NUMBER, BORN_ON = "11010519491231002X", date(1949, 12, 31)
LOAN = Product(
    name="cash",
    version=1,
    title="Cash loan",
    effective_from=date(2024, 1, 1),
    currency="CNY",
    amount=Range(least=1_000, most=500_000),
    installments=Range(least=1, most=24),
    terms=Terms(principal=1, rate=Rate(120_000_000), installments=1, prepayment=Prepayment(fee_ppb=10_000_000)),
    purposes=("any", "stocking"),
    documents=(
        Requirement(kinds=("identity-card",)),
        Requirement(kinds=("purchase-contract", "quotation"), purposes=("stocking",)),
        Requirement(kinds=("income-proof",), from_amount=300_000),
    ),
    rules="classic",
    review=Review(claim_days=2, second_officer_from=200_000),
    apply_days=30,
    offer_days=7,
    templates=(Template(name="small", to_amount=100_000, to_installments=12), Template(name="large")),
    clauses=(
        Clause(name="prepayment_fee_ppb", least=0, most=20_000_000),
        Clause(name="grace_days", least=0, most=5),
        Clause(name="rate_ppb", least=100_000_000, most=150_000_000),
    ),
    funding=Funding(pool="main"),
    payouts=Payouts(daily_max=400_000, exposure_max=600_000, cooling_off_days=7),
)
LINE = replace(
    LOAN,
    name="line",
    kind=Kind.LINE,
    amount=Range(least=1_000, most=100_000),
    documents=(),
    clauses=(),
    review=Review(),
)
JOINT = replace(
    LOAN,
    name="joint",
    terms=replace(LOAN.terms, fees=(Fee(name="arrangement", when=FeeWhen.WITHHELD, price=Price(flat=1_000)),)),
    documents=(),
    signers=("borrower", "guarantor"),
    rate_ppb=Range(least=50_000_000, most=240_000_000),
    clauses=(),
    signals=(
        SignalRule(kind="card_arrears", propose=Holiday(installments=1)),
        SignalRule(kind="card_arrears", months=3),
    ),
    funding=Funding(
        pool="joint", shares=(Share(funder="own", ppb=300_000_000), Share(funder="north-bank", ppb=700_000_000))
    ),
)
PARTS = replace(
    LOAN,
    name="parts",
    documents=(),
    review=Review(),
    clauses=(),
    signals=JOINT.signals,
    later_parts=(LaterPart(ppb=300_000_000, after_days=3), LaterPart(ppb=200_000_000, after_days=6)),
)
OFFICERS = (
    Officer(name="lin", role=Role.LOAN_OFFICER, approves_up_to=100_000, accounts=(9,)),
    Officer(name="ren", role=Role.RISK_OFFICER, approves_up_to=500_000),
    Officer(name="rao", role=Role.RISK_OFFICER, approves_up_to=500_000),
    Officer(name="ada", role=Role.ADMINISTRATOR, approves_up_to=500_000),
    Officer(name="bo", role=Role.BORROWER),
    Officer(name="sun", role=Role.LOAN_OFFICER, approves_up_to=100_000, accounts=(1,)),
)
PERSON = {"name": "Li Hua", "identity_number": "1101**********002X", "phone": "138****8000"}


def findings(on: date, score: int = 700, **answers: Any) -> Findings:
    """Return good answers of all sources, of this day; or others."""
    said: dict[str, Any] = {
        "applicant": {"age": 40},
        "bureau": {"score": score},
        "income": {"monthly": 2_000_000},
        "debtor_list": {"listed": False},
        "sanctions": {"listed": False},
        "device": {"risk": 1},
        "bank_account": {"belongs": True},
        "person": {"elsewhere": False},
    } | answers
    said = {source: answer for source, answer in said.items() if answer is not None}
    return Findings(said, as_of=dict.fromkeys(said, on), person=PERSON)


class SmallLender:
    """Implements core.origination.lender.Lender: score from 650 on approves, below 600 declines, else refers."""

    retention_days = 3653
    indexes: tuple[Index, ...] = (Index("LPR_1Y", date(2028, 12, 31), (Quote(date(2025, 5, 20), 30_000_000),)),)

    def __init__(self, *products: Product) -> None:
        self.products = products or (LOAN, LINE, JOINT)
        self.pools = {"main": 1_000_000, "joint": 1_000_000}
        self.broken = False
        """No text can be made."""

    def product(self, name: str, on: date, version: int = 0) -> Product | None:
        """See Lender."""
        fits = [each for each in self.products if each.name == name and version in (0, each.version)]
        return max((each for each in fits if each.effective_from <= on), key=lambda each: each.version, default=None)

    def officer(self, name: str) -> Officer | None:
        """See Lender."""
        return next((each for each in OFFICERS if each.name == name), None)

    def assess(self, product: Product, inputs: dict[str, Any], on: date) -> Verdict:
        """See Lender."""
        score = inputs.get("bureau", {}).get("score", 620)
        outcome = Outcome.APPROVE if score >= 650 else Outcome.DECLINE if score < 600 else Outcome.REFER
        return Verdict(outcome, (f"score_{outcome}",), product.rules, 1, msgspec.json.encode(inputs), ("score",))

    def challenge(self, product: Product, inputs: dict[str, Any], on: date, key: int) -> Verdict | None:
        """See Lender: a challenger sees every second borrower."""
        return replace(self.assess(product, inputs, on), version=2) if key % 2 == 0 else None

    def render(
        self, template: str, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> bytes | None:
        """See Lender."""
        if self.broken:
            return None
        return repr((template, replace(agreement, digest=""), application.number, product.version, person)).encode()

    def verifies(self, digest: str, certificate: bytes, signature: bytes, on: date, subject: str) -> str:
        """See Lender: a signature is the hash of certificate and digest."""
        return "" if signature == signature_of(digest, certificate) else "the signature is not over this contract"

    def revoked(self, certificate: bytes, on: date) -> str:
        """See Lender: a certificate says itself that it was taken back."""
        return "the certificate was withdrawn" if certificate.startswith(b"withdrawn") else ""

    def available(self, pool: str) -> int:
        """See Lender."""
        return self.pools[pool]

    def index(self, text: str) -> str:
        """See Lender."""
        return sha256(text.encode()).hexdigest()


def signature_of(digest: str, certificate: bytes) -> bytes:
    """Return what SmallLender takes for a signature."""
    return sha256(certificate + digest.encode()).digest()


class Borrowing:
    """An account with a lender: its state, every event with its number, what sources say today."""

    def __init__(self, lender: SmallLender | None = None, account: int = 1, credit_limit: int = 0) -> None:
        self.lender = lender or SmallLender()
        self.on = START
        self.number = account
        self.history: list[tuple[int, Event]] = []
        self.said: dict[str, Any] = {}
        opening = decide(None, OpenAccount(account=account, currency="CNY", credit_limit=credit_limit), START)
        assert isinstance(opening, Decision)
        self._take(opening)

    @property
    def file(self) -> CreditFile:
        """What precedes the loans."""
        return self.account.file

    def copy(self) -> Self:
        """Return a life that goes on from here by itself."""
        other = copy(self)
        other.lender, other.history, other.said = copy(self.lender), list(self.history), dict(self.said)
        return other

    def loan(self, number: int) -> int:
        """Return a loan's id."""
        return loan_id(self.number, number)

    def findings(self) -> Findings:
        """Return what sources say."""
        return findings(self.on, **self.said)

    def ask(self, command: Command, found: Findings | None = None) -> Rejection | tuple[Event, ...]:
        """Decide a command on the current date; return its events, or why it is refused."""
        found = self.findings() if found is None else found
        decided = decide(self.account, command, self.on, self.history, lender=self.lender, findings=found)
        if isinstance(decided, Rejection):
            return decided
        assert all(event.on == self.on for event in decided.events), "nothing comes of a command before its day"
        self._take(decided)
        return decided.events

    def do(self, *commands: Command) -> None:
        """Ask for commands that are not refused."""
        for command in commands:
            refused = self.ask(command)
            assert not isinstance(refused, Rejection), refused

    def wait(self, days: int) -> None:
        """Let days pass."""
        self.on += timedelta(days=days)
        self._take(advance(self.account, self.on))

    def _take(self, decision: Decision) -> None:
        assert decision.account is not None
        self.account: Account = decision.account
        self.history += enumerate(decision.events, len(self.history) + 1)

    def identify(self) -> None:
        """Say who the borrower is, and where money may go."""
        self.do(
            IdentifyBorrower(
                account=self.number,
                name="Li Hua",
                identity_number=IDENTITY_NUMBER,
                phone="13800138000",
                born_on=BORN_ON,
                consents=("credit_query",),
            ),
            AddBankAccount(account=self.number, bank="icbc", number=CARD, holder="Li Hua"),
        )

    def sign(self, agreement: int, signer: str = "borrower") -> SignContract:
        """Return the command by which somebody signs."""
        digest, certificate = self.file.agreements[agreement - 1].digest, f"of {signer}".encode()
        signature = signature_of(digest, certificate)
        return SignContract(
            account=self.number, agreement=agreement, signer=signer, certificate=certificate, signature=signature
        )

    def contract(self, application: int) -> int:
        """Offer and sign an approved application's contract; return its number."""
        self.do(OfferContract(account=self.number, application=application))
        agreement = self.file.agreements[-1]
        product = self.lender.product(agreement.product, self.on, agreement.version)
        assert product is not None
        for signer in product.signers:
            self.do(self.sign(agreement.number, signer))
        return agreement.number

    def borrow(self, amount: int, installments: int = 6, product: str = "joint") -> int:
        """Apply, sign, and have the money paid out; return the loan's number."""
        self.do(Apply(account=self.number, product=product, amount=amount, installments=installments))
        self.contract(len(self.file.applications))
        number = len(self.account.loans)
        self.do(RequestPayout(account=self.number, loan=self.loan(number), bank_account=1))
        self.do(SettlePayout(account=self.number, payout=len(self.file.payouts), status="succeeded"))
        return number


def paid_out(borrowing: Borrowing) -> Minor:
    """Return what left and did not come back."""
    return Minor(sum(each.amount for each in borrowing.file.payouts if each.status == "succeeded"))
