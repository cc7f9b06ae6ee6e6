"""What is asked outside about borrowers, and what the answers come to."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from actors.house import Inquiry
from adapters.privacy.masking import PersonalData
from adapters.rails.bank_api import Ownership
from adapters.rails.ownership import BankOwnership
from adapters.sources.source import Dated
from adapters.sources.sources import Asking
from core.commands import Command
from core.origination.commands import (
    AddBankAccount,
    AmendApplication,
    Apply,
    Draw,
    IdentifyBorrower,
    RequestPayout,
    VerifyDocument,
)
from core.origination.lender import NOTHING, Findings
from core.origination.personal import age_on, normal

APPLYING: Final = (Apply, AmendApplication, VerifyDocument)
"""What all sources are asked for."""
PAYING: Final = (Draw, RequestPayout)
"""What the lists are asked for again."""


def person_of(command: IdentifyBorrower) -> PersonalData:
    """Return who is identified."""
    return PersonalData(command.name, command.identity_number, command.phone, command.born_on)


def about(
    inquiries: Iterable[Inquiry], known: Mapping[int, PersonalData], kind: tuple[type[Command], ...]
) -> list[Asking]:
    """Return about whom to ask for one kind of command."""
    accounts = [(each.command.account, each.index) for each in inquiries if isinstance(each.command, kind)]
    return [(account, index, known.get(account)) for account, index in accounts]


def ownerships(inquiries: Iterable[Inquiry], known: Mapping[int, PersonalData]) -> dict[str, Ownership]:
    """Return what to ask the bank, by the inquiries' places: under the name of the register.

    Of an account that is said to be somebody else's it is not asked.
    """
    asked = {}
    for place, each in enumerate(inquiries):
        command, person = each.command, known.get(each.command.account)
        if isinstance(command, AddBankAccount) and person is not None and _says_own(command, person):
            asked[str(place)] = Ownership(command.bank, normal(command.number), person.name)
    return asked


def answered(each: Inquiry, asked: Mapping[int, Findings], listed: Mapping[int, Findings]) -> Findings:
    """Return what sources said for an inquiry."""
    account = each.command.account
    if isinstance(each.command, APPLYING):
        return asked[account]
    return listed[account] if isinstance(each.command, PAYING) else NOTHING


def with_person(findings: Findings, person: PersonalData | None, on: date) -> Findings:
    """Add what the register says: the age, and what a contract's text names."""
    if person is None:
        return replace(findings, missing=("applicant", *findings.missing))
    answers = {**findings.answers, "applicant": {"age": age_on(person.born_on, on)}}
    return replace(findings, answers=answers, person={**person.masked(), "name": person.name})


def with_owner(findings: Findings, each: Inquiry, person: PersonalData | None, owned: Dated | None) -> Findings:
    """Add whose a bank account is: the bank's word, or that there is none."""
    if not isinstance(each.command, AddBankAccount) or person is None:
        return findings
    if owned is None and _says_own(each.command, person):
        return replace(findings, missing=(*findings.missing, BankOwnership.name))
    answer = {"belongs": False} if owned is None else owned[0]
    return replace(findings, answers={**findings.answers, BankOwnership.name: answer})


def _says_own(command: AddBankAccount, person: PersonalData) -> bool:
    return normal(command.holder) == normal(person.name)
