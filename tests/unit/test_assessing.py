"""What the rules are told, what comes of their verdict, and which text a contract has."""

from hashlib import sha256

import msgspec
import pytest
from msgspec.structs import replace

from actors.file_view import credit_file_view
from core.commands import FreezeAccount, UnfreezeAccount
from core.origination.commands import (
    AddDocument,
    AmendApplication,
    Apply,
    AskForReview,
    DecideReview,
    OfferContract,
    VerifyDocument,
)
from core.origination.documents import required_documents
from core.origination.events import ApplicationDecided, ContractOffered
from core.origination.file import ApplicationStatus
from core.rejections import Code, Rejection
from core.schedule.plan import schedule
from tests.unit.lender import JOINT, LOAN, PERSON, START, Borrowing, SmallLender

APPLY = Apply(account=1, product="joint", amount=50_000, installments=6)


def applied(account: int = 1, score: int = 700) -> Borrowing:
    """Return a borrower who has applied."""
    borrowing = Borrowing(account=account)
    borrowing.identify()
    borrowing.said = {"score": score}
    borrowing.do(replace(APPLY, account=account))
    return borrowing


def decided(borrowing: Borrowing) -> ApplicationDecided:
    """Return the latest decision by rules."""
    return next(event for _, event in reversed(borrowing.history) if isinstance(event, ApplicationDecided))


def test_the_rules_are_told_all_that_they_may_look_at() -> None:
    borrowing = applied()
    rows = schedule(replace(JOINT.terms, product="joint", principal=49_000, installments=6), START)
    verdict = decided(borrowing).verdict
    assert verdict is not None
    assert msgspec.json.decode(verdict.inputs) == {
        "application": {
            "product": "joint",
            "amount": 50_000,
            "installments": 6,
            "purpose": "any",
            "installment": max(row.principal + row.interest for row in rows),
        },
        "applicant": {"age": 40},
        "bureau": {"score": 700},
        "income": {"monthly": 2_000_000},
        "debtor_list": {"listed": False},
        "sanctions": {"listed": False},
        "device": {"risk": 1},
        "account": {
            "exposure": 0,
            "credit_limit": 0,
            "frozen": False,
            "past_due": 0,
            "days_past_due": 0,
            "loans": 0,
        },
        "missing": [],
        "product": {
            "amount": {"least": 1_000, "most": 500_000},
            "installments": {"least": 1, "most": 24},
            "exposure_max": 600_000,
        },
    }


def test_the_rules_are_told_how_the_borrower_stands_with_us() -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.borrow(50_000)
    borrowing.wait(40)
    borrowing.do(APPLY)
    verdict = decided(borrowing).verdict
    assert verdict is not None
    standing = msgspec.json.decode(verdict.inputs)["account"]
    owed = borrowing.account.loans[0].dues[0]
    assert (standing["exposure"], standing["credit_limit"], standing["loans"]) == (49_000, 50_000, 1)
    assert (standing["past_due"], standing["days_past_due"]) == (owed.principal + owed.interest, 11)


def test_the_rules_are_told_what_was_approved_beside() -> None:
    borrowing = applied()
    borrowing.do(replace(APPLY, product="line", amount=20_000))
    borrowing.wait(31)
    borrowing.do(replace(APPLY, amount=10_000))
    told = [event.verdict for _, event in borrowing.history if isinstance(event, ApplicationDecided)]
    exposures = [msgspec.json.decode(verdict.inputs)["account"]["exposure"] for verdict in told if verdict]
    assert exposures == [0, 50_000, 0], "an approval that lapsed does not count"


def test_a_challenger_sees_its_share_and_changes_nothing() -> None:
    assert decided(applied(account=1)).challenger is None
    event = decided(applied(account=2))
    assert event.challenger is not None
    assert (event.challenger.version, event.status) == (2, ApplicationStatus.APPROVED)


def test_rules_do_not_approve_past_a_freeze() -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.do(replace(APPLY, product="cash"), AddDocument(account=1, kind="identity-card", digest="1" * 64))
    borrowing.do(FreezeAccount(account=1, reason="a check"), VerifyDocument(account=1, document=1, officer="lin"))
    assert decided(borrowing).status is ApplicationStatus.REFERRED
    borrowing.do(UnfreezeAccount(account=1), AmendApplication(account=1, application=1))
    assert decided(borrowing).status is ApplicationStatus.APPROVED


def test_rules_decline_once_and_a_person_for_good() -> None:
    borrowing = applied(score=500)
    borrowing.do(AskForReview(account=1, application=1))
    refused = borrowing.ask(DecideReview(account=1, application=1, officer="lin", outcome="decline", note="seen"))
    assert isinstance(refused, Rejection)
    assert refused.code is Code.REVIEW_NOT_CLAIMED


def test_the_file_says_which_documents_an_application_waits_for() -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.do(replace(APPLY, product="cash", amount=300_000))

    def shown() -> tuple[str, tuple[str, ...]]:
        (application,) = credit_file_view(borrowing.account, borrowing.on).applications
        return application.status, application.missing

    assert shown() == ("incomplete", ("identity-card", "income-proof"))
    for number, (kind, left) in enumerate((("income-proof", ("identity-card",)), ("identity-card", ())), 1):
        borrowing.do(AddDocument(account=1, kind=kind, digest=str(number) * 64))
        borrowing.do(VerifyDocument(account=1, document=number, officer="lin"))
        assert shown()[1] == left
    assert shown()[0] == "referred"


@pytest.mark.parametrize(
    ("purpose", "amount", "kinds"),
    [
        ("any", 1_000, ["identity-card"]),
        ("stocking", 1_000, ["identity-card", "purchase-contract"]),
        ("any", 300_000, ["identity-card", "income-proof"]),
    ],
)
def test_purpose_and_amount_say_which_documents_are_needed(purpose: str, amount: int, kinds: list[str]) -> None:
    assert [each.kinds[0] for each in required_documents(LOAN, purpose, amount)] == kinds


@pytest.mark.parametrize(
    ("amount", "installments", "template"), [(100_000, 12, "small"), (100_001, 12, "large"), (100_000, 13, "large")]
)
def test_a_contract_has_the_first_text_that_fits(amount: int, installments: int, template: str) -> None:
    borrowing = Borrowing()
    borrowing.identify()
    borrowing.do(replace(APPLY, amount=amount, installments=installments), OfferContract(account=1, application=1))
    event = borrowing.history[-1][1]
    assert isinstance(event, ContractOffered)
    agreement = event.agreement
    assert agreement.template == template
    again = SmallLender().render(template, agreement, borrowing.file.applications[0], JOINT, PERSON)
    assert again is not None
    assert agreement.digest == sha256(again).hexdigest(), "the text is rendered again from what the event says"


def test_terms_that_give_no_schedule_are_refused_at_once() -> None:
    borrowing = applied()
    terms = replace(JOINT.terms, agreed_installment=1)
    borrowing.lender.products = (replace(JOINT, name="joint2", terms=terms),)
    refused = borrowing.ask(replace(APPLY, product="joint2"))
    assert isinstance(refused, Rejection)
    assert refused.code is Code.TERMS_INVALID
    borrowing.lender.products = (replace(JOINT, name="joint2"),)
    refused = borrowing.ask(replace(APPLY, product="joint2", amount=1_000))
    assert isinstance(refused, Rejection)
    assert (refused.code, refused.detail) == (Code.TERMS_INVALID, "fees_exceed_principal")
