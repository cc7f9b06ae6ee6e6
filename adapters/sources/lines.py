"""The sources as the settings have them: over HTTP, or simulated."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from adapters.privacy.masking import PersonalData
from adapters.settings import SourceName, SourceSettings
from adapters.sources.http import HttpSource
from adapters.sources.simulated import Known, Simulated
from adapters.sources.source import Answer, Kept, Line, Source

REUSE_DAYS: Final[Mapping[SourceName, int]] = {
    "bureau": 30,
    "income": 30,
    "debtor_list": 1,
    "sanctions": 1,
    "device": 0,
}
"""A list must be asked each day; a device says nothing of the next visit."""
IN_FLIGHT_MAX: Final = 64
_PLAIN: Final = SourceSettings()


def lines(
    settings: Mapping[SourceName, SourceSettings], people: Path | None = None, kept: Kept | None = None
) -> tuple[Line[PersonalData], ...]:
    """Return all sources; of people in a JSON file {person: {source: answer}} they say what stands there."""
    written: dict[str, dict[str, Answer]] = {}
    if people is not None:
        written = msgspec.json.decode(people.read_bytes(), type=dict[str, dict[str, Answer]])
    return tuple(_line(name, settings.get(name, _PLAIN), _of(written, name), kept) for name in REUSE_DAYS)


def _of(written: Mapping[str, Mapping[str, Answer]], name: str) -> Mapping[str, Answer]:
    return {person: said[name] for person, said in written.items() if name in said}


def _line(
    name: SourceName, settings: SourceSettings, known: Mapping[str, Answer], kept: Kept | None
) -> Line[PersonalData]:
    source: Source[PersonalData] = (
        Simulated(name, settings.latency, settings.faults)
        if settings.url is None
        else HttpSource(name, settings.url, IN_FLIGHT_MAX, settings.timeout)
    )
    return Line(
        source=Known(known, source) if known else source,
        timeout_seconds=settings.timeout,
        in_flight_max=IN_FLIGHT_MAX,
        reuse_days=REUSE_DAYS[name] if settings.reuse_days is None else settings.reuse_days,
        # What a simulated source says costs nothing, and it says the same again.
        kept=None if settings.url is None else kept,
    )
