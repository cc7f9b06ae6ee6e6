"""tenor pool: the money that payouts come from, by pool. Straight on the book's database; the system may serve."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from adapters.console.calling import administrator, ask_book
from adapters.console.options import Config, Json, Officer, Token
from adapters.console.terminal import EXIT_REFUSED, EXIT_USAGE, minor_units, moment, money, show, stop, table

if TYPE_CHECKING:
    from datetime import date

    import asyncpg

    from adapters.postgres.pools import Pool, PoolChange

PATIENCE_SECONDS: Final = 5.0
"""Shards that hold a pool's money give it back within two seconds."""
NAME: Final = "[a-z0-9][a-z0-9_-]{0,63}"
pool = typer.Typer(no_args_is_help=True, help="Funding pools: what may be paid out, today and at all.")
Name = Annotated[str, typer.Argument(help="The pool, as products name it.")]
Amount = Annotated[str, typer.Argument(help="As 1066.19, in the pool's currency.")]
_Answer = TypeVar("_Answer")


@pool.command("list")
def list_pools(config: Config = None, as_json: Json = False) -> None:
    """List the pools, with what they hold and what left today."""
    from adapters.postgres.pools import pools

    _show(_with_book(config, pools), as_json)


@pool.command()
def create(
    name: Name,
    currency: Annotated[str, typer.Argument(help="As CNY.")],
    daily_limit: Annotated[str, typer.Option(help="What may leave it on a day, as 1066.19.")],
    officer: Officer,
    token: Token,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make an empty pool. An administrator does it; who it was stays on record."""
    from adapters.postgres.pools import create_pool, pools

    by = administrator(config, officer, token)
    if not re.fullmatch(NAME, name) or not re.fullmatch("[A-Z]{3}", currency):
        stop(EXIT_USAGE, "a pool's name is lower case as products write it, its currency is three letters as CNY")

    async def run(connection: "asyncpg.Connection", on: "date") -> "list[Pool]":
        await create_pool(connection, name, currency, _limit(daily_limit, currency), by)
        return await pools(connection, on, name)

    _show(_with_book(config, run), as_json)


@pool.command("top-up")
def top_up_(
    name: Name, amount: Amount, officer: Officer, token: Token, config: Config = None, as_json: Json = False
) -> None:
    """Put money into a pool."""
    _move(name, amount, 1, administrator(config, officer, token), config, as_json)


@pool.command()
def withdraw(
    name: Name, amount: Amount, officer: Officer, token: Token, config: Config = None, as_json: Json = False
) -> None:
    """Take money out of a pool; never what is on its way to borrowers."""
    _move(name, amount, -1, administrator(config, officer, token), config, as_json)


@pool.command()
def limit(
    name: Name, amount: Amount, officer: Officer, token: Token, config: Config = None, as_json: Json = False
) -> None:
    """Set what may leave a pool on a day, from today on; not below what is spent already."""
    from adapters.postgres.pools import pools, set_limit

    by = administrator(config, officer, token)

    async def run(connection: "asyncpg.Connection", on: "date") -> "list[Pool]":
        wanted = _limit(amount, await _currency(connection, on, name))
        await _patiently(lambda: set_limit(connection, name, wanted, on, by))
        return await pools(connection, on, name)

    _show(_with_book(config, run), as_json)


@pool.command("changes")
def list_changes(name: Name, config: Config = None, as_json: Json = False) -> None:
    """List what was done to a pool, by whom and when, the newest first."""
    from adapters.postgres.pools import changes

    async def run(connection: "asyncpg.Connection", on: "date") -> "tuple[str, list[PoolChange]]":
        return await _currency(connection, on, name), await changes(connection, name)

    currency, found = _with_book(config, run)
    rows = [
        (moment(each.changed_at), each.officer, money(each.amount, currency), money(each.daily_limit, currency))
        for each in found
    ]
    columns = ("at", "officer", "moved", "daily limit")
    show({"changes": found}, as_json, table(f"changes of pool {name}", columns, rows, columns[2:]))


def _move(name: str, amount: str, sign: int, officer: str, config: Path | None, as_json: bool) -> None:
    from adapters.postgres.pools import pools, top_up

    async def run(connection: "asyncpg.Connection", on: "date") -> "list[Pool]":
        moved = sign * minor_units(amount, await _currency(connection, on, name))
        await _patiently(lambda: top_up(connection, name, moved, officer))
        return await pools(connection, on, name)

    _show(_with_book(config, run), as_json)


async def _currency(connection: "asyncpg.Connection", on: "date", name: str) -> str:
    from adapters.postgres.pools import PoolCode, PoolRefused, pools

    for found in await pools(connection, on, name):
        return found.currency
    raise PoolRefused(PoolCode.POOL_UNKNOWN, f"there is no pool {name}")


async def _patiently(change: Callable[[], Awaitable[None]]) -> None:
    """Change a pool, again and again while shards hold the money that is in the way, for a while."""
    from adapters.postgres.pools import PoolCode, PoolRefused

    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await change()
        except PoolRefused as refused:
            passing = refused.code in (PoolCode.BALANCE_LEASED, PoolCode.LIMIT_BELOW_LEASED)
            if not passing or time.monotonic() > until:
                raise
        await asyncio.sleep(PATIENCE_SECONDS / 20)


def _limit(text: str, currency: str) -> int:
    """Read a limit; 0 closes a pool."""
    return 0 if text == "0" else minor_units(text, currency)


def _show(found: "list[Pool]", as_json: bool) -> None:
    amounts = ("balance", "leased", "reserved", "spent_today", "daily_limit")
    titles = [name.replace("_", " ") for name in amounts]
    rows = [
        (each.pool, each.currency, *(money(getattr(each, name), each.currency) for name in amounts)) for each in found
    ]
    show({"pools": found}, as_json, table("funding pools", ("pool", "currency", *titles), rows, titles))


def _with_book(config: Path | None, ask: "Callable[[asyncpg.Connection, date], Awaitable[_Answer]]") -> _Answer:
    """Ask the book; a refusal ends the command with its code."""
    from adapters.postgres.pools import PoolRefused

    try:
        return ask_book(config, ask)
    except PoolRefused as refused:
        stop(EXIT_REFUSED, str(refused))
