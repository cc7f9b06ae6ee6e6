"""One person, one account: whoever is identified is claimed for the account before it is decided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from actors.memory import Accounts
from actors.messages import Refused
from actors.protocols import Journal
from core.account import Account
from core.commands import Command, OpenAccount
from core.origination.commands import IdentifyBorrower
from core.origination.identifying import refused_person
from core.origination.lender import NOTHING, Findings


class People:
    """Finds out whether persons have another account; they are known by the keyed hash of their number alone."""

    def __init__(self, journal: Journal, index: Callable[[str], str]) -> None:
        self._journal = journal
        self._index = index

    async def claim(self, commands: Mapping[int, IdentifyBorrower]) -> dict[int, Findings]:
        """Claim persons for the accounts of commands; return what comes of it by the commands' places.

        A claim of which nothing comes, since its commit fails, is found again when the same account asks again.
        """
        if not commands:
            return {}
        wanted = {place: (self._index(command.identity_number), command.account) for place, command in commands.items()}
        owners = await self._journal.claim_people(list(wanted.values()))
        return {place: _person(owners.get(person) != account) for place, (person, account) in wanted.items()}

    async def look(self, commands: Iterable[Command], on: date) -> Findings:
        """Return what a trial of commands would find out of the first person that they identify; claims nothing."""
        for command in commands:
            if isinstance(command, IdentifyBorrower) and refused_person(command, on) is None:
                person = self._index(command.identity_number)
                owner = (await self._journal.owners([person])).get(person, command.account)
                return _person(owner != command.account)
        return NOTHING


def identifiable(command: IdentifyBorrower, account: Account | None, on: date) -> bool:
    """Return whether a command may say of an account who its borrower is: then the person is claimed for it."""
    known = account is not None and account.file.borrower is not None
    return not known and refused_person(command, on) is None


def identified(commands: Iterable[Command | Refused], accounts: Accounts, on: date) -> dict[int, IdentifyBorrower]:
    """Return whom a batch identifies, by account; an account of which it says so twice has to wait for its turn."""
    opened, found = set[int](), dict[int, list[IdentifyBorrower]]()
    for command in commands:
        if isinstance(command, OpenAccount):
            opened.add(command.account)
        elif isinstance(command, IdentifyBorrower):
            cached = accounts.get(command.account)
            if cached is not None and cached.suspended is not None:
                continue
            account = None if cached is None else cached.account
            if (account is not None or command.account in opened) and identifiable(command, account, on):
                found.setdefault(command.account, []).append(command)
    return {account: said[0] for account, said in found.items() if len(said) == 1}


def _person(elsewhere: bool) -> Findings:
    return Findings({"person": {"elsewhere": elsewhere}})
