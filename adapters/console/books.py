"""The book as a whole, at the terminal: closing days and periods, the trial balance, and proofs."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.console.calling import client, day_of, on_database
from adapters.console.options import Config, Day, Json
from adapters.console.terminal import (
    EXIT_FAILED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    facts,
    money,
    show,
    stop,
    table,
    talk,
    trial_balance_tables,
)


def day_close(
    through: Annotated[str | None, typer.Option(help="Close all days up to this one.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Close the business date (or all missed days up to a date); live traffic goes on meanwhile."""
    from adapters.console.api_client import DAY_CLOSE_SECONDS

    body = {"business_date": through} if day_of(through) else {}
    with talk.status("closing the day"):
        report = client(config, as_json).post("/v1/day-close", body, timeout=DAY_CLOSE_SECONDS)
    accrued = [
        (
            row["currency"],
            row["product"],
            row["loans"],
            money(row["interest"], row["currency"]),
            money(row["penalty"], row["currency"]),
            money(row["suspended"], row["currency"]),
        )
        for row in report["accrued"]
    ]
    columns = ("currency", "product", "loans", "interest", "penalty", "suspended")
    head = {name.replace("_", " "): value for name, value in report.items() if name != "accrued"}
    show(report, as_json, facts("day close", head), table("accrued", columns, accrued, columns[2:]))


def period_close(
    through: Annotated[str, typer.Argument(help="The last day that is closed, as 2026-01-31.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Close the accounting periods through a day, for good: nothing takes effect on it or before it any more."""
    closed = client(config, as_json).post("/v1/period-close", {"through": str(day_of(through))})
    show(closed, as_json, facts("periods", {"closed through": closed["closed_through"]}))


def suspended(config: Config = None, as_json: Json = False) -> None:
    """List accounts on which an internal check failed: they take no commands until somebody has looked at them."""
    found = client(config, as_json).get("/v1/suspended")
    show(found, as_json, table("suspended", ("account", "reason"), [(row["account"], row["reason"]) for row in found]))


def trial_balance(
    as_of: Day = None,
    by_product: Annotated[bool, typer.Option("--by-product", help="Products apart, in accounts of their own.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show debits and credits of every GL account; they must be equal."""
    report = client(config, as_json).get("/v1/trial-balance", as_of=day_of(as_of), by_product=by_product or None)
    show(report, as_json, *trial_balance_tables(report))


def verify(config: Config = None, as_json: Json = False) -> None:
    """Prove the books: replay, hash chains, entries, control accounts. Exit code 1 if anything differs."""
    from adapters.contracts.signing import AuthorityError
    from adapters.embedded.child_process import EmbeddedError
    from adapters.privacy.keyring import KeyringError
    from adapters.verification.proof import prove

    try:
        report = on_database(config, lambda settings, _: prove(settings, talk))
    except EmbeddedError as error:
        stop(EXIT_UNAVAILABLE, str(error))
    except (AuthorityError, KeyringError) as error:
        stop(EXIT_USAGE, f"signatures cannot be verified again: {error}")
    rows = [
        (check.name, check.compared, check.found, "ok" if check.ok else "FAILED", "\n".join(check.detail))
        for check in report.checks
    ]
    columns = ("check", "compared", "differences", "result", "first differences")
    show(report, as_json, table("verify", columns, rows, ("compared", "differences")))
    if not report.ok:
        raise SystemExit(EXIT_FAILED)


def conformance(
    files: Annotated[list[Path], typer.Argument(help="Published cases, JSON.")], as_json: Json = False
) -> None:
    """Run published loan figures of other systems through the engine and say which it reproduces."""
    from adapters.conformance.report import UnreadableCases
    from adapters.conformance.report import conformance as run

    try:
        report = run(files)
    except UnreadableCases as error:
        stop(EXIT_USAGE, str(error))
    rows = [(file.file, file.cases, file.matched, file.unsupported, len(file.misses)) for file in report.files]
    columns = ("file", "cases", "matched", "unsupported", "misses")
    misses = [(file.file, miss.id, miss.why) for file in report.files for miss in file.misses]
    shown = [table("conformance", columns, rows, columns[1:])]
    show(report, as_json, *shown, *([table("misses", ("file", "case", "why"), misses)] if misses else []))
