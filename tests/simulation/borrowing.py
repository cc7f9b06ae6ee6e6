"""What borrowers, officers and the lender's staff ask for before a loan: mostly what comes next, now and then not."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final, Literal

from msgspec import msgpack

from core.commands import Command, UnfreezeAccount
from core.identity import loan_id
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
    LiftFreeze,
    OfferContract,
    OriginationCommand,
    ReleaseReview,
    ReportSignal,
    RequestPayout,
    Rescind,
    RestrictBorrower,
    SignContract,
    VerifyDocument,
    WithdrawApplication,
)
from core.origination.file import (
    EMPTY,
    AgreementStatus,
    Application,
    ApplicationStatus,
    CreditFile,
    PayoutStatus,
    ProposalStatus,
)
from loadtests.applicants import with_check_digit
from tests.simulation.house import PRODUCTS, digest_of
from tests.unit.lender import OFFICERS, signature_of

if TYPE_CHECKING:
    from tests.simulation.world import World

OUTCOMES: Final[tuple[Literal["approve", "decline", "return"], ...]] = (
    *("approve", "approve", "approve"),
    *("decline", "return"),
)
SIGNALS: Final[tuple[Literal["card_arrears", "abnormal_login"], ...]] = (
    *("card_arrears", "card_arrears", "card_arrears"),
    "abnormal_login",
)
ID = "ID-"
"""What identity numbers of this world begin with."""
DOCUMENTS = ("identity-card", "quotation", "purchase-contract")
_file = msgpack.Decoder(CreditFile).decode


def any_borrowing(world: "World", account: int) -> Command:
    """Return a command for an account that may have no file yet, by what is stored of it."""
    draw, stored = world.random, world.disk.files.get(account)
    file = EMPTY if stored is None else _file(stored.body)
    if file.borrower is None and draw.random() < 0.9:
        return any_person(draw, world, account)
    if account in world.disk.accounts and world.disk.accounts[account].frozen and draw.random() < 0.4:
        if draw.random() < 0.3:
            return UnfreezeAccount(account=account)
        return LiftFreeze(account=account, officer=draw.choice(OFFICERS).name, note="seen")
    following = [*_applying(draw, account, file), *_contracting(draw, account, file), *_paying(draw, account, file)]
    deciding = _deciding(draw, account, file)
    if deciding and draw.random() < 0.7:
        return draw.choice(deciding)
    if following and draw.random() < 0.8:
        return draw.choice(following[-4:])
    return draw.choice(_aside(world, account, file))


def any_person(draw: Random, world: "World", account: int) -> IdentifyBorrower:
    """Say who the borrower of an account is; now and then somebody who may have an account already."""
    return identify(account, draw.choice([*world.disk.accounts, account]) if draw.random() < 0.2 else account)


def identify(account: int, person: int = 0) -> IdentifyBorrower:
    """Say who the borrower of an account is: its own person, or another account's."""
    consents = ("credit_query", "marketing")
    name, phone = f"Borrower {account}", f"+1{account:012}"[:14]
    return IdentifyBorrower(
        account=account,
        name=name,
        identity_number=f"{ID}{person or account}",
        phone=phone,
        born_on=date(1980, 1, 1),
        consents=consents,
    )


def add_card(account: int, which: int = 1, *, own: bool = True) -> AddBankAccount:
    """Name a bank card."""
    holder = f"Borrower {account}" if own else "Somebody Else"
    return AddBankAccount(account=account, bank="icbc", number=card_number(account, which), holder=holder)


def card_number(account: int, which: int) -> str:
    """Return the number of one of a borrower's cards."""
    return with_check_digit(f"62{which}{account:012}")


def any_application(draw: Random, account: int) -> Apply:
    """Apply for anything."""
    return Apply(
        account=account,
        product=draw.choice(PRODUCTS).name,
        amount=draw.choice((500, 9_000, 40_000, 55_000, 70_000, 120_000)),
        installments=draw.randint(1, 6),
        purpose=draw.choice(("any", "any", "any", "stocking")),
    )


def _applying(draw: Random, account: int, file: CreditFile) -> list[OriginationCommand]:
    """Return what may come next of applications that are open."""
    commands: list[OriginationCommand] = []
    for application in file.applications[-3:]:
        number = application.number
        match application.status:
            case ApplicationStatus.INCOMPLETE:
                commands += _documents(draw, account, file)
            case ApplicationStatus.REFERRED:
                commands.append(_review(draw, account, application))
            case ApplicationStatus.RETURNED:
                amount = draw.choice((None, 30_000))
                commands.append(AmendApplication(account=account, application=number, amount=amount))
            case ApplicationStatus.DECLINED:
                commands.append(AskForReview(account=account, application=number))
            case ApplicationStatus.APPROVED if not any(each.application == number for each in file.agreements):
                commands.append(_offer(draw, account, number))
            case _:
                pass
    return commands


def _documents(draw: Random, account: int, file: CreditFile) -> list[OriginationCommand]:
    unseen = [each for each in file.documents if not each.verified_by]
    if not unseen:
        known = {each.kind for each in file.documents}
        kind = draw.choice([each for each in DOCUMENTS if each not in known] or DOCUMENTS)
        return [AddDocument(account=account, kind=kind, digest=digest_of(account, kind, draw.random()))]
    officer, number = draw.choice(OFFICERS[:4]).name, draw.choice(unseen).number
    return [VerifyDocument(account=account, document=number, officer=officer)]


