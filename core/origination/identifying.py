"""Who the borrower is, what they consent to, where money may go, and when nothing new is done with their data."""

from datetime import date, timedelta
from typing import Final, assert_never, get_args

from core.account import LoanStatus
from core.events import AccountFrozen, AccountOpened, AccountUnfrozen, CreditLimitSet
from core.origination.case import Case, officer_of, refused_if_full
from core.origination.commands import AddBankAccount, ChangeConsent, IdentifyBorrower, RestrictBorrower
from core.origination.events import (
    BankAccountAdded,
    BorrowerIdentified,
    BorrowerRestricted,
    ConsentChanged,
    ContractSigned,
    ErasureAsked,
    OriginationEvent,
)
from core.origination.file import BankAccount, Borrower, CreditFile, PayoutStatus
from core.origination.lender import Role
from core.origination.personal import (
    card_number_refusal,
    identity_number_refusal,
    masked_card_number,
    phone_refusal,
)
from core.origination.settling import cancel_unpaid
from core.rejections import Code, Rejection

BorrowerCommand = IdentifyBorrower | ChangeConsent | RestrictBorrower | AddBankAccount
CREDIT_QUERY = "credit_query"
"""The consent without which no source is asked about an application; lists are looked at before each payout by law."""
FILED: Final = tuple(kind for kind in get_args(OriginationEvent) if kind is not ContractSigned)
"""Events of the file alone: a law counts its years from the last one of any other kind, of a contract or of money."""

_WITHOUT_MONEY: Final = (AccountOpened, CreditLimitSet, AccountFrozen, AccountUnfrozen)
"""Events of an account that nobody has paid into or borrowed from: no law asks for these."""


def decide_borrower(case: Case, command: BorrowerCommand) -> Rejection | None:
    """Decide what concerns the borrower's person; return why not, if it is refused."""
    match command:
        case IdentifyBorrower():
            return _identify(case, command)
        case ChangeConsent():
            return _change_consent(case, command)
        case RestrictBorrower():
            return _restrict(case, command)
        case AddBankAccount():
            return _add_bank_account(case, command)
        case _:
            assert_never(command)


def refused_person(command: IdentifyBorrower, on: date) -> Rejection | None:
    """Refuse what cannot be anybody."""
    if command.born_on > on:
        return Rejection(Code.BIRTH_DATE_MISMATCH, "the birth date is to come")
    return identity_number_refusal(command.identity_number, command.born_on) or phone_refusal(command.phone)


def consents_to(file: CreditFile, purpose: str) -> bool:
    """Return whether the borrower agreed to a purpose and still does."""
    given = () if file.borrower is None else file.borrower.consents
    return any(each.purpose == purpose and each.withdrawn_on is None for each in given)


def refused_without_consent(file: CreditFile) -> Rejection | None:
    """Refuse what asks outside sources, unless the borrower agreed to that."""
    if consents_to(file, CREDIT_QUERY):
        return None
    return Rejection(Code.CONSENT_MISSING, f"the borrower has not consented to {CREDIT_QUERY}")


def _identify(case: Case, command: IdentifyBorrower) -> Rejection | None:
    if case.file.borrower is not None:
        return Rejection(Code.BORROWER_KNOWN, "it is known who the borrower is")
    wrong = refused_person(command, case.on)
    if wrong is not None:
        return wrong
    if case.findings.answers["person"]["elsewhere"]:
        return Rejection(Code.BORROWER_ELSEWHERE, "this person has an account already: a person has one")
    consents = tuple(dict.fromkeys(command.consents))
    case.draft.emit(BorrowerIdentified(case.on, case.lender.index(command.identity_number), consents))
    return None


def _change_consent(case: Case, command: ChangeConsent) -> Rejection | None:
    borrower = case.file.borrower
    assert borrower is not None
    if command.given and borrower.restricted:
        return Rejection(Code.BORROWER_RESTRICTED, "nothing new is done with the borrower's data")
    if consents_to(case.file, command.purpose) == command.given:
        return Rejection(Code.NOTHING_TO_DO, f"consent to {command.purpose} is as asked for already")
    if command.given and (full := refused_if_full(borrower.consents, "consents")):
        return full
    case.draft.emit(ConsentChanged(case.on, command.purpose, command.given))
    return None


def _restrict(case: Case, command: RestrictBorrower) -> Rejection | None:
    officer = officer_of(case, command.officer, Role.RISK_OFFICER if command.erase else Role.LOAN_OFFICER)
    if isinstance(officer, Rejection):
        return officer
    borrower = case.file.borrower
    assert borrower is not None
    if command.erase:
        return _erase(case, officer.name, borrower)
    if borrower.restricted:
        return Rejection(Code.BORROWER_RESTRICTED, "the borrower's data is restricted already")
    case.draft.emit(BorrowerRestricted(case.on, officer.name, erased=False))
    return None


def _erase(case: Case, officer: str, borrower: Borrower) -> Rejection | None:
    """Destroy a borrower's data, or remember that it is asked for while a debt or a law keeps it."""
    if borrower.erased:
        return Rejection(Code.NOTHING_TO_DO, "the borrower's data is destroyed already")
    cancel_unpaid(case)
    erasable_on = _erasable_on(case)
    if erasable_on is not None and erasable_on <= case.on:
        case.draft.emit(BorrowerRestricted(case.on, officer, erased=True))
    elif borrower.erasure_asked_on is None or case.draft.events:
        case.draft.emit(ErasureAsked(case.on, officer, erasable_on))
    else:
        when = erasable_on or f"{case.lender.retention_days} days after no loan runs and no money is kept any more"
        return Rejection(Code.ERASURE_NOT_DUE, f"asked for on {borrower.erasure_asked_on}; it can be done {when}")
    return None


def _erasable_on(case: Case) -> date | None:
    """Return the first day on which no debt and no law keeps a borrower's data.

    None while a loan is not over, or money is on its way or kept for the borrower.
    """
    account = case.account
    over = all(loan.status in (LoanStatus.CLOSED, LoanStatus.CANCELLED) for loan in account.loans)
    under_way = any(payout.status is PayoutStatus.REQUESTED for payout in case.file.payouts)
    if not over or under_way or account.unapplied or account.deposit:
        return None
    kept = [
        event for event in (*(event for _, event in case.history), *case.draft.events) if not isinstance(event, FILED)
    ]
    if all(isinstance(event, _WITHOUT_MONEY) for event in kept):
        return case.on
    return max(event.on for event in kept) + timedelta(days=case.lender.retention_days)


def _add_bank_account(case: Case, command: AddBankAccount) -> Rejection | None:
    known = case.file.bank_accounts
    wrong = card_number_refusal(command.number) or refused_if_full(known, "bank accounts")
    if wrong is not None:
        return wrong
    index = case.lender.index(command.number)
    same = [each for each in known if each.index == index]
    if any(each.verified for each in same):
        return Rejection(Code.NOTHING_TO_DO, "this bank account is on file, and verified")
    verified = case.findings.answers.get("bank_account", {}).get("belongs") is True
    if same and not verified:
        return Rejection(Code.BANK_ACCOUNT_UNVERIFIED, "it is on file, and the bank does not say that it is theirs")
    added = BankAccount(len(known) + 1, command.bank, masked_card_number(command.number), index, verified)
    case.draft.emit(BankAccountAdded(case.on, added))
    return None
