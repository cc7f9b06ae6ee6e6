"""tenor: the operator's tool, and the place where the parts are put together."""

import asyncio
import signal
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from adapters.console.options import Config, Day, Json, RequestId, settings_of
from adapters.console.terminal import (
    EXIT_FAILED,
    EXIT_REFUSED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    account_tables,
    facts,
    loan_tables,
    minor_units,
    money,
    quote_table,
    schedule_table,
    show,
    stop,
    table,
    talk,
    trial_balance_tables,
)
from loadtests.commands import bench, demo

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Tenor: a loan servicing core.")
app.add_typer(bench, name="bench")
app.command()(demo)


def client(config: Path | None, as_json: bool) -> Any:
    """Return a client of the running system."""
    from adapters.console.api_client import ApiClient

    settings = settings_of(config)
    return ApiClient(f"http://{settings.http_host}:{settings.http_port}", as_json)


def day_of(text: str | None) -> date | None:
    """Read a date, or end with how to write one."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop(EXIT_USAGE, f"{text!r} is not a date; write it like 2026-01-31")


def json_of(text: str) -> Any:
    """Read JSON, or end with what is wrong in it."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        stop(EXIT_USAGE, f"{text!r} is not JSON: {error}")


@app.command()
def serve(config: Config = None) -> None:
    """Run the system until told to stop (Ctrl-C or SIGTERM); it comes back with all its state."""
    from adapters.embedded.child_process import EmbeddedError
    from adapters.system import StartError, System

    async def run() -> None:
        async with System(settings_of(config), talk.print):
            stopped = asyncio.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                # After Ray, which takes SIGTERM for itself when it starts.
                asyncio.get_running_loop().add_signal_handler(number, stopped.set)
            await stopped.wait()
            talk.print("stopping")

    try:
        asyncio.run(run())
    except (StartError, EmbeddedError) as error:
        stop(EXIT_UNAVAILABLE, str(error))


@app.command()
def status(config: Config = None, as_json: Json = False) -> None:
    """Show whether the system serves, and its business date."""
    api = client(config, as_json)
    found = {**api.get("/health/ready"), **api.get("/v1/book")}
    show(found, as_json, facts("system", found))


@app.command()
def account(number: int, config: Config = None, as_json: Json = False) -> None:
    """Show a borrower's account and its loans."""
    view = client(config, as_json).get(f"/v1/accounts/{number}")
    show(view, as_json, *account_tables(view))


@app.command()
def loan(number: int, config: Config = None, as_json: Json = False) -> None:
    """Show a loan, what is due on it, and its schedule."""
    api = client(config, as_json)
    view, planned = api.get(f"/v1/loans/{number}"), api.get(f"/v1/loans/{number}/schedule")
    rows = schedule_table("schedule", planned["rows"], view["currency"])
    show({**view, "schedule": planned["rows"]}, as_json, *loan_tables(view), rows)


@app.command()
def transactions(number: int, config: Config = None, as_json: Json = False, after: int = 0, limit: int = 100) -> None:
    """Show an account's events, oldest first."""
    page = client(config, as_json).get(f"/v1/accounts/{number}/transactions", after=after, limit=limit)
    rows = [
        (row["seq"], row["on"], row["type"], msgspec.json.encode(row["event"]).decode()) for row in page["transactions"]
    ]
    show(page, as_json, table(f"account {number}", ("seq", "on", "event", "what"), rows))


@app.command()
def send(command: str, body: str, config: Config = None, as_json: Json = False, request_id: RequestId = None) -> None:
    """Send any command, e.g. freeze-account '{"account": 7, "reason": "fraud"}'; amounts are minor units."""
    reply = client(config, as_json).post(f"/v1/{command}", json_of(body), request_id=request_id)
    show(reply, as_json, facts(command, reply))