def _review(draw: Random, account: int, application: Application) -> OriginationCommand:
    claim, number = application.claim, application.number
    if claim is None:
        return ClaimReview(account=account, application=number, officer=draw.choice(OFFICERS).name)
    if draw.random() < 0.15:
        return ReleaseReview(account=account, application=number, officer=claim.officer)
    outcome = draw.choice(OUTCOMES)
    return DecideReview(account=account, application=number, officer=claim.officer, outcome=outcome, note="seen")


def _offer(draw: Random, account: int, application: int) -> OfferContract:
    if draw.random() < 0.8:
        return OfferContract(account=account, application=application)
    clauses = {"grace_days": draw.choice((0, 2, 99))}
    return OfferContract(account=account, application=application, clauses=clauses, officer="ren")


def _contracting(draw: Random, account: int, file: CreditFile) -> list[OriginationCommand]:
    """Return signatures, draws and payouts that contracts wait for."""
    commands: list[OriginationCommand] = []
    paid = {each.loan for each in file.payouts if each.status is not PayoutStatus.FAILED}
    for agreement in file.agreements[-3:]:
        if agreement.status is AgreementStatus.OFFERED:
            certificate = f"of {len(agreement.signatures)} of {account}".encode()
            commands.append(
                SignContract(
                    account=account,
                    agreement=agreement.number,
                    signer=("borrower", "guarantor")[min(1, len(agreement.signatures))],
                    certificate=certificate,
                    signature=signature_of(agreement.digest if draw.random() < 0.95 else "", certificate),
                )
            )
        elif not agreement.loan:
            card, amount = _card(draw, file), draw.choice((2_000, 9_000, 30_000))
            commands.append(
                Draw(account=account, agreement=agreement.number, amount=amount, installments=2, bank_account=card)
            )
        elif agreement.loan not in paid or agreement.terms.tranches:
            loan = loan_id(account, agreement.loan)
            commands += [RequestPayout(account=account, loan=loan, bank_account=_card(draw, file))] * 2
    return commands


def _paying(draw: Random, account: int, file: CreditFile) -> list[OriginationCommand]:
    """Return what somebody does who changed their mind, or has no account for the money."""
    if not any(each.verified for each in file.bank_accounts):
        return [add_card(account)]
    paid = [each for each in file.payouts if each.status is PayoutStatus.SUCCEEDED]
    if not paid or draw.random() < 0.8:
        return []
    payout = draw.choice(paid)
    more = draw.choice((0, 0, 0, 50, -50))
    return [Rescind(account=account, loan=loan_id(account, payout.loan), amount=payout.amount + more)]


def _card(draw: Random, file: CreditFile) -> int:
    return draw.choice([each.number for each in file.bank_accounts] or [1])


def _aside(world: "World", account: int, file: CreditFile) -> Sequence[OriginationCommand]:
    """Return what may be asked at any time, sensible or not."""
    draw, last = world.random, max(1, len(file.applications))
    officer, loan = draw.choice(OFFICERS).name, loan_id(account, draw.randint(1, 3))
    kind = draw.choice(SIGNALS)
    wanted = any_application(draw, account)
    day = world.disk.business_date + timedelta(days=draw.randint(0, 3))
    return (
        wanted,
        wanted,
        wanted,
        wanted,
        wanted,
        wanted,
        any_person(draw, world, account),
        add_card(account, draw.randint(1, 3), own=draw.random() < 0.7),
        ChangeConsent(account=account, purpose=draw.choice(("marketing", "credit_query")), given=draw.random() < 0.8),
        RestrictBorrower(account=account, officer=officer, erase=draw.random() < 0.5),
        AddDocument(account=account, kind=draw.choice(DOCUMENTS), digest=digest_of(account, draw.randint(1, 3))),
        VerifyDocument(account=account, document=draw.randint(1, 3), officer=officer, expires_on=day),
        Apply(account=account, product="cash", amount=20_000, installments=3, previous=last),
        AmendApplication(account=account, application=last, installments=draw.choice((2, 3, 99))),
        WithdrawApplication(account=account, application=last),
        AskForReview(account=account, application=last),
        _offer(draw, account, last),
        RequestPayout(account=account, loan=loan, bank_account=draw.randint(1, 2)),
        Rescind(account=account, loan=loan, amount=9_000),
        *(ReportSignal(account=account, kind=kind, detail="as reported"),) * 3,
    )


def _deciding(draw: Random, account: int, file: CreditFile) -> list[OriginationCommand]:
    """Return what an officer says to terms that signals of risk led to."""
    outcome: Literal["accept", "decline"] = "decline" if draw.random() < 0.3 else "accept"
    return [
        DecideProposal(
            account=account, proposal=each.number, officer=draw.choice(OFFICERS).name, outcome=outcome, note="seen"
        )
        for each in file.proposals[-2:]
        if each.status is ProposalStatus.WAITING
    ]
