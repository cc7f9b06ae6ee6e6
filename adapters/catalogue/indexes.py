"""Read the values of the indexes that legal caps are multiples of: a TOML file beside a lender's product documents."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from adapters.catalogue.documents import CatalogueError, Fault
from core.cost.caps import CAPS, INDEXES, Index

FILE: Final = "indexes.toml"
"""The one document of a lender's directory that is no product."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    indexes: tuple[Index, ...]


def read_indexes(path: Path) -> tuple[Index, ...]:
    """Return what is known of all indexes, a lender's own in place of those that ship; raises CatalogueError."""
    try:
        own = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).indexes
    except (OSError, ValueError) as error:
        raise CatalogueError([Fault(path.name, "", str(error))]) from error
    faults = [Fault(path.name, at, what) for at, what in _faults(own)]
    if faults:
        raise CatalogueError(faults)
    names = [index.name for index in own]
    return (*own, *(index for index in INDEXES if index.name not in names))


def _faults(indexes: tuple[Index, ...]) -> Iterator[tuple[str, str]]:
    known = {cap.index for cap in CAPS if cap.index}
    for place, index in enumerate(indexes):
        days = [quote.since for quote in index.quotes]
        if index.name not in known:
            yield (f"indexes[{place}].name", f"no cap follows {index.name!r}; there are {', '.join(sorted(known))}")
        if index.name in (before.name for before in indexes[:place]):
            yield (f"indexes[{place}].name", f"{index.name!r} stands there twice")
        if not days or days != sorted(set(days)):
            yield (f"indexes[{place}].quotes", "has no value, or is not in the order of days; write the oldest first")
        elif index.known_until < days[-1]:
            yield (f"indexes[{place}].known_until", f"{index.known_until} is before the last value, {days[-1]}")
