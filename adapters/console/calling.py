"""What commands of the operator's tool share: the client of the running system, dates and JSON as typed."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from adapters.console.options import settings_of
from adapters.console.terminal import EXIT_USAGE, stop


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
