"""tenor: the operator's tool, and the place where the parts are put together."""

import asyncio
from typing import Annotated

import msgspec
import typer

from adapters.console import books
from adapters.console.calling import client, day_of, json_of
from adapters.console.contracts import contract
from adapters.console.options import Account, Config, Day, Json, Limit, Loan, RequestId, settings_of
from adapters.console.pools import pool
from adapters.console.privacy import privacy
from adapters.console.products import product
from adapters.console.proposals import proposal
from adapters.console.rails import bank, payout
from adapters.console.reviews import apply, review
from adapters.console.rules import rules
from adapters.console.sources import sources
from adapters.console.terminal import (
    EXIT_REFUSED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    account_tables,
    facts,
    loan_tables,
    minor_units,
    moment_of,
    money,
    quote_table,
    schedule_table,
    show,
    stop,
    table,
    talk,
)
from core.schedule.solve import Unknown
from loadtests.commands import bench, demo

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Tenor: a loan servicing core.")
app.add_typer(bench, name="bench")
app.command()(demo)
for sub_app, name in (
    *((product, "product"), (review, "review"), (proposal, "proposal"), (rules, "rules"), (privacy, "privacy")),
    *((pool, "pool"), (payout, "payout"), (contract, "contract")),
):
    app.add_typer(sub_app, name=name)
app.command("day-close")(books.day_close)
app.command("period-close")(books.period_close)
app.command("trial-balance")(books.trial_balance)
for command in (books.suspended, books.verify, books.conformance, apply, bank, sources):
    app.command()(command)


@app.command()
def serve(config: Config = None) -> None:
    """Run the system until told to stop (Ctrl-C or SIGTERM); it comes back with all its state."""
    from adapters.embedded.child_process import EmbeddedError
    from adapters.stopping import told_to_stop
    from adapters.system import StartError, System

    async def run() -> None:
        async with System(settings_of(config), talk.print):
            await told_to_stop().wait()
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
def account(account: Account, config: Config = None, as_json: Json = False) -> None:
    """Show a borrower's account, its loans, and what of its lines is in use."""
    api = client(config, as_json)
    view = api.get(f"/v1/accounts/{account}")
    contracts = [] if as_json else api.get(f"/v1/accounts/{account}/file")["agreements"]
    show(view, as_json, *account_tables(view, contracts))


@app.command()
def loan(loan: Loan, config: Config = None, as_json: Json = False) -> None:
    """Show a loan, what is due on it, and its schedule."""
    api = client(config, as_json)
    view, planned = api.get(f"/v1/loans/{loan}"), api.get(f"/v1/loans/{loan}/schedule")
    rows = schedule_table("schedule", planned["rows"], view["currency"])
    show({**view, "schedule": planned["rows"]}, as_json, *loan_tables(view), rows)


@app.command()
def transactions(
    account: Account,
    config: Config = None,
    as_json: Json = False,
    after: Annotated[int, typer.Option(min=0, help="Only events after this sequence number.")] = 0,
    limit: Limit = 100,
) -> None:
    """Show an account's events, oldest first."""
    page = client(config, as_json).get(f"/v1/accounts/{account}/transactions", after=after, limit=limit)
    rows = [
        (row["seq"], row["on"], moment_of(row), f"{row['type']} {msgspec.json.encode(row['event']).decode()}")
        for row in page["transactions"]
    ]
    show(page, as_json, table(f"account {account}", ("seq", "on", "recorded at", "event"), rows))


