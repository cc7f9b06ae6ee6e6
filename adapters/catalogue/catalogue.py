"""All versions of all products, and which one is in effect on a date."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final

from adapters.catalogue.documents import CatalogueError, Fault, read_product
from adapters.catalogue.indexes import FILE, read_indexes
from core.cost.caps import INDEXES, Index
from core.origination.applying import refused_if_withdrawn
from core.origination.product import LedgerAccount, Product, law_of
from core.rejections import Rejection

SHIPPED: Final = Path(__file__).parent / "products"


class Catalogue:
    """Every version of every product; nothing of it changes."""

    __slots__ = ("_versions", "indexes")

    def __init__(self, products: Iterable[Product], indexes: tuple[Index, ...] = INDEXES) -> None:
        self.indexes: Final = indexes
        """The values of the indexes that legal caps follow."""
        ordered = sorted(products, key=lambda product: (product.name, product.version))
        self._versions: dict[str, tuple[Product, ...]] = {}
        for product in ordered:
            self._versions[product.name] = (*self._versions.get(product.name, ()), product)

    def product(self, name: str, on: date, version: int = 0) -> Product | None:
        """Return a version of a product, or (0) the one in effect on a date; None if there is none."""
        versions = self._versions.get(name, ())
        if version:
            return next((each for each in versions if each.version == version), None)
        return next((each for each in reversed(versions) if each.effective_from <= on), None)

    def all(self) -> tuple[Product, ...]:
        """Return every version, by name and version."""
        return tuple(product for versions in self._versions.values() for product in versions)

    def offered(self, on: date) -> tuple[Product, ...]:
        """Return the version of each product that anybody can apply for on a date."""
        found = (self.product(name, on) for name in self._versions)
        return tuple(each for each in found if each is not None and refused_if_withdrawn(each, on) is None)

    def without_cap(self, on: date) -> list[str]:
        """Return of which products nothing can be offered on a day, since nobody knows the legal cap, and why."""
        laws = ((each.name, law_of(each, on, self.indexes)) for each in self.offered(on))
        return [f"{name}: {law.detail}" for name, law in laws if isinstance(law, Rejection)]

    def ledger_account(self, name: str, control: str) -> LedgerAccount | None:
        """Return the account of its own in which a product's money stands below a control account, if it has one."""
        versions = self._versions.get(name, ())
        return next((each for version in versions[-1:] for each in version.accounting if each.control == control), None)


def load_catalogue(own: Path | None = None) -> Catalogue:
    """Return the shipped products with those of a lender's own directory; raises CatalogueError for all of them."""
    if own is not None and not own.is_dir():
        raise CatalogueError([Fault(str(own), "", "is not a directory of product documents")])
    directories = (SHIPPED,) if own is None else (SHIPPED, own)
    return catalogue_of(path for directory in directories for path in sorted(directory.glob("*.toml")))


def catalogue_of(paths: Iterable[Path]) -> Catalogue:
    """Return the products of these documents; raises CatalogueError with what is wrong in any of them."""
    read: list[tuple[str, Product]] = []
    faults: list[Fault] = []
    indexes: tuple[Index, ...] = INDEXES
    for path in paths:
        try:
            if path.name == FILE:
                indexes = read_indexes(path)
            else:
                read.append((path.name, read_product(path)))
        except CatalogueError as error:
            faults += error.faults
    faults += _between_versions(read)
    if faults:
        raise CatalogueError(faults)
    return Catalogue((product for _, product in read), indexes)


def _between_versions(read: list[tuple[str, Product]]) -> Iterator[Fault]:
    """Yield what is wrong between versions: each takes effect after the one before, and numbers are used once."""
    ordered = sorted(read, key=lambda each: (each[1].name, each[1].version))
    for (other, earlier), (file, later) in pairwise(ordered):
        if earlier.name != later.name:
            continue
        if earlier.version == later.version:
            yield Fault(file, "version", f"{later.name} {later.version} is also in {other}; a version never changes")
        elif later.effective_from <= earlier.effective_from:
            former = f"version {earlier.version} in {other} ({earlier.effective_from})"
            yield Fault(file, "effective_from", f"{later.effective_from} is not after {former}")
        elif later.accounting != earlier.accounting:
            yield Fault(file, "accounting", f"is not as in {other}, version {earlier.version}; name it anew")
        elif later.currency != earlier.currency:
            yield Fault(file, "currency", f"{later.currency} is not {earlier.currency} as in {other}; name it anew")
