"""Run the proof of the books wherever they are: on an external server, or on the embedded one, up or not."""

from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.progress import Progress

from actors.protocols import JournalUnavailable
from adapters.embedded.servers import EmbeddedPostgres
from adapters.postgres.session import unavailable
from adapters.settings import Settings
from adapters.verification.signatures import Seals, seals_of
from adapters.verification.verify import VerifyReport, verify


async def prove(settings: Settings, talk: Console) -> VerifyReport:
    """Verify the book of these settings, with progress; an embedded server that is down is started for it.

    Raises JournalUnavailable where there is no server, and none to start.
    """
    seals = seals_of(settings)
    if settings.postgres_dsn:
        return await _verify(settings.postgres_dsn, talk, seals)
    server = EmbeddedPostgres(Path(settings.data_dir) / "postgres")
    if await _answers(server.dsn):
        return await _verify(server.dsn, talk, seals)
    if not server.directory.exists():
        raise JournalUnavailable(f"there is no {server.directory}")
    with server:
        return await _verify(server.dsn, talk, seals)


async def _verify(dsn: str, talk: Console, seals: Seals | None) -> VerifyReport:
    with Progress(console=talk, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(f"verify: {what}")
            bar.update(tasks[what], completed=done, total=total)

        with unavailable():
            return await verify(dsn, progress, seals=seals)


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
