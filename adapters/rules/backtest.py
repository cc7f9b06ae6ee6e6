"""A version of a rule set on past applications: how it agrees with what came, and what it would change."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from adapters.rules.book import RuleBook
from adapters.rules.published import Case
from core.origination.file import Outcome, Verdict

EXAMPLES_MAX: Final = 3
"""Shown for each kind of change."""


class Change(Struct, frozen=True):
    """An application on which two versions differ."""

    case: str
    was: Outcome
    would_be: Outcome
    reasons_were: tuple[str, ...]
    reasons_would_be: tuple[str, ...]
    good: bool | None


class Result(Struct, frozen=True, kw_only=True):
    """What one version says of all applications."""

    version: int
    outcomes: dict[Outcome, int]
    reasons: dict[str, int]
    """How many applications each code was given to, the most frequent first."""
    good: dict[Outcome, int]
    """Of those that ended well, by outcome."""
    bad: dict[Outcome, int]
    decided: int
    """Those approved or declined whose end is known."""
    agreed: int
    """Of these, those approved that ended well, and those declined that did not."""


class BackTest(Struct, frozen=True, kw_only=True):
    """What a back-test found."""

    rules: str
    cases: int
    result: Result
    against: Result | None
    pairs: dict[str, int]
    """`decline -> refer` and the like: how many move, and in which way."""
    examples: list[Change]


def recorded(inputs: Iterable[bytes]) -> Iterator[Case]:
    """Return what verdicts were given on, as it was kept with them."""
    for number, each in enumerate(inputs, 1):
        yield Case(f"recorded {number}", msgspec.json.decode(each))


def back_test(book: RuleBook, rules: str, cases: Iterable[Case], version: int, against: int | None = None) -> BackTest:
    """Run a version over past applications; `against`: the version that it would replace."""
    past = list(cases)
    new = [book.evaluate(rules, version, case.inputs) for case in past]
    old = [book.evaluate(rules, against, case.inputs) for case in past] if against is not None else []
    return compared(rules, past, version, new, against, old)


def compared(
    rules: str, past: list[Case], version: int, new: list[Verdict], against: int | None, old: list[Verdict]
) -> BackTest:
    """Compare what a version said of past applications with what happened, and with what another one said."""
    pairs = Counter(f"{was.outcome} -> {would_be.outcome}" for was, would_be in zip(old, new, strict=False))
    return BackTest(
        rules=rules,
        cases=len(past),
        result=_result(version, past, new),
        against=_result(against, past, old) if against is not None else None,
        pairs=dict(pairs.most_common()),
        examples=list(_examples(past, old, new)),
    )


def _result(version: int, cases: list[Case], verdicts: list[Verdict]) -> Result:
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    ends = Counter((case.good, verdict.outcome) for case, verdict in zip(cases, verdicts, strict=True))
    good, bad = ({outcome: ends[end, outcome] for outcome in Outcome} for end in (True, False))
    return Result(
        version=version,
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        reasons=dict(Counter(reason for verdict in verdicts for reason in verdict.reasons).most_common()),
        good=good,
        bad=bad,
        decided=sum(end[outcome] for end in (good, bad) for outcome in (Outcome.APPROVE, Outcome.DECLINE)),
        agreed=good[Outcome.APPROVE] + bad[Outcome.DECLINE],
    )


def _examples(cases: list[Case], old: list[Verdict], new: list[Verdict]) -> Iterator[Change]:
    """Return the first few applications of each kind of change."""
    shown: Counter[tuple[Outcome, Outcome]] = Counter()
    for case, was, would_be in zip(cases, old, new, strict=False):
        kind = (was.outcome, would_be.outcome)
        shown[kind] += 1
        if was.outcome is not would_be.outcome and shown[kind] <= EXAMPLES_MAX:
            yield Change(case.name, *kind, was.reasons, would_be.reasons, case.good)