@app.command()
def simulate(
    commands: Annotated[
        list[str], typer.Argument(help='Each as JSON: {"type": "repay", "account": 7, "amount": 300000}')
    ],
    on: Day = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what commands would do, one after the other, on the business date or a later one; nothing is done."""
    from adapters.console.simulation import simulation_tables

    wanted = [json_of(command) for command in commands]
    found = client(config, as_json).post("/v1/simulate", {"commands": wanted, "on": day_of(on)})
    show(found, as_json, *simulation_tables(wanted, found))
    if any(outcome["reply"]["status"] == "refused" for outcome in found["outcomes"]):
        raise SystemExit(EXIT_REFUSED)


@app.command()
def repay(
    number: int,
    amount: str,
    config: Config = None,
    as_json: Json = False,
    loan: Annotated[int | None, typer.Option(help="Only this loan.")] = None,
    request_id: RequestId = None,
) -> None:
    """Receive a repayment on an account, in major units: tenor repay 7 877.63."""
    api = client(config, as_json)
    currency = api.get(f"/v1/accounts/{number}")["currency"]
    body = {"account": number, "amount": minor_units(amount, currency), "loan": loan}
    reply = api.post("/v1/repay", body, request_id=request_id)
    parts = ("penalty", "fee", "interest", "principal", "unapplied")
    paid = {part: money(reply[part], currency) for part in parts}
    show(reply, as_json, facts(f"payment {reply['payment']} of account {number}", paid))


@app.command()
def reverse(
    number: int,
    seq: int,
    reason: str = "returned",
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Take back what has this sequence number: the account becomes as if it had never been done."""
    body = {"account": number, "seq": seq, "reason": reason}
    reply = client(config, as_json).post("/v1/reverse", body, request_id=request_id)
    show(reply, as_json, facts("reversed", reply))


@app.command()
def quote(number: int, good_through: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Quote the payoff of a loan, good through a date."""
    api = client(config, as_json)
    offer = api.get(f"/v1/loans/{number}/quote", good_through=day_of(good_through))
    show(offer, as_json, quote_table(offer, api.get(f"/v1/loans/{number}")["currency"]))


@app.command()
def schedule(
    terms: Annotated[
        str, typer.Argument(help='Terms as JSON: {"principal": 500000, "rate": {...}, "installments": 6}')
    ],
    disbursed_on: Annotated[str, typer.Argument(help="A date as 2026-01-31.")],
    currency: str = "CNY",
    solve: Annotated[str | None, typer.Option(help="Find rate, installments, payment or principal.")] = None,
    payment: Annotated[str | None, typer.Option(help="The regular installment wanted, in major units.")] = None,
    fee: Annotated[list[str] | None, typer.Option(help="A cost beside interest, as 2026-01-31=100.00.")] = None,
    as_json: Json = False,
) -> None:
    """Calculate a schedule and what it costs without booking anything; amounts in the terms are minor units."""
    from adapters.console.trial import fees_of, trial_tables
    from adapters.trial import Trial, TrialSchedule, calculate
    from core.contract.terms import Terms
    from core.schedule.solve import Unknown

    try:
        agreed, on = msgspec.json.decode(terms, type=Terms), date.fromisoformat(disbursed_on)
        wanted = minor_units(payment, currency) if payment else None
        trial = Trial(agreed, on, fees_of(fee or (), currency), Unknown(solve) if solve else None, wanted)
    except (msgspec.DecodeError, ValueError) as error:
        stop(EXIT_USAGE, f"{error}. See `tenor schedule --help`.")
    planned = calculate(trial)
    if not isinstance(planned, TrialSchedule):
        stop(EXIT_REFUSED, f"terms_invalid: {planned.value}")
    show(planned, as_json, *trial_tables(planned, currency))


@app.command("day-close")
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
        )
        for row in report["accrued"]
    ]
    columns = ("currency", "product", "loans", "interest", "penalty")
    head = {name.replace("_", " "): value for name, value in report.items() if name != "accrued"}
    show(report, as_json, facts("day close", head), table("accrued", columns, accrued, columns[2:]))


@app.command("period-close")
def period_close(through: str, config: Config = None, as_json: Json = False) -> None:
    """Close the accounting periods through a day, for good: nothing takes effect on it or before it any more."""
    closed = client(config, as_json).post("/v1/period-close", {"through": str(day_of(through))})
    show(closed, as_json, facts("periods", {"closed through": closed["closed_through"]}))


@app.command()
def suspended(config: Config = None, as_json: Json = False) -> None:
    """List accounts on which an internal check failed: they take no commands until somebody has looked at them."""
    found = client(config, as_json).get("/v1/suspended")
    show(found, as_json, table("suspended", ("account", "reason"), [(row["account"], row["reason"]) for row in found]))


@app.command("trial-balance")
def trial_balance(as_of: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Show debits and credits of every GL account; they must be equal."""
    report = client(config, as_json).get("/v1/trial-balance", as_of=day_of(as_of))
    show(report, as_json, *trial_balance_tables(report))


@app.command()
def verify(config: Config = None, as_json: Json = False) -> None:
    """Prove the books: replay, hash chains, entries, control accounts. Exit code 1 if anything differs."""
    from adapters.verification.proof import prove

    report = asyncio.run(prove(settings_of(config), talk))
    rows = [
        (check.name, check.compared, check.found, "ok" if check.ok else "FAILED", "\n".join(check.detail))
        for check in report.checks
    ]
    columns = ("check", "compared", "differences", "result", "first differences")
    show(report, as_json, table("verify", columns, rows, ("compared", "differences")))
    if not report.ok:
        raise SystemExit(EXIT_FAILED)


@app.command()
def conformance(files: list[Path], as_json: Json = False) -> None:
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


def main() -> None:
    """Run the command line. Invariants are asserted on live accounts, so Python must not leave assertions out."""
    if not __debug__:
        stop(EXIT_USAGE, "Tenor checks its invariants as it runs: start it without -O and PYTHONOPTIMIZE.")
    app()
