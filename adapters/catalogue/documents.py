"""Read product documents: TOML files that people at the lender write."""

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from adapters.catalogue.faults import faults_of
from core.origination.product import Product, terms_for

FILLED: Final = ("principal", "installments", "product")
"""Terms that a document leaves out: an application says the first two, the product's name is the third."""


class Fault(Struct, frozen=True):
    """Something wrong in a product document."""

    file: str
    at: str
    """Where in the document, as `documents[0].kinds`; empty: the whole of it."""
    what: str


class CatalogueError(Exception):
    """Product documents are wrong; the message says file by file where and what."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(": ".join(filter(None, (each.file, each.at, each.what))) for each in faults))


def read_product(path: Path) -> Product:
    """Return the product of a document; raises CatalogueError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError([Fault(path.name, "", f"cannot be read: {error.strerror}")]) from error
    except ValueError as error:  # Not UTF-8, or not TOML.
        raise CatalogueError([Fault(path.name, "", f"is not TOML: {error}")]) from error
    product = _converted(document, path.name)
    faults = [Fault(path.name, found.at, found.what) for found in faults_of(product)]
    if faults:
        raise CatalogueError(faults)
    # The terms stand for the smallest loan until an application says which.
    return msgspec.structs.replace(product, terms=terms_for(product, product.amount.least, product.installments.least))


def digest(product: Product) -> str:
    """Return the SHA-256 of what a product says, hex: comments, order and spelled-out defaults do not change it."""
    return sha256(msgspec.json.encode(product, order="sorted")).hexdigest()


def _converted(document: dict[str, Any], file: str) -> Product:
    terms = document.get("terms")
    if isinstance(terms, dict):
        written = [name for name in FILLED if name in terms]
        if written:
            why = "leave it out: an application says it, or the product's name"
            raise CatalogueError([Fault(file, f"terms.{name}", why) for name in written])
        document["terms"] = {**terms, "principal": 1, "installments": 1}
    try:
        return msgspec.convert(document, Product)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        raise CatalogueError([Fault(file, at.strip(".`"), what)]) from error
