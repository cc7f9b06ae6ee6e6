"""tenor privacy: who has a number, new keys, a borrower's wish to be forgotten. Numbers are typed, never arguments."""

import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer
from msgspec.structs import astuple

from adapters.console.calling import client, on_database
from adapters.console.options import Account, Config, Json, Officer, RequestId, Token
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_USAGE, facts, show, stop, table, talk

if TYPE_CHECKING:
    from adapters.console.api_client import ApiClient
    from adapters.privacy.register import Erasable, Register
    from adapters.settings import Settings

BATCH: Final = 100
"""Borrowers erased with one request."""
LIMIT: Final = 1_000
privacy = typer.Typer(no_args_is_help=True, help="Borrowers' personal data: find, show, restrict, erase, and its keys.")
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many; the longest waiting first.")]
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
def show_person(account: Account, config: Config = None, as_json: Json = False) -> None:
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
def retire_key(
    key: Annotated[int, typer.Argument(help="Its number, as `privacy keys` has it.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Destroy a key that no row needs any more."""
    _with_register(config, lambda register: register.retire(key))
    show({"retired": key}, as_json, facts("keys", {"retired": key}))


@privacy.command()
def restrict(
    account: Account,
    officer: Officer,
    token: Token,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Keep a borrower's data for the law only: nothing new is done with it."""
    body = {"account": account, "officer": officer}
    reply = client(config, as_json).post("/v1/restrict-borrower", body, request_id=request_id, token=token)
    show(reply, as_json, facts("restricted", reply))


@privacy.command()
def due(limit: Limit = LIMIT, config: Config = None, as_json: Json = False) -> None:
    """List who asked to be erased and whose data no debt and no law keeps any more, the longest waiting first."""
    found = _due(config, limit)
    columns = ("account", "asked on", "ended on", "erasable on")
    show({"due": found}, as_json, table("to be erased", columns, map(astuple, found), ("account",)))


@privacy.command()
def erase(
    officer: Officer,
    token: Token,
    account: Annotated[int | None, typer.Argument(help="Whose data; or --due.")] = None,
    all_due: Annotated[bool, typer.Option("--due", help="All whom `privacy due` lists.")] = False,
    limit: Limit = LIMIT,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Destroy a borrower's data, for good; while a debt or a law keeps it, restrict it and remember the request."""
    if (account is None) is not all_due:
        stop(EXIT_USAGE, "name an account, or all whose time has come with --due")
    api = client(config, as_json)
    if account is None:
        return _erase_due(api, _due(config, limit), officer, token, as_json)
    body = {"account": account, "officer": officer, "erase": True}
    reply = api.post("/v1/restrict-borrower", body, request_id=request_id, token=token)
    show(reply, as_json, facts("erased" if reply["status"] == "done" else "restricted until it can be erased", reply))


def _erase_due(api: "ApiClient", found: "list[Erasable]", officer: str, token: str, as_json: bool) -> None:
    from rich.progress import Progress

    erased, refused = list[int](), list[dict[str, Any]]()
    accounts, ask = [each.account for each in found], {"type": "restrict_borrower", "officer": officer, "erase": True}
    with Progress(console=talk, transient=True) as bar:
        for start in bar.track(range(0, len(accounts), BATCH), description="erasing"):
            some = accounts[start : start + BATCH]
            commands = [{"request_id": uuid.uuid4().hex, "command": ask | {"account": each}} for each in some]
            replies = api.post("/v1/batch", {"commands": commands}, token=token)["replies"]
            erased += [reply["account"] for reply in replies if reply["status"] == "done"]
            for account, reply in zip(some, replies, strict=True):
                if reply["status"] != "done":
                    refused.append({"account": account, "code": reply.get("code"), "detail": reply.get("detail")})
    columns = ("account", "code", "detail")
    not_done = table("not erased", columns, [tuple(each.values()) for each in refused], ("account",))
    document = {"erased": erased, "refused": refused}
    show(document, as_json, facts("erased", {"borrowers": len(erased)}), *([not_done] if refused else []))
    if refused:
        raise SystemExit(EXIT_REFUSED)


def _due(config: Path | None, limit: int) -> "list[Erasable]":
    async def ask(settings: "Settings", register: "Register") -> "list[Erasable]":
        return await register.due(settings.retention_days, limit)

    return _with_book(config, ask)


def _with_register(config: Path | None, ask: "Callable[[Register], Awaitable[_Answer]]") -> _Answer:
    """Ask the register of the settings' book, or end with what is in the way."""
    return _with_book(config, lambda _, register: ask(register))


def _with_book(config: Path | None, ask: "Callable[[Settings, Register], Awaitable[_Answer]]") -> _Answer:
    from adapters.privacy.keyring import Keyring, KeyringError, key_file
    from adapters.privacy.register import Register

    async def run(settings: "Settings", dsn: str) -> _Answer:
        path = key_file(settings)
        if not path.exists():
            # Made here it would fit no book.
            raise KeyringError(f"there is no key file {path}: name the settings of the book with --config")
        register = Register(dsn, Keyring.load(path))
        try:
            return await ask(settings, register)
        finally:
            await register.close()

    try:
        return on_database(config, run)
    except KeyringError as error:
        stop(EXIT_REFUSED, str(error))
