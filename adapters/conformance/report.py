"""Run published loan figures through the engine and say which it reproduces."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw, Struct

from adapters.conformance.actus import actus
from adapters.conformance.cases import MATCHED, MalformedCase, Outcome
from adapters.conformance.fineract import fineract_schedule
from adapters.conformance.fineract_books import fineract_allocation
from adapters.conformance.lending import loan_terms
from adapters.conformance.published import runner_of
from adapters.conformance.published_derived import derived
from adapters.conformance.published_wrong import Refuted, refute


class Miss(Struct, frozen=True):
    """A case whose figures the engine does not reproduce, and the first difference."""

    id: str
    why: str


class FileReport(Struct, frozen=True, omit_defaults=True):
    """What one file's cases gave; cases = matched + unsupported + misses.

    A figure known to be wrong counts as a case, and as a miss, only if the engine reproduces it.
    """

    file: str
    cases: int
    matched: int
    unsupported: int
    misses: tuple[Miss, ...]
    refuted: tuple[Refuted, ...] = ()
    """Figures known to be wrong, and the engine's own."""


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
    """A file of cases."""

    cases: list[Raw]
    derived_not_published: list[Raw] = []
    """Cases whose titles are their terms, and may refer to the ones before."""
    known_wrong_published: list[Raw] = []


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
    results = [_run_case(raw, f"case {number}") for number, raw in enumerate(content.cases, start=1)]
    try:
        results += [(name, _outcome(compare)) for name, compare in derived(content.derived_not_published)]
        refuted = tuple(refute(raw) for raw in content.known_wrong_published)
    except (msgspec.DecodeError, MalformedCase) as error:
        raise UnreadableCases(f"{path.name}: {error}") from error
    return _report(path.name, results, refuted)


def _run_case(raw: Raw, place: str) -> tuple[str, Outcome]:
    """Return a case's name and outcome; without a name it goes by its place."""
    try:
        head = msgspec.json.decode(raw, type=Head)
    except msgspec.DecodeError as error:
        return place, f"makes no sense: {error}"
    run = _runner(head)
    return head.id, None if run is None else _outcome(partial(run, raw))


def _outcome(compare: Callable[[], Outcome]) -> Outcome:
    """Return the outcome of a case; whatever is wrong with one is its own miss and stops no other."""
    try:
        return compare()
    except (msgspec.DecodeError, MalformedCase) as error:
        return f"makes no sense: {error}"
    except Exception as error:
        return f"failed: {error!r}"


def _report(file: str, results: list[tuple[str, Outcome]], refuted: tuple[Refuted, ...]) -> FileReport:
    wrong = [Miss(claim.id, "reproduces a figure known to be wrong") for claim in refuted if _reproduced(claim)]
    misses = (*(Miss(case_id, outcome) for case_id, outcome in results if outcome), *wrong)
    matched = sum(outcome == MATCHED for _, outcome in results)
    cases = len(results) + len(wrong)
    return FileReport(file, cases, matched, cases - matched - len(misses), misses, refuted)


def _reproduced(claim: Refuted) -> bool:
    """Return whether all of a claim comes out: one that is wrong in part is wrong."""
    return bool(claim.computed) and claim.computed == claim.claimed


def _runner(head: Head) -> Callable[[Raw], Outcome] | None:
    """Return what runs such a case; None for kinds that the engine does not claim."""
    if head.kind == "schedule":
        return fineract_schedule
    if head.kind == "allocation":
        return fineract_allocation
    if head.kind is not None:
        return runner_of(head.kind)
    if head.type in ACTUS_TYPES:
        return actus
    return loan_terms if head.topic is not None else None
