"""The lender's officers: a TOML file with their roles, what they may approve, and the hash of the token of each."""

import os
import tomllib
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from core.origination.lender import Officer, Role, reaches
from core.origination.product import Name, OptionalAmount
from core.rejections import Code, Rejection

PAYER: Final = "payer"
"""The name under which the payer says what the bank said."""
OFFICER_TOKEN: Final = "Tenor-Officer-Token"
"""The header by which an officer, or the payer, proves to be who a command names."""


class RosterError(Exception):
    """The file is wrong; the message says where, and what to write."""


class Member(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An officer as the file has them."""

    name: Name
    role: Role
    token_sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    approves_up_to: OptionalAmount = 0
    accounts: tuple[int, ...] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    officers: tuple[Member, ...] = ()


class Roster:
    """Who works for the lender, and the payer, which is no officer but proves itself in the same way."""

    def __init__(self, members: tuple[Member, ...] = (), payer_token: str = "") -> None:
        self._officers: Final = {each.name: _officer(each) for each in members}
        self._tokens: Final = {each.name: each.token_sha256 for each in members}
        if payer_token:
            self._tokens[PAYER] = sha256(payer_token.encode()).hexdigest()

    def officer(self, name: str) -> Officer | None:
        """Return an officer."""
        return self._officers.get(name)

    def authentic(self, name: str, token: str) -> bool:
        """Return whether this token is the officer's."""
        known = self._tokens.get(name)
        return known is not None and compare_digest(known, sha256(token.encode()).hexdigest())

    def refusal(self, name: str, token: str, least: Role) -> Rejection | None:
        """Return why somebody may not do what takes a role at least; None if this token proves that they may."""
        officer = self._officers.get(name)
        if officer is None or not self.authentic(name, token):
            return Rejection(Code.OFFICER_UNAUTHENTICATED, f"that is not the token of an officer {name}")
        if not reaches(officer.role, least):
            return Rejection(Code.ROLE_INSUFFICIENT, f"{name} is {officer.role}; it takes {least}")
        return None


def load_roster(path: Path | None, payer_token: Path | None = None) -> Roster:
    """Read the officers, none without a file, and the payer's token; raises RosterError."""
    try:
        token = payer_token.read_text().strip() if payer_token else ""
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File) if path else _File()
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RosterError(f"{path}: {error}") from error
    names = [PAYER, *(each.name for each in file.officers)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise RosterError(f"{path}: more than one is called {', '.join(sorted(twice))}")
    return Roster(file.officers, token)


def make_token(path: Path) -> None:
    """Make a token for the payer, for its owner's eyes only, if there is none."""
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token_urlsafe(32))


def _officer(member: Member) -> Officer:
    return Officer(name=member.name, role=member.role, approves_up_to=member.approves_up_to, accounts=member.accounts)
