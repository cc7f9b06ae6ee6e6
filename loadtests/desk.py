"""The lender's people in a bench or demo: officers, and an authority under which borrowers sign."""

from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Final, Self

import asyncpg
from msgspec.structs import replace

from adapters.contracts.signing import Authority, create_authority, issue
from adapters.postgres.pools import create_pool, top_up
from adapters.roster import OFFICER_TOKEN
from adapters.settings import Settings
from core.origination.commands import SignContract
from loadtests.applicants import CURRENCY, OFFICER
from loadtests.bench import OPENED_ON
from loadtests.client import Order

RISK_OFFICER: Final = "risk-officer"
GRADE: Final = 10**9
_OFFICERS: Final = """
[[officers]]
name = "{name}"
role = "{role}"
approves_up_to = {grade}
token_sha256 = "{token}"
"""


class Desk:
    """Officers with one token for all, and an authority."""

    def __init__(self, officers: Path, roots: Path, token: str, authority: Authority) -> None:
        self.officers = officers
        self.roots = roots
        self.token = token
        self._authority = authority

    @classmethod
    def made(cls, home: Path) -> Self:
        """Write all of it into a directory."""
        home.mkdir(parents=True, exist_ok=True)
        token, officers, roots = token_urlsafe(16), home / "officers.toml", home / "authority"
        hashed = sha256(token.encode()).hexdigest()
        people = ((OFFICER, "loan_officer"), (RISK_OFFICER, "risk_officer"), ("second-officer", "risk_officer"))
        officers.write_text(
            "".join(_OFFICERS.format(name=name, role=role, grade=GRADE, token=hashed) for name, role in people)
        )
        return cls(officers, roots, token, create_authority(roots, OPENED_ON))

    def known_to(self, settings: Settings) -> Settings:
        """Return the settings of a lender that knows these officers and trusts this authority."""
        return replace(settings, officers_file=str(self.officers), roots_dir=str(self.roots))

    @property
    def proof(self) -> str:
        """The header by which the officers prove themselves."""
        return f"{OFFICER_TOKEN}: {self.token}\r\n"

    def sign(self, account: int, digest: str, signer: str = "borrower", agreement: int = 1) -> Order:
        """Return a borrower's signature under a contract, with a certificate of their own."""
        credentials = issue(self._authority, f"{signer} {account}", OPENED_ON)
        command = SignContract(
            account=account,
            agreement=agreement,
            signer=signer,
            certificate=credentials.certificate,
            signature=credentials.sign(digest),
        )
        return Order(f"{account}-sign-{agreement}-{signer}", command)

    async def fund(self, dsn: str, pool: str, balance: int) -> None:
        """Make a funding pool with this balance, of which all may leave on a day."""
        connection = await asyncpg.connect(dsn)
        try:
            await create_pool(connection, pool, CURRENCY, balance, OFFICER)
            await top_up(connection, pool, balance, OFFICER)
        finally:
            await connection.close()
