"""Bring a database to the newest schema."""

import logging
from pathlib import Path
from typing import Final

import psycopg
from yoyo import get_backend, read_migrations

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x7E40_0001
"""Advisory lock of migrations: any number, the same in every version."""


def migrate(dsn: str) -> None:
    """Apply what is missing; processes that start together take turns. Raises psycopg.Error if it cannot."""
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    with psycopg.connect(dsn, autocommit=True) as session:
        # Held by the session, so that it goes with the process; yoyo's own lock is a row and would outlive a crash.
        session.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        with get_backend(_with_driver(dsn)) as backend:
            backend.break_lock()
            backend.apply_migrations(backend.to_apply(read_migrations(str(MIGRATIONS))))


def _with_driver(dsn: str) -> str:
    """Return the DSN with the driver named as yoyo wants it."""
    return f"postgresql+psycopg://{dsn.partition('://')[2]}"
