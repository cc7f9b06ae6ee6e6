"""What a decision on a borrower needs of the lender: products, rules, officers, texts, money. Handed in."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct

from core.cost.caps import Index
from core.money import AMOUNT_MAX
from core.origination.file import Agreement, Application, Verdict
from core.origination.product import Name, Product


class Role(StrEnum):
    """Who may do what; each role may do what the ones before it may."""

    BORROWER = "borrower"
    LOAN_OFFICER = "loan_officer"
    RISK_OFFICER = "risk_officer"
    ADMINISTRATOR = "administrator"


def reaches(role: Role, least: Role) -> bool:
    """Return whether a role may do what takes another one at least."""
    roles = list(Role)
    return roles.index(role) >= roles.index(least)


class Officer(Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """Somebody who works for the lender."""

    name: Name
    role: Role
    approves_up_to: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    accounts: tuple[int, ...] = ()
    """Accounts of their own, and of those close to them: they decide nothing on these."""


class Findings(Struct, frozen=True, gc=False):
    """What sources outside said about a borrower, for one command. A source that gave no answer is in `missing`."""

    answers: dict[str, Any] = {}
    """By source: `applicant` {age}, `bureau` {score}, `income` {monthly}, `debtor_list` {listed}, `sanctions` {listed},
    `device` {risk}, `bank_account` {belongs}, `person` {elsewhere}."""
    missing: tuple[str, ...] = ()
    as_of: dict[str, date] = {}
    """The day of each answer."""
    person: dict[str, str] = {}
    """Opened personal data, only for a contract's text: name, masked identity number, phone."""


NOTHING = Findings()


class Unasked(Exception):
    """A decision looks at what sources say, and nobody has asked them."""


class Lender(Protocol):
    """The lender as a decision sees it. Every answer depends on the arguments and on versioned documents alone."""

    @property
    def retention_days(self) -> int:
        """How long a law keeps a borrower's data after the last that happened on contract and loans."""

    @property
    def indexes(self) -> Sequence[Index]:
        """The values, as far as they are known, of the indexes that legal caps are multiples of."""

    def product(self, name: str, on: date, version: int = 0) -> Product | None:
        """Return a product's version, or (0) the one in effect on a date."""

    def officer(self, name: str) -> Officer | None:
        """Return an officer."""

    def assess(self, product: Product, inputs: dict[str, Any], on: date) -> Verdict:
        """Return what the product's rule set, in the version in effect, says of these inputs."""

    def challenge(self, product: Product, inputs: dict[str, Any], on: date, key: int) -> Verdict | None:
        """Return what a challenger version would have said, for the share of the traffic that it sees."""

    def render(
        self, template: str, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> bytes | None:
        """Return the contract's text, UTF-8 HTML: for the same arguments the same for good; None if it fails."""

    def verifies(self, digest: str, certificate: bytes, signature: bytes, on: date, subject: str) -> str:
        """Return why a subject's signature over a contract's digest does not hold on a date; empty if it holds."""

    def revoked(self, certificate: bytes, on: date) -> str:
        """Return why a good certificate did not hold on a date any more; empty if it did, or never was good."""

    def available(self, pool: str) -> int:
        """Return what may still be paid out of a pool today, as far as this shard is concerned."""

    def index(self, text: str) -> str:
        """Return the keyed hash by which personal data is found, hex."""
