"""tenor payout: orders that are on their way, asked about again, closed by hand, and compared with a statement."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from adapters.console.calling import administrator, on_database
from adapters.console.options import Config, Json, Officer, Token
from adapters.console.terminal import (
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_REFUSED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    facts,
    moment,
    money,
    show,
    stop,
    table,
    talk,
)

if TYPE_CHECKING:
    from actors.payout_orders import Change
    from adapters.rails.bank_api import StatementLine
    from adapters.rails.orders import PostgresOrders
    from adapters.settings import Settings

payout = typer.Typer(no_args_is_help=True, help="Money on its way to borrowers, and whether the bank agrees.")
Order = Annotated[str, typer.Argument(help="The order number, as 7-1.")]
_Answer = TypeVar("_Answer")


@payout.command("list")
def list_payouts(
    stuck: Annotated[bool, typer.Option("--stuck", help="Only what needs somebody.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List orders that are not over, the longest waiting first."""
    orders = _with_orders(config, lambda found: found.open_orders(only_stuck=stuck))
    rows = [
        (
            order["order_number"],
            order["state"],
            order["told"],
            money(int(str(order["amount"])), str(order["currency"])),
            order["currency"],
            order["bank"],
            order["tries"],
            order["reference"],
            order["reason"],
        )
        for order in orders
    ]
    columns = ("order", "state", "told", "amount", "currency", "bank", "tries", "reference", "reason")
    show({"orders": orders}, as_json, table("payout orders", columns, rows, ("amount", "tries")))


@payout.command("show")
def show_one(order: Order, config: Config = None, as_json: Json = False) -> None:
    """Show an order, and what officers did to it."""
    found = _with_orders(config, lambda orders: orders.show(order))
    if found is None:
        stop(EXIT_NOT_FOUND, f"there is no payout order {order}")
    payout, changes = found
    times = {name: moment(payout[name]) for name in ("submitted_at", "next_try_at")}
    shown = payout | times | {"amount": money(payout["amount"], payout["currency"])}
    rows = [(moment(each["changed_at"]), each["officer"], each["change"], each["note"]) for each in changes]
    done = table("changes", ("at", "officer", "change", "note"), rows)
    show(payout | {"changes": changes}, as_json, facts(f"order {order}", shown), *([done] if changes else []))


@payout.command()
def retry(order: Order, officer: Officer, token: Token, config: Config = None, as_json: Json = False) -> None:
    """Look at an order now: the bank is asked again, or the account told again. Nothing is paid twice by this."""
    from actors.payout_orders import started_again

    _change(administrator(config, officer, token), order, started_again, "looked at again", "", config, as_json)


@payout.command()
def close(
    order: Order,
    note: Annotated[str, typer.Option(help="What was done about it; it stays with the order.")],
    officer: Officer,
    token: Token,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say that a settled or disputed order was dealt with by hand. No account is told anything."""
    from actors.payout_orders import closed

    _change(administrator(config, officer, token), order, closed(note), "closed", note, config, as_json)


@payout.command()
def reconcile(
    file: Annotated[Path | None, typer.Argument(help="The bank's statement, CSV or JSON.")] = None,
    bank: Annotated[str | None, typer.Option(help="Where to fetch it, as http://127.0.0.1:8710.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Compare all orders with a bank's statement; exit code 1 if they do not agree."""
    from adapters.rails.reconciliation import Ours
    from adapters.rails.reconciliation import reconcile as compare

    statement = _statement(file, bank)
    ours = [Ours(*order) for order in _with_orders(config, lambda orders: orders.to_reconcile())]
    found = compare(ours, statement)
    head = {**found.outcomes, **{f"paid {currency}": money(sum_, currency) for currency, sum_ in found.paid.items()}}
    rows = [
        (
            each.order_number,
            each.outcome,
            each.state,
            money(each.ours, each.currency),
            money(each.theirs, each.currency),
        )
        for each in found.differences
    ]
    columns = ("order", "outcome", "state", "ours", "theirs")
    show(found, as_json, facts("reconciliation", head), table("differences", columns, rows, ("ours", "theirs")))
    if not found.balanced:
        raise SystemExit(EXIT_FAILED)


def bank(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it answers; 0: any that is free.")] = 8710,
    host: Annotated[str, typer.Option(help="The address it listens on.")] = "127.0.0.1",
    callback: Annotated[str | None, typer.Option(help="Where notices go; without it, none are sent.")] = None,
    secret: Annotated[Path | None, typer.Option(help="The file with the secret that notices are signed with.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Where the bank keeps its books; else in memory.")] = None,
    conduct: Annotated[str, typer.Option(help='How it behaves, as JSON: {"fail": 5, "lose_notice": 20}')] = "{}",
) -> None:
    """Run a bank for trials and tests: it pays each order number once, and can be late, forgetful and wrong."""
    import msgspec
    import uvloop

    from adapters.http.server import listen
    from adapters.rails.bank_server import run_bank
    from adapters.rails.simulator import Conduct

    try:
        behaves = msgspec.json.decode(conduct, type=Conduct)
        signed = secret.read_bytes().strip() if secret else b""
    except msgspec.DecodeError as error:
        stop(EXIT_USAGE, f"--conduct: {error}; it may say {', '.join(Conduct.__struct_fields__)}")
    except OSError as error:
        stop(EXIT_USAGE, str(error))
    if callback and not signed:
        stop(EXIT_USAGE, "notices are signed: name the file with the secret with --secret")
    listener = listen(host, port)
    talk.print(f"the bank is open on http://{host}:{listener.getsockname()[1]}")
    uvloop.run(run_bank(ledger, behaves, callback, signed, listener))


def _change(by: str, order: str, change: "Change", done: str, note: str, config: Path | None, as_json: bool) -> None:
    found = _with_orders(config, lambda orders: orders.change_by(by, order, change, done, note))
    if found is None:
        stop(EXIT_NOT_FOUND, f"there is no payout order {order}")
    before, after = found
    if before == after:
        closed = " and closed" if before.told == before.state else ""
        stop(EXIT_REFUSED, f"order {order} is {before.state}{closed}: it cannot be {done}")
    show({"order": order, "done": done, "by": by}, as_json, facts(f"order {order}", {"done": done, "by": by}))


def _statement(file: Path | None, bank: str | None) -> "list[StatementLine]":
    import httpx

    from adapters.rails.reconciliation import StatementError, read_statement, statement_of

    if (file is None) == (bank is None):
        stop(EXIT_USAGE, "name the statement's file, or the bank with --bank")
    try:
        if file is not None:
            return read_statement(file)
        return statement_of(httpx.get(f"{bank}/statement", timeout=60).raise_for_status().content)
    except (OSError, StatementError) as error:
        stop(EXIT_USAGE, str(error))
    except httpx.HTTPError as error:
        stop(EXIT_UNAVAILABLE, f"no statement from {bank} ({error})")


def _with_orders(config: Path | None, ask: "Callable[[PostgresOrders], Awaitable[_Answer]]") -> _Answer:
    """Ask the orders of the settings' book, or end with what is in the way."""
    from adapters.postgres.session import Session
    from adapters.rails.orders import PostgresOrders

    async def run(_: "Settings", dsn: str) -> _Answer:
        session = Session(dsn, "tenor-payouts", {})
        try:
            return await ask(PostgresOrders(session))
        finally:
            await session.close()

    return on_database(config, run)
