"""Every refusal of what precedes a loan, reached once; none of them changes anything."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from core.account import BY_SIGNAL
from core.commands import BookLoan, Command, FreezeAccount, RefundUnapplied, Repay, Reverse, SetCreditLimit
from core.decide import decide
from core.events import UnappliedRefunded
from core.origination.case import RECORDS_MAX
from core.origination.commands import (
    AddBankAccount,
    AddDocument,
    AmendApplication,
    Apply,
    AskForReview,
    ChangeConsent,
    ClaimReview,
    DecideProposal,
    DecideReview,
    Draw,
    IdentifyBorrower,
    OfferContract,
    ReleaseReview,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SettlePayout,
    SignContract,
    VerifyDocument,
    WithdrawApplication,
)
from core.origination.lender import NOTHING
from core.origination.product import Licence, PurposeCap
from core.rejections import Code, Rejection
from tests.unit.lender import (
    BORN_ON,
    CARD,
    IDENTITY_NUMBER,
    JOINT,
    LINE,
    LOAN,
    OTHER_CARD,
    PARTS,
    START,
    Borrowing,
    SmallLender,
)

DIGEST, OTHER_DIGEST = "1" * 64, "2" * 64
APPLY = Apply(account=1, product="cash", amount=50_000, installments=6)
IDENTIFY = IdentifyBorrower(
    account=1, name="Li Hua", identity_number=IDENTITY_NUMBER, phone="13800138000", born_on=BORN_ON, consents=()
)
REQUEST = RequestPayout(account=1, loan=10_002, bank_account=1)
DRAW = Draw(account=1, agreement=1, amount=10_000, installments=3, bank_account=1)
SIGN = SignContract(account=1, agreement=3, signer="borrower", certificate=b"of borrower", signature=b"?")
VERIFY = VerifyDocument(account=1, document=2, officer="lin")
CLAIM = ClaimReview(account=1, application=5, officer="ren")
PAID = SettlePayout(account=1, payout=2, status="succeeded")
SIGNAL = ReportSignal(account=1, kind="card_arrears", detail="two cards")
PROPOSAL = DecideProposal(account=1, proposal=1, officer="lin", outcome="accept", note="seen")
DECIDE = DecideReview(account=1, application=5, officer="lin", outcome="approve", note="seen")
OFFER = OfferContract(account=1, application=4)
RESTRICT = RestrictBorrower(account=1, officer="lin")
ERASE = RestrictBorrower(account=1, officer="ren", erase=True)
FOREIGN = replace(LOAN, name="dollars", currency="USD")


@pytest.fixture(scope="module")
def life() -> Borrowing:
    """A borrower with something in each state; the tests change nothing of it."""
    lender = SmallLender(
        LOAN, LINE, JOINT, PARTS, FOREIGN, *(replace(JOINT, name=f"joint{each}") for each in (2, 3, 4))
    )
    borrowing = Borrowing(lender, credit_limit=60_000)
    borrowing.identify()
    borrowing.said = {"bank_account": {"belongs": False}}
    borrowing.do(AddBankAccount(account=1, bank="icbc", number=OTHER_CARD, holder="Somebody else"))
    borrowing.said = {}
    borrowing.do(replace(APPLY, product="line"))
    borrowing.contract(1)
    borrowing.do(replace(DRAW, amount=20_000), SettlePayout(account=1, payout=1, status="succeeded"))
    borrowing.do(replace(APPLY, product="joint"))
    borrowing.contract(2)
    borrowing.do(APPLY, replace(APPLY, product="joint"), OFFER)
    borrowing.said = {"score": 620}
    borrowing.do(replace(APPLY, product="joint2", amount=210_000), replace(CLAIM, officer="lin"))
    borrowing.do(replace(APPLY, product="joint3", amount=210_000), replace(CLAIM, application=6))
    borrowing.do(replace(DECIDE, application=6, officer="ren"))
    borrowing.said = {"score": 500}
    borrowing.do(replace(APPLY, product="joint4"))
    borrowing.do(AddDocument(account=1, kind="letter", digest=DIGEST), replace(VERIFY, document=1))
    borrowing.do(AddDocument(account=1, kind="letter", digest=OTHER_DIGEST))
    borrowing.said = {}
    return borrowing


REFUSED: list[tuple[Code, Command]] = [
    (Code.PRODUCT_UNKNOWN, replace(APPLY, product="gold")),
    (Code.OFFICER_UNKNOWN, replace(VERIFY, officer="nobody")),
    (Code.OFFICER_UNKNOWN, replace(OFFER, clauses={"grace_days": 1})),
    (Code.ROLE_INSUFFICIENT, replace(VERIFY, officer="bo")),
    (Code.ROLE_INSUFFICIENT, RestrictBorrower(account=1, officer="lin", erase=True)),
    (Code.GRADE_INSUFFICIENT, DECIDE),
    (Code.OWN_CASE, replace(CLAIM, application=6)),
    (Code.BORROWER_KNOWN, IDENTIFY),
    (Code.CARD_NUMBER_INVALID, AddBankAccount(account=1, bank="icbc", number="123", holder="Li Hua")),
    (Code.NOTHING_TO_DO, AddBankAccount(account=1, bank="icbc", number=CARD, holder="Li Hua")),
    (Code.NOTHING_TO_DO, ChangeConsent(account=1, purpose="marketing", given=False)),
    (Code.DOCUMENT_UNKNOWN, replace(VERIFY, document=3)),
    (Code.DOCUMENT_KNOWN, AddDocument(account=1, kind="letter", digest=DIGEST)),
    (Code.DOCUMENT_VERIFIED, replace(VERIFY, document=1)),
    (Code.CURRENCY_MISMATCH, replace(APPLY, product="dollars")),
    (Code.AMOUNT_OUT_OF_RANGE, replace(APPLY, amount=999)),
    (Code.AMOUNT_OUT_OF_RANGE, AmendApplication(account=1, application=3, amount=500_001)),
    (Code.AMOUNT_OUT_OF_RANGE, replace(DRAW, amount=999)),
    (Code.TERM_OUT_OF_RANGE, replace(APPLY, installments=25)),
    (Code.TERM_OUT_OF_RANGE, replace(DRAW, installments=25)),
    (Code.PURPOSE_UNKNOWN, replace(APPLY, purpose="gold")),
    (Code.APPLICATION_DUPLICATE, APPLY),
    (Code.APPLICATION_UNKNOWN, WithdrawApplication(account=1, application=8)),
    (Code.APPLICATION_UNKNOWN, replace(APPLY, product="line", previous=8)),
    (Code.APPLICATION_NOT_OPEN, replace(APPLY, product="line", previous=3)),
    (Code.APPLICATION_NOT_OPEN, WithdrawApplication(account=1, application=2)),
    (Code.APPLICATION_NOT_OPEN, AskForReview(account=1, application=5)),
    (Code.APPLICATION_NOT_OPEN, replace(OFFER, application=5)),
    (Code.REVIEW_CLAIMED, CLAIM),
    (Code.REVIEW_CLAIMED, replace(DECIDE, officer="ren")),
    (Code.REVIEW_CLAIMED, ReleaseReview(account=1, application=5, officer="ren")),
    (Code.REVIEW_CLAIMED, AmendApplication(account=1, application=5, amount=5_000)),
    (Code.REVIEW_NOT_CLAIMED, replace(DECIDE, application=6, officer="rao")),
    (Code.REVIEW_NOT_CLAIMED, ReleaseReview(account=1, application=6, officer="ren")),
    (Code.CLAUSE_INVALID, replace(OFFER, officer="lin", clauses={"rate_ppb": 240_000_001})),
    (Code.CLAUSE_INVALID, replace(OFFER, officer="lin", clauses={"grace_days": 1})),
    (Code.AGREEMENT_UNKNOWN, replace(SIGN, agreement=4)),
    (Code.AGREEMENT_UNKNOWN, replace(DRAW, agreement=4)),
    (Code.AGREEMENT_NOT_OPEN, replace(SIGN, agreement=2)),
    (Code.AGREEMENT_NOT_OPEN, replace(DRAW, agreement=2)),
    (Code.SIGNER_OUT_OF_ORDER, replace(SIGN, signer="guarantor")),
    (Code.SIGNATURE_INVALID, SIGN),
    (Code.CERTIFICATE_REVOKED, replace(SIGN, certificate=b"withdrawn")),
    (Code.CONTRACT_UNSIGNED, replace(DRAW, agreement=3)),
    (Code.LOAN_UNKNOWN, replace(REQUEST, loan=10_003)),
    (Code.LOAN_NOT_BOOKED, replace(REQUEST, loan=10_001)),
    (Code.AMOUNT_ABOVE_CONTRACT, replace(DRAW, amount=30_001)),
    (Code.BANK_ACCOUNT_UNKNOWN, replace(REQUEST, bank_account=3)),
    (Code.BANK_ACCOUNT_UNVERIFIED, replace(REQUEST, bank_account=2)),
    (Code.PAYOUT_UNKNOWN, SettlePayout(account=1, payout=2, status="failed")),
    (Code.PAYOUT_SETTLED, SettlePayout(account=1, payout=1, status="succeeded")),
    (Code.PAYOFF_AMOUNT_TOO_LOW, Rescind(account=1, loan=10_001, amount=19_999)),
    (Code.LOAN_UNKNOWN, Rescind(account=1, loan=10_003, amount=1)),
    (Code.LOAN_NOT_ACTIVE, Rescind(account=1, loan=10_002, amount=1)),
]


def refuse(borrowing: Borrowing, command: Command) -> Code:
    """Return the code of a refusal that left the account byte for byte as it was."""
    before = msgspec.msgpack.encode(borrowing.account)
    refused = borrowing.ask(command)
    assert isinstance(refused, Rejection), refused
    assert refused.detail
    assert msgspec.msgpack.encode(borrowing.account) == before
    return refused.code


@pytest.mark.parametrize(("code", "command"), REFUSED)
def test_a_refusal_has_its_code_and_changes_nothing(life: Borrowing, code: Code, command: Command) -> None:
    assert refuse(life, command) is code


def _said(**answers: object) -> Callable[[Borrowing], None]:
    def change(borrowing: Borrowing) -> None:
        borrowing.said = answers

    return change


def _done(*commands: Command) -> Callable[[Borrowing], None]:
    return lambda borrowing: borrowing.do(*commands)


def _borrows_in_parts(life: Borrowing) -> None:
    life.borrow(20_000, product="parts")


def _days(days: int) -> Callable[[Borrowing], None]:
    return lambda borrowing: borrowing.wait(days)


def _pool(borrowing: Borrowing) -> None:
    borrowing.lender.pools = {"main": 9_999, "joint": 14_699}


def _no_text(borrowing: Borrowing) -> None:
    borrowing.lender.broken = True


def _full(borrowing: Borrowing) -> None:
    file = replace(borrowing.file, documents=borrowing.file.documents[:1] * RECORDS_MAX)
    borrowing.account = replace(borrowing.account, file=file)


def _no_index(borrowing: Borrowing) -> None:
    _altered(licence=Licence(jurisdiction="CN", name="private"))(borrowing)
    borrowing.lender.indexes = ()


def test_signals_of_a_file_that_is_full_of_proposals_freeze_and_propose_nothing() -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.borrow(50_000)
    borrowing.do(SIGNAL, replace(PROPOSAL, outcome="decline"))
    (proposal,) = borrowing.file.proposals
    borrowing.wait(29)
    file = replace(borrowing.file, proposals=(proposal,) * RECORDS_MAX)
    borrowing.account = replace(borrowing.account, file=file)
    borrowing.do(SIGNAL)
    assert len(borrowing.file.proposals) == RECORDS_MAX
    borrowing.wait(29)
    borrowing.do(SIGNAL)
    assert borrowing.account.frozen == BY_SIGNAL + SIGNAL.kind


def _altered(**fields: object) -> Callable[[Borrowing], None]:
    def change(borrowing: Borrowing) -> None:
        borrowing.lender.products = tuple(replace(each, **fields) for each in borrowing.lender.products)

    return change


def _bounded(**bounds: int) -> Callable[[Borrowing], None]:
    return _altered(payouts=replace(LOAN.payouts, **bounds))


def _lapses(life: Borrowing) -> None:
    _bounded(available_days=1)(life)
    life.wait(2)


AFTER: list[tuple[Code, Callable[[Borrowing], None], Command]] = [
    (Code.CONSENT_MISSING, _done(ChangeConsent(account=1, purpose="credit_query", given=False)), APPLY),
    (Code.BORROWER_RESTRICTED, _done(RESTRICT), APPLY),
    (Code.BORROWER_RESTRICTED, _done(RESTRICT), REQUEST),
    (
        Code.BORROWER_RESTRICTED,
        _done(RESTRICT),
        ChangeConsent(account=1, purpose="marketing", given=True),
    ),
    (
        Code.BORROWER_RESTRICTED,
        _done(RESTRICT),
        RESTRICT,
    ),
    (Code.ERASURE_NOT_DUE, _done(ERASE), ERASE),
    (Code.TOO_MANY_RECORDS, _full, AddDocument(account=1, kind="letter", digest="3" * 64)),
    (Code.APPLICATION_EXPIRED, _days(31), WithdrawApplication(account=1, application=3)),
    (Code.AGREEMENT_EXPIRED, _days(8), SIGN),
    (Code.AGREEMENT_NOT_OPEN, _done(OFFER), SIGN),
    (Code.AGREEMENT_NOT_OPEN, _done(WithdrawApplication(account=1, application=4)), SIGN),
    (
        Code.APPLICATION_NOT_OPEN,
        _done(
            AskForReview(account=1, application=7),
            replace(CLAIM, application=7),
            replace(DECIDE, application=7, officer="ren", outcome="decline"),
        ),
        AskForReview(account=1, application=7),
    ),
    (Code.ACCOUNT_FROZEN, _done(FreezeAccount(account=1, reason="a check")), replace(APPLY, product="line")),
    (Code.ACCOUNT_FROZEN, _done(FreezeAccount(account=1, reason="a check")), OFFER),
    (Code.ACCOUNT_FROZEN, _done(FreezeAccount(account=1, reason="a check")), REQUEST),
    (
        Code.CONTRACT_UNSIGNED,
        _done(
            SetCreditLimit(account=1, credit_limit=150_000),
            BookLoan(account=1, terms=replace(LOAN.terms, product="cash", principal=1_000)),
        ),
        replace(REQUEST, loan=10_003),
    ),
    (Code.PAYOUT_PENDING, _done(REQUEST), REQUEST),
    (Code.PAYOUT_PENDING, _done(REQUEST), SettlePayout(account=1, payout=2, status="returned")),
    (Code.PAST_DUE_ON_ACCOUNT, _days(45), REQUEST),
    (Code.DEBTOR_LIST_STALE, _said(sanctions=None), REQUEST),
    (Code.ON_DEBTOR_LIST, _said(debtor_list={"listed": True}), REQUEST),
    (Code.ON_DEBTOR_LIST, _said(sanctions={"listed": True}), REQUEST),
    (Code.CONTRACT_TEXT_FAILED, _no_text, OFFER),
    (Code.CAP_UNKNOWN, _no_index, OFFER),
    (Code.POOL_EXHAUSTED, _pool, REQUEST),
    (Code.POOL_EXHAUSTED, _pool, DRAW),
    (Code.DAILY_PAYOUT_EXCEEDED, _bounded(daily_max=68_999), REQUEST),
    (Code.DAILY_PAYOUT_EXCEEDED, _bounded(daily_max=29_999), DRAW),
    (Code.CONTRACT_LAPSED, _lapses, REQUEST),
    (Code.EXPOSURE_EXCEEDED, _bounded(exposure_max=69_999), REQUEST),
    (Code.EXPOSURE_EXCEEDED, _bounded(exposure_max=79_999), DRAW),
    (Code.PURPOSE_CAP_EXCEEDED, _altered(purpose_caps=(PurposeCap(purpose="any", most=29_999),)), REQUEST),
    (Code.PURPOSE_CAP_EXCEEDED, _altered(purpose_caps=(PurposeCap(purpose="any", most=9_999),)), DRAW),
    (Code.PRODUCT_WITHDRAWN, _altered(sold_until=START - timedelta(days=1)), APPLY),
    (Code.LIMIT_EXCEEDED, _done(SetCreditLimit(account=1, credit_limit=79_999)), DRAW),
    (Code.PROPOSAL_UNKNOWN, _done(SIGNAL), PROPOSAL),
    (Code.PROPOSAL_DECIDED, _done(REQUEST, PAID, SIGNAL, replace(PROPOSAL, outcome="decline")), PROPOSAL),
    (Code.PART_NOT_DUE, _borrows_in_parts, replace(REQUEST, loan=10_003)),
    (Code.COOLING_OFF_OVER, _days(8), Rescind(account=1, loan=10_001, amount=30_000)),
]


@pytest.mark.parametrize(("code", "change", "command"), AFTER)
def test_a_refusal_that_needs_something_to_happen_first(
    life: Borrowing, code: Code, change: Callable[[Borrowing], None], command: Command
) -> None:
    again = life.copy()
    change(again)
    assert refuse(again, command) is code


@pytest.mark.parametrize(("bounds", "command"), [({"daily_max": 69_000}, REQUEST), ({"exposure_max": 80_000}, DRAW)])
def test_what_just_fits_the_bounds_is_paid_out(life: Borrowing, bounds: dict[str, int], command: Command) -> None:
    again = life.copy()
    _bounded(**bounds)(again)
    again.do(command)


UNKNOWN: list[tuple[Code, Command]] = [
    (Code.BORROWER_UNKNOWN, APPLY),
    (Code.BORROWER_UNKNOWN, ChangeConsent(account=1, purpose="marketing", given=True)),
    (Code.IDENTITY_NUMBER_INVALID, replace(IDENTIFY, identity_number="110105194912310021")),
    (Code.BIRTH_DATE_MISMATCH, replace(IDENTIFY, born_on=BORN_ON.replace(day=30))),
    (Code.BIRTH_DATE_MISMATCH, replace(IDENTIFY, identity_number="P1234", born_on=BORN_ON.replace(year=2049))),
    (Code.PHONE_INVALID, replace(IDENTIFY, phone="12")),
]


@pytest.mark.parametrize(("code", "command"), UNKNOWN)
def test_somebody_unknown_is_identified_first(code: Code, command: Command) -> None:
    assert refuse(Borrowing(), command) is code


def test_a_person_who_has_an_account_is_not_identified_on_another_one() -> None:
    life = Borrowing()
    life.said = {"person": {"elsewhere": True}}
    assert refuse(life, IDENTIFY) is Code.BORROWER_ELSEWHERE
    assert refuse(life, replace(IDENTIFY, phone="12")) is Code.PHONE_INVALID


def test_nobody_decides_on_their_own_account() -> None:
    own = Borrowing(account=9)
    own.identify()
    own.do(AddDocument(account=9, kind="letter", digest=DIGEST))
    assert refuse(own, replace(VERIFY, account=9, document=1)) is Code.OWN_CASE
    own.do(replace(VERIFY, account=9, document=1, officer="ren"))


def test_what_giving_a_loan_back_took_is_not_taken_back() -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.borrow(50_000)
    borrowing.do(Repay(account=1, amount=10_000), Rescind(account=1, loan=10_001, amount=39_000))
    taken = [seq for seq, event in borrowing.history if isinstance(event, UnappliedRefunded)]
    assert refuse(borrowing, Reverse(account=1, seq=taken[0])) is Code.EVENT_NOT_REVERSIBLE
    borrowing.do(Repay(account=1, amount=5), RefundUnapplied(account=1, amount=5))
    borrowing.do(Reverse(account=1, seq=len(borrowing.history)))
    assert borrowing.account.unapplied == 5, "a refund that bounced is another matter"


def test_without_a_lender_nothing_is_offered(life: Borrowing) -> None:
    refused = decide(life.account, APPLY, life.on)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.PRODUCT_UNKNOWN


def test_a_contract_names_the_borrower_or_is_not_offered(life: Borrowing) -> None:
    refused = life.ask(OFFER, NOTHING)
    assert isinstance(refused, Rejection)
    assert refused.code is Code.BORROWER_UNKNOWN


CODES = {Code.BORROWER_ELSEWHERE, *(code for code, *_ in [*REFUSED, *AFTER, *UNKNOWN])}
"""Every code that is reached here."""


def test_every_code_of_what_precedes_a_loan_is_reached_here() -> None:
    codes = list(Code)
    assert (
        set(codes[codes.index(Code.PRODUCT_UNKNOWN) :]) - {Code.OFFICER_UNAUTHENTICATED, Code.CONTRACT_TEXT_FAILED}
        <= CODES
    )
