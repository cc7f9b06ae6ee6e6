"""tenor privacy: who has a number, new keys, a borrower's wish to be forgotten. Numbers are typed, never arguments."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from adapters.console.calling import client
from adapters.console.options import Config, Json, Officer, RequestId, Token, settings_of
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, facts, show, stop, table, talk

if TYPE_CHECKING:
    from adapters.privacy.register import Register
    from adapters.settings import Settings

privacy = typer.Typer(no_args_is_help=True, help="Borrowers' personal data: find, show, restrict, erase, and its keys.")
_Answer = TypeVar("_Answer")


@privacy.command()
def find(config: Config = None, as_json: Json = False) -> None:
    """List the accounts that an identity number, card number or phone belongs to; type it, or send it on stdin."""
    number = typer.prompt("number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    accounts = _with_register(config, lambda register: register.find(number))
    show({"accounts": accounts}, as_json, table("found", ("account",), [(account,) for account in accounts]))
    if not accounts:
        raise SystemExit(EXIT_NOT_FOUND)


@privacy.command("show")
def show_person(account: int, config: Config = None, as_json: Json = False) -> None:
    """Show who a borrower is, masked."""
    people = _with_register(config, lambda register: register.people([account]))
    if account not in people:
        stop(EXIT_NOT_FOUND, f"nothing is known, or kept, of the borrower of account {account}")
    masked = people[account].masked()
    show({"account": account, **masked}, as_json, facts(f"borrower of account {account}", masked))


@privacy.command("rotate-keys")
def rotate_keys(config: Config = None, as_json: Json = False) -> None:
    """Make a new key; what is sealed from now on is sealed with it. Then back the key file up, and reseal."""

    async def rotate(register: "Register") -> int:
        return register.keyring.rotate()

    newest = _with_register(config, rotate)
    show({"key": newest}, as_json, facts("keys", {"newest": newest}))


@privacy.command()
def reseal(config: Config = None, as_json: Json = False) -> None:
    """Seal every row with the newest key, in small steps; the system may serve meanwhile."""

    async def run(register: "Register") -> int:
        done = 0
        with talk.status("sealing") as said:
            async for done in register.reseal():
                said.update(f"sealed {done} rows")
        return done

    done = _with_register(config, run)
    show({"rows": done}, as_json, facts("sealed with the newest key", {"rows": done}))


@privacy.command()
def keys(config: Config = None, as_json: Json = False) -> None:
    """List the keys, and how many rows each one is needed for."""

    async def count(register: "Register") -> list[dict[str, Any]]:
        newest, numbers = register.keyring.primary, sorted(register.keyring.numbers)
        return [{"key": key, "newest": key == newest, "rows": await register.rows_under(key)} for key in numbers]

    found = _with_register(config, count)
    rows = [(row["key"], "yes" if row["newest"] else "", row["rows"]) for row in found]
    show({"keys": found}, as_json, table("keys", ("key", "newest", "rows"), rows, ("key", "rows")))


@privacy.command("retire-key")
def retire_key(key: int, config: Config = None, as_json: Json = False) -> None:
    """Destroy a key that no row needs any more."""
    _with_register(config, lambda register: register.retire(key))
    show({"retired": key}, as_json, facts("keys", {"retired": key}))


@privacy.command()
def restrict(
    account: int,
    officer: Officer,
    token: Token,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Keep a borrower's data for the law only: nothing new is done with it."""
    body = {"account": account, "officer": officer}
    _send("restricted", body, token, config, as_json, request_id)


@privacy.command()
def erase(
    account: int,
    officer: Officer,
    token: Token,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Destroy what no law asks to keep of a borrower's data. It cannot be brought back."""
    body = {"account": account, "officer": officer, "erase": True}
    _send("erased", body, token, config, as_json, request_id)


def _send(
    done: str, body: dict[str, Any], token: str, config: Path | None, as_json: bool, request_id: str | None
) -> None:
    reply = client(config, as_json).post("/v1/restrict-borrower", body, request_id=request_id, token=token)
    show(reply, as_json, facts(done, reply))


def _with_register(config: Path | None, ask: "Callable[[Register], Awaitable[_Answer]]") -> _Answer:
    """Ask the register of the settings' book, or end with what is in the way."""
    from actors.protocols import JournalUnavailable
    from adapters.privacy.keyring import KeyringError

    async def run() -> _Answer:
        async with _register(settings_of(config)) as register:
            return await ask(register)

    try:
        return asyncio.run(run())
    except KeyringError as error:
        stop(EXIT_REFUSED, str(error))
    except JournalUnavailable as error:
        stop(EXIT_UNAVAILABLE, f"no answer from the book's database ({error}): is it running?")


@asynccontextmanager
async def _register(settings: "Settings") -> "AsyncIterator[Register]":
    from adapters.embedded.servers import EmbeddedPostgres
    from adapters.privacy.keyring import Keyring, KeyringError, key_file
    from adapters.privacy.register import Register

    path = key_file(settings)
    if not path.exists():
        # Made here it would fit no book.
        raise KeyringError(f"there is no key file {path}: name the settings of the book with --config")
    dsn = settings.postgres_dsn or EmbeddedPostgres(Path(settings.data_dir) / "postgres").dsn
    register = Register(dsn, Keyring.load(path))
    try:
        yield register
    finally:
        await register.close()
