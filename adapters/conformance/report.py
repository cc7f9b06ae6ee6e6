"""Run published loan figures through the engine and say which it reproduces."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.actus import actus
from adapters.conformance.cases import MalformedCase, Outcome
from adapters.conformance.fineract import fineract_schedule
from adapters.conformance.lending import loan_terms
from adapters.conformance.published import PUBLISHED


class Miss(Struct, frozen=True):
    """A case whose figures the engine does not reproduce, and the first difference."""

    id: str
    why: str


class FileReport(Struct, frozen=True):
    """What one file's cases gave; cases = matched + unsupported + misses."""

    file: str
    cases: int
    matched: int
    unsupported: int
    misses: tuple[Miss, ...]


class Report(Struct, frozen=True):
    """The result for all files, in the order given."""

    files: tuple[FileReport, ...]


class UnreadableCases(Exception):
    """A file that is missing, is not JSON or does not have the documented shape."""


class Head(Struct):
    """The fields by which a case says what it is; a case is never known by its id."""

    id: str
    kind: str | None = None
    type: str | None = None
    topic: str | None = None


class CaseFile(Struct):
    """A file of cases; figures marked as wrong by their publisher's reader are not read."""

    cases: list[Raw]
    derived_not_published: list[Raw] = []


ACTUS_TYPES: Final = frozenset({"ANN", "LAM", "NAM", "PAM"})


def conformance(paths: Sequence[Path]) -> Report:
    """Return the report over case files, or over all .json files of a directory; raises UnreadableCases."""
    files: list[Path] = []
    for path in paths:
        files.extend(sorted(path.glob("*.json")) if path.is_dir() else [path])
    return Report(files=tuple(run_file(path) for path in files))


def run_file(path: Path) -> FileReport:
    """Return the result of one file; raises UnreadableCases naming the file and the case."""
    try:
        content = msgspec.json.decode(path.read_bytes(), type=CaseFile)
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableCases(f"{path.name}: {error}") from error
    cases = [*content.cases, *content.derived_not_published]
    matched, misses = 0, list[Miss]()
    for number, raw in enumerate(cases, start=1):
        case_id, outcome = _run_case(path, number, raw)
        if outcome is None:
            continue
        if outcome:
            misses.append(Miss(case_id, outcome))
        else:
            matched += 1
    unsupported = len(cases) - matched - len(misses)
    return FileReport(path.name, len(cases), matched, unsupported, tuple(misses))


def _run_case(path: Path, number: int, raw: Raw) -> tuple[str, Outcome]:
    try:
        head = msgspec.json.decode(raw, type=Head)
        run = _runner(head)
        return head.id, None if run is None else run(raw)
    except (msgspec.DecodeError, MalformedCase) as error:
        raise UnreadableCases(f"{path.name}: case {number}: {error}") from error


def _runner(head: Head) -> Callable[[Raw], Outcome] | None:
    """Return what runs such a case; None for kinds that the engine does not claim."""
    if head.kind == "schedule":
        return fineract_schedule
    if head.kind is not None:
        return PUBLISHED.get(head.kind)
    if head.type in ACTUS_TYPES:
        return actus
    return loan_terms if head.topic is not None else None
