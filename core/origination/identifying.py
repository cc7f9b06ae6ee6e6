"""Who the borrower is, what they consent to, where money may go, and when nothing new is done with their data."""

from typing import assert_never

from core.account import exposure
from core.origination.case import Case, officer_of, refused_if_full
from core.origination.commands import AddBankAccount, ChangeConsent, IdentifyBorrower, RestrictBorrower
from core.origination.events import BankAccountAdded, BorrowerIdentified, BorrowerRestricted, ConsentChanged
from core.origination.file import BankAccount, CreditFile, PayoutStatus
from core.origination.lender import Role
from core.origination.personal import (
    card_number_refusal,
    identity_number_refusal,
    masked_card_number,
    phone_refusal,
)
from core.rejections import Code, Rejection

BorrowerCommand = IdentifyBorrower | ChangeConsent | RestrictBorrower | AddBankAccount
CREDIT_QUERY = "credit_query"
"""The consent without which no source is asked, and so nothing is decided."""


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
    if command.born_on > case.on:
        return Rejection(Code.BIRTH_DATE_MISMATCH, "the birth date is to come")
    wrong = identity_number_refusal(command.identity_number, command.born_on) or phone_refusal(command.phone)
    if wrong is not None:
        return wrong
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
    # What is lent, promised or under way needs to know whose it is: until then data is restricted, not destroyed.
    under_way = any(payout.status is PayoutStatus.REQUESTED for payout in case.file.payouts)
    erased = command.erase and not exposure(case.account) and not under_way
    if borrower.restricted and not erased:
        return Rejection(Code.BORROWER_RESTRICTED, "the borrower's data is restricted already")
    case.draft.emit(BorrowerRestricted(case.on, officer.name, erased))
    return None


def _add_bank_account(case: Case, command: AddBankAccount) -> Rejection | None:
    known = case.file.bank_accounts
    wrong = card_number_refusal(command.number) or refused_if_full(known, "bank accounts")
    if wrong is not None:
        return wrong
    index = case.lender.index(command.number)
    verified = case.findings.answers.get("bank_account", {}).get("belongs") is True
    if any(each.index == index and (each.verified or not verified) for each in known):
        return Rejection(Code.NOTHING_TO_DO, "this bank account is on file, and nothing new is known of it")
    added = BankAccount(len(known) + 1, command.bank, masked_card_number(command.number), index, verified)
    case.draft.emit(BankAccountAdded(case.on, added))
    return None
