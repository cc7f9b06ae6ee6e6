"""The library of contract texts: templates in directories, chosen by product, rendered the same for good."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec import Struct
from msgspec.structs import replace

from adapters.contracts.costs import costs_of, next_reset, rate_at
from adapters.contracts.formats import FILTERS, money
from core.origination.file import Agreement, AgreementStatus, Application, ApplicationStatus
from core.origination.product import Product
from core.servicing.accrual import penalty_year

SHIPPED: Final = Path(__file__).parent / "templates"
LENDER: Final = "lender.toml"
_FILE: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)@(?P<version>[1-9][0-9]*)\.html\.j2")
_HEAD: Final = re.compile(r"\{#-? (?P<title>.+?)(?:\. In effect from (?P<on>\d{4}-\d\d-\d\d))? -?#\}")


class LibraryError(Exception):
    """Templates that cannot be used; the message says which and why."""


class Text(Struct, frozen=True):
    """One version of a contract text."""

    name: str
    version: int
    title: str
    effective_from: date
    file: Path


class LenderDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """Who lends, as the contract says it, from a day on."""

    effective_from: date
    name: str
    licence: str
    address: str
    contact: str
    court: str


class _LenderFile(Struct, frozen=True, forbid_unknown_fields=True):
    lender: list[LenderDetails]


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with a short way to what contracts mostly read: fields of our own frozen structs."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field, or what the sandbox says."""
        if isinstance(obj, Struct) and attribute in obj.__struct_fields__:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


class Library:
    """Contract texts by name and version. A version is never edited: another one follows it."""

    def __init__(self, directories: Sequence[Path]) -> None:
        """Read the directories, later ones after earlier; a name and version stands in one of them only."""
        for each in directories:
            if not each.is_dir():
                raise LibraryError(f"{each} is not a directory of templates")
        self._texts = _texts(directories)
        self._lenders = _lenders(directories)
        loader = ChoiceLoader([FileSystemLoader(each) for each in directories])
        self._environment = _Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
            auto_reload=False,
        )
        self._environment.filters |= FILTERS
        self._compiled: dict[Path, Compiled] = {}
        for versions in self._texts.values():
            for text in versions:
                self._compile(text)

    def all(self) -> list[Text]:
        """Return every version of every text."""
        return [text for _, versions in sorted(self._texts.items()) for text in versions]

    def versions(self, name: str) -> list[Text]:
        """Return every version of a text, or the one in `name@2`."""
        name, _, version = name.partition("@")
        found = [each for each in self._texts.get(name, []) if version in ("", str(each.version))]
        if not found:
            raise LibraryError(f"there is no template {name}{'@' + version if version else ''}")
        return found

    def text(self, name: str, on: date) -> Text:
        """Return a text's version in effect on a date; before the first one, the first."""
        versions = self.versions(name)
        return next((each for each in reversed(versions) if each.effective_from <= on), versions[0])

    def find(self, product: Product, amount: int, installments: int, on: date) -> Text | None:
        """Return the text of a contract on a product: its first template that fits, in the version in effect."""
        for each in product.templates:
            if amount <= (each.to_amount or amount) and installments <= (each.to_installments or installments):
                return self.text(each.name, on)
        return None

    def render(
        self, template: str, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> bytes:
        """See core.origination.lender.Lender: depends on what was offered, not on what became of it since."""
        text = self.text(template, agreement.offered_on)
        try:
            rendered = self._compile(text).render(self._values(text, agreement, application, product, person))
        except TemplateError as error:
            raise LibraryError(f"{text.file.name}: {error}") from error
        return rendered.encode()

    def _values(
        self, text: Text, agreement: Agreement, application: Application, product: Product, person: dict[str, str]
    ) -> dict[str, Any]:
        """Return all that a template may name."""
        terms, on, currency = agreement.terms, agreement.offered_on, product.currency
        return {
            "title": product.title,
            "text": f"{text.name}@{text.version}",
            "agreement": replace(agreement, digest="", status=AgreementStatus.OFFERED, signatures=(), loan=0),
            "application": _as_offered(application),
            "product": product,
            "person": person,
            "lender": self._lender(on),
            "terms": terms,
            "costs": costs_of(terms, on),
            "rate": rate_at(terms, on),
            "next_reset": next_reset(terms, on),
            "year": penalty_year(terms.day_count),
            "money": lambda amount: f"{currency} {money(amount, currency)}",
            "amount": partial(money, currency=currency),
            "article": count(1).__next__,
        }

    def _lender(self, on: date) -> LenderDetails:
        return next((each for each in reversed(self._lenders) if each.effective_from <= on), self._lenders[0])

    def _compile(self, text: Text) -> Compiled:
        compiled = self._compiled.get(text.file)
        if compiled is None:
            try:
                compiled = self._environment.get_template(text.file.name)
            except TemplateError as error:
                raise LibraryError(f"{text.file.name}: {error}") from None
            self._compiled[text.file] = compiled
        return compiled


def load_library(own: Path | None = None) -> Library:
    """Return the texts that ship with Tenor, and a lender's own."""
    return Library((SHIPPED,) if own is None else (SHIPPED, own))


def _as_offered(application: Application) -> Application:
    """Return an application without what still changes after the offer."""
    return replace(
        application,
        status=ApplicationStatus.APPROVED,
        decided_on=None,
        verdict=None,
        claim=None,
        approvals=(),
        asked_for_review=False,
        missing=(),
    )


def _texts(directories: Iterable[Path]) -> dict[str, list[Text]]:
    """Return the versions of each text, ascending."""
    found: dict[str, list[Text]] = {}
    for path in sorted(path for directory in directories for path in directory.glob("*.j2")):
        if not path.name.startswith("_"):
            text = _text(path)
            found.setdefault(text.name, []).append(text)
    for versions in found.values():
        versions.sort(key=lambda each: each.version)
        numbers = [each.version for each in versions]
        if numbers != list(range(1, len(versions) + 1)):
            raise LibraryError(f"{versions[0].name}: versions are 1, 2, 3..., each once, not {numbers}")
        days = [each.effective_from for each in versions]
        if days != sorted(set(days)):
            raise LibraryError(f"{versions[0].name}: each version is in effect from a later day than the one before")
    return found


def _text(path: Path) -> Text:
    named, head = _FILE.fullmatch(path.name), _HEAD.match(path.read_text())
    if named is None:
        raise LibraryError(f"{path.name}: a template is called name@1.html.j2")
    if head is None:
        raise LibraryError(f"{path.name}: the first line says what it is: {{#- Title. In effect from 2027-01-01 -#}}")
    version, on = int(named["version"]), head["on"]
    if on is None and version > 1:
        raise LibraryError(f"{path.name}: from version 2 on, the first line says from when: In effect from 2027-01-01")
    return Text(named["name"], version, head["title"], date.fromisoformat(on) if on else date.min, path)


def _lenders(directories: Sequence[Path]) -> list[LenderDetails]:
    """Return who lends, by day; the last directory that says so counts."""
    path = next(each / LENDER for each in reversed(directories) if (each / LENDER).exists())
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), _LenderFile).lender
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise LibraryError(f"{path.name}: {error}") from None
    if not found:
        raise LibraryError(f"{path.name} names no lender")
    return sorted(found, key=lambda each: each.effective_from)
