"""The lender's house put together: products, rules, officers, contract texts, keys, and the sources outside."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from copy import copy
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct

from actors.funding import Leases
from actors.house import Inquiry
from actors.protocols import JournalUnavailable
from actors.rows import ContractTextRow, SecretRow
from adapters.catalogue.catalogue import Catalogue, load_catalogue
from adapters.catalogue.documents import CatalogueError
from adapters.contracts.sample import try_all
from adapters.contracts.signing import AuthorityError, Verifier, load_verifier
from adapters.contracts.texts import Library, LibraryError, load_library
from adapters.postgres.funding import PostgresTreasury
from adapters.privacy.keyring import Keyring, KeyringError, key_file
from adapters.privacy.masking import PersonalData, mask_logs
from adapters.privacy.register import Register
from adapters.privacy.sealing import opened_text, person_rows, sealed_row, sealed_text
from adapters.questions import APPLYING, PAYING, about, answered, ownerships, person_of, with_owner, with_person
from adapters.rails.bank_api import Ownership
from adapters.rails.ownership import ownership_line
from adapters.roster import Roster, RosterError, load_roster
from adapters.rules.book import MODELS, RuleBook
from adapters.rules.model import RulesError
from adapters.settings import Settings, SourceName, SourceSettings
from adapters.sources.desk import Desk
from adapters.sources.kept import KeptAnswers
from adapters.sources.lines import lines
from adapters.sources.source import Line
from adapters.sources.sources import Sources
from core.money import AMOUNT_MAX
from core.origination.commands import IdentifyBorrower
from core.origination.file import Agreement, Application, Verdict
from core.origination.lender import Findings, Lender
from core.origination.product import Product

LISTS: Final = ("debtor_list", "sanctions")
"""What is asked again before money leaves."""
BANK: Final = "bank"
"""The name of the rail: a book has one."""
NO_SHARD: Final = -1
_log = logging.getLogger("tenor.house")
PEOPLE_MAX: Final = 20_000
"""Borrowers remembered since they were identified, until the register has them for sure."""


class HouseSettings(Struct, frozen=True, kw_only=True):
    """Where the lender's documents and keys are; paths, since every shard reads them itself."""

    keys: str
    payer_token: str
    """The file with the token by which the payer proves itself."""
    bank_secret: str
    """The file with the secret that the bank signs its notices with."""
    bank: str
    """The bank's url."""
    retention_days: int
    products: str | None = None
    rules: str | None = None
    templates: str | None = None
    officers: str | None = None
    sources: str | None = None
    """What is written down of people."""
    lines: dict[SourceName, SourceSettings] = {}
    roots: str | None = None
    """Certificates of the authorities whose signatures count."""


HOUSE_ERRORS: Final = (AuthorityError, CatalogueError, KeyringError, LibraryError, RosterError, RulesError)
"""What is wrong with documents, keys or officers; the message says it."""


def house_settings(settings: Settings, bank: str) -> HouseSettings:
    """Return where a book's house is, in paths that hold for every process of this machine, and its bank."""
    return HouseSettings(
        keys=str(key_file(settings).resolve()),
        payer_token=str(Path(settings.data_dir, "payer.token").resolve()),
        bank_secret=str(Path(settings.bank_secret_file or Path(settings.data_dir, "bank.secret")).resolve()),
        bank=bank,
        retention_days=settings.retention_days,
        products=_absolute(settings.products_dir),
        rules=_absolute(settings.rules_dir),
        templates=_absolute(settings.templates_dir),
        officers=_absolute(settings.officers_file),
        sources=_absolute(settings.sources_file),
        lines=settings.sources,
        roots=_absolute(settings.roots_dir),
    )