@app.command()
def send(
    command: Annotated[str, typer.Argument(help="Its name, as freeze-account; /openapi.json lists them all.")],
    body: Annotated[str, typer.Argument(help="What it takes, as JSON; amounts are minor units.")],
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
    token: Annotated[str | None, typer.Option(envvar="TENOR_OFFICER_TOKEN", help="Of the officer it names.")] = None,
) -> None:
    """Send any command, e.g. freeze-account '{"account": 7, "reason": "fraud"}'; amounts are minor units."""
    reply = client(config, as_json).post(f"/v1/{command}", json_of(body), request_id=request_id, token=token)
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
    account: Account,
    amount: Annotated[str, typer.Argument(help="In major units of the account's currency: 877.63.")],
    config: Config = None,
    as_json: Json = False,
    loan: Annotated[int | None, typer.Option(help="Only this loan.")] = None,
    request_id: RequestId = None,
) -> None:
    """Receive a repayment on an account, in major units: tenor repay 7 877.63."""
    api = client(config, as_json)
    api.currency = currency = api.get(f"/v1/accounts/{account}")["currency"]
    body = {"account": account, "amount": minor_units(amount, currency), "loan": loan}
    reply = api.post("/v1/repay", body, request_id=request_id)
    parts = ("penalty", "fee", "interest", "principal", "unapplied")
    paid = {part: money(reply[part], currency) for part in parts}
    show(reply, as_json, facts(f"payment {reply['payment']} of account {account}", paid))


@app.command()
def reverse(
    account: Account,
    seq: Annotated[int, typer.Argument(help="The sequence number of what was done; of a payment, its number.")],
    reason: Annotated[str, typer.Option(help="Why; it stays on record.")] = "returned",
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Take back what has this sequence number: the account becomes as if it had never been done."""
    body = {"account": account, "seq": seq, "reason": reason}
    reply = client(config, as_json).post("/v1/reverse", body, request_id=request_id)
    show(reply, as_json, facts("reversed", reply))


@app.command()
def quote(loan: Loan, good_through: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Quote the payoff of a loan, good through a date."""
    api = client(config, as_json)
    offer = api.get(f"/v1/loans/{loan}/quote", good_through=day_of(good_through))
    show(offer, as_json, quote_table(offer, api.get(f"/v1/loans/{loan}")["currency"]))


@app.command()
def schedule(
    terms: Annotated[
        str, typer.Argument(help='Terms as JSON: {"principal": 500000, "rate": {...}, "installments": 6}')
    ],
    disbursed_on: Annotated[str, typer.Argument(help="A date as 2026-01-31.")],
    currency: Annotated[str, typer.Option(help="Of all amounts.")] = "CNY",
    solve: Annotated[Unknown | None, typer.Option(help="Find this one, for the payment wanted.")] = None,
    payment: Annotated[str | None, typer.Option(help="The regular installment wanted, in major units.")] = None,
    fee: Annotated[list[str] | None, typer.Option(help="A cost beside interest, as 2026-01-31=100.00.")] = None,
    as_json: Json = False,
) -> None:
    """Calculate a schedule and what it costs without booking anything; amounts in the terms are minor units."""
    from adapters.console.trial import fees_of, trial_tables
    from adapters.trial import Trial, TrialSchedule, calculate
    from core.contract.terms import Terms

    on = day_of(disbursed_on)
    if on is None:
        stop(EXIT_USAGE, "say on which day the money is paid out, as 2026-01-31")
    try:
        agreed = msgspec.json.decode(terms, type=Terms)
    except msgspec.DecodeError as error:
        stop(EXIT_USAGE, f"{error}. See `tenor schedule --help`.")
    wanted = minor_units(payment, currency) if payment else None
    trial = Trial(agreed, on, fees_of(fee or (), currency), solve, wanted)
    planned = calculate(trial)
    if not isinstance(planned, TrialSchedule):
        stop(EXIT_REFUSED, f"terms_invalid: {planned.value}")
    show(planned, as_json, *trial_tables(planned, currency))


def main() -> None:
    """Run the command line. Invariants are asserted on live accounts, so Python must not leave assertions out."""
    if not __debug__:
        stop(EXIT_USAGE, "Tenor checks its invariants as it runs: start it without -O and PYTHONOPTIMIZE.")
    app()


if __name__ == "__main__":
    main()
