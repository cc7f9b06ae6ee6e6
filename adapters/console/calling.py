"""What commands of the operator's tool share: the running system, the book's database, dates and JSON as typed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from adapters.console.options import settings_of
from adapters.console.terminal import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_UNAVAILABLE, EXIT_USAGE, facts, show, stop, why
from adapters.settings import Settings

if TYPE_CHECKING:
    import asyncpg

_Answer = TypeVar("_Answer")


def client(config: Path | None, as_json: bool) -> Any:
    """Return a client of the running system."""
    from adapters.console.api_client import ApiClient

    settings = settings_of(config)
    return ApiClient(f"http://{settings.http_host}:{settings.http_port}", as_json)


def act(command: str, body: dict[str, object], token: str, config: Path | None, as_json: bool) -> None:
    """Send what an officer does, and show the reply."""
    reply = client(config, as_json).post(f"/v1/{command}", body, token=token)
    show(reply, as_json, facts(command.replace("-", " "), reply))


def day_of(text: str | None) -> date | None:
    """Read a date, or end with how to write one."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop(EXIT_USAGE, f"{text!r} is not a date; write it like 2026-01-31")


def day_or_today(text: str | None) -> date:
    """Read a date where no book says which day it is; without one it is this machine's."""
    return day_of(text) or datetime.now().astimezone().date()


def json_of(text: str) -> Any:
    """Read JSON, or end with what is wrong in it."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        stop(EXIT_USAGE, f"{text!r} is not JSON: {error}")


def administrator(config: Path | None, officer: str, token: str) -> str:
    """Return the officer's name, or end: who changes the database by hand proves to be an administrator."""
    from adapters.roster import RosterError, load_roster
    from core.origination.lender import Role

    file = settings_of(config).officers_file
    if file is None:
        stop(EXIT_USAGE, "officers_file is not set, so nobody can prove to be an officer: name it in the settings")
    try:
        refused = load_roster(Path(file)).refusal(officer, token, Role.ADMINISTRATOR)
    except RosterError as error:
        stop(EXIT_USAGE, str(error))
    if refused is not None:
        stop(EXIT_REFUSED, f"{refused.code}: {refused.detail}")
    return officer


def on_database(config: Path | None, ask: Callable[[Settings, str], Coroutine[Any, Any, _Answer]]) -> _Answer:
    """Ask the database (the DSN) of the settings' book, or end with what is in the way."""
    import asyncpg

    from actors.protocols import JournalUnavailable
    from adapters.embedded.servers import EmbeddedPostgres

    settings = settings_of(config)
    dsn = settings.postgres_dsn or EmbeddedPostgres(Path(settings.data_dir) / "postgres").dsn
    try:
        return asyncio.run(ask(settings, dsn))
    except JournalUnavailable as error:
        stop(EXIT_UNAVAILABLE, f"no answer from the book's database ({why(error.__cause__ or error)}): is it running?")
    except asyncpg.UndefinedTableError:
        stop(EXIT_NOT_FOUND, "this database holds no book: name the settings of yours with --config")


def ask_book(config: Path | None, ask: "Callable[[asyncpg.Connection, date], Awaitable[_Answer]]") -> _Answer:
    """Ask the settings' book on its business date, or end with what is in the way."""
    return on_database(config, lambda _, dsn: _asked(dsn, ask))


async def _asked(dsn: str, ask: "Callable[[asyncpg.Connection, date], Awaitable[_Answer]]") -> _Answer:
    import asyncpg

    from actors.protocols import JournalUnavailable
    from adapters.postgres.queries import SQL
    from adapters.postgres.session import unavailable

    with unavailable():
        connection = await asyncpg.connect(dsn, timeout=10)
    try:
        with unavailable():
            on = await connection.fetchval(SQL["business_date"])
            if on is None:
                raise JournalUnavailable("the book is not open")
            return await ask(connection, on)
    finally:
        await connection.close(timeout=5)