class LendingHouse:
    """Implements actors.house.House, and is its own Lender."""

    def __init__(
        self,
        catalogue: Catalogue,
        rules: RuleBook,
        roster: Roster,
        library: Library,
        verifier: Verifier,
        keyring: Keyring,
        register: Register,
        lines: Sequence[Line[PersonalData]],
        bank: Line[Ownership],
        leases: Leases,
        retention_days: int,
    ) -> None:
        self.retention_days = retention_days
        self.catalogue = catalogue
        self.roster = roster
        self.product = catalogue.product
        self.indexes = catalogue.indexes
        self.officer = roster.officer
        self._library = library
        self._rendered: tuple[tuple[object, ...], bytes] = (), b""
        self.verifies = verifier.verify
        self.revoked = verifier.revoked
        self.index = keyring.index
        self.fingerprint = keyring.fingerprint
        self.leases = leases
        self.available: Callable[[str], int] = leases.available
        self._rules = rules
        self._keyring = keyring
        self._register = register
        self._sources = Sources(lines)
        self._lists = Sources(line for line in lines if line.source.name in LISTS)
        self._bank = Desk(bank)
        self._fresh: dict[int, PersonalData] = {}

    @classmethod
    def open(cls, settings: HouseSettings, dsn: str, shard: int = NO_SHARD) -> Self:
        """Read all documents and keys; raises what the parts raise about theirs. Only a shard's house pays out."""
        mask_logs()
        keyring = Keyring.load(Path(settings.keys))
        return cls(
            load_catalogue(_path(settings.products)),
            RuleBook(_path(settings.rules) or MODELS),
            load_roster(_path(settings.officers), _path(settings.payer_token)),
            load_library(_path(settings.templates)),
            load_verifier(_path(settings.roots)),
            keyring,
            Register(dsn, keyring),
            lines(settings.lines, _path(settings.sources), KeptAnswers(dsn)),
            ownership_line(settings.bank),
            Leases(PostgresTreasury(dsn, shard)),
            settings.retention_days,
        )

    def open_text(self, row: ContractTextRow) -> bytes:
        """Return the text of a contract."""
        return opened_text(self._keyring, row)

    async def check(self) -> None:
        """Raise KeyringError if the book was sealed with other keys, LibraryError if a product has no text to sign."""
        try_all(self._library, self.catalogue.all())
        await self._register.check()
        await self._register.close()

    @property
    def lender(self) -> Lender:
        """What decisions see."""
        return self

    @property
    def tried(self) -> Lender:
        """See House."""
        trial = copy(self)
        trial.available = lambda pool: AMOUNT_MAX
        return trial

    def assess(self, product: Product, inputs: dict[str, Any], on: date) -> Verdict:
        """See Lender."""
        return self._rules.assess(product.rules, inputs, on)

    def challenge(self, product: Product, inputs: dict[str, Any], on: date, key: int) -> Verdict | None:
        """See Lender."""
        return self._rules.challenge(product.rules, inputs, on, key)

    def render(
        self, template: str, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> bytes | None:
        """See Lender. A text is wanted twice in a row: for its hash, then to be kept."""
        wanted = (template, agreement, application, product, person)
        if self._rendered[0] != wanted:
            try:
                self._rendered = wanted, self._library.render(*wanted)
            except Exception as error:
                # What else an error says may be the text itself, which names the borrower.
                why = error if isinstance(error, LibraryError) else type(error).__name__
                _log.error("contract text %s cannot be rendered: %s", template, why)
                return None
        return self._rendered[1]

    async def investigate(self, inquiries: Sequence[Inquiry], on: date) -> list[Findings]:
        """See House. Sources that cost money, or need consent, are asked only for what is decided on them."""
        known = await self._people([each.command.account for each in inquiries if each.borrower is None])
        known |= {each.command.account: person_of(each.borrower) for each in inquiries if each.borrower is not None}
        asked, listed, owned = await asyncio.gather(
            self._sources.gather(about(inquiries, known, APPLYING), on),
            self._lists.gather(about(inquiries, known, PAYING), on),
            self._bank.ask(ownerships(inquiries, known), on),
        )
        found = list[Findings]()
        for place, each in enumerate(inquiries):
            person = known.get(each.command.account)
            said = with_person(answered(each, asked, listed), person, on)
            found.append(with_owner(said, each, person, owned.get(str(place))))
        return found

    async def _people(self, accounts: Collection[int]) -> dict[int, PersonalData]:
        """Return who borrowers are; without those that cannot be read just now."""
        try:
            known = await self._register.people(accounts)
        except (JournalUnavailable, KeyringError, OSError) as error:
            _log.warning("borrowers cannot be read: %s", error)
            known = {}
        return known | {account: self._fresh[account] for account in accounts if account in self._fresh}

    def forget(self, account: int) -> None:
        """See House."""
        self._fresh.pop(account, None)

    def seal(self, account: int, kind: str, number: int, index: str, plain: str) -> SecretRow:
        """See House."""
        return sealed_row(self._keyring, account, kind, number, index, plain)

    def seal_person(self, command: IdentifyBorrower) -> list[SecretRow]:
        """See House."""
        person = person_of(command)
        self._fresh[command.account] = person
        if len(self._fresh) > PEOPLE_MAX:
            del self._fresh[next(iter(self._fresh))]
        return person_rows(self._keyring, command.account, person)

    def seal_text(self, account: int, agreement: int, digest: str, text: bytes) -> ContractTextRow:
        """See House."""
        return sealed_text(self._keyring, account, agreement, digest, text)


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).resolve())


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
