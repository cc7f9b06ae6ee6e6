"""Options that many commands share, and the settings that they are read with."""

import os
from pathlib import Path
from typing import Annotated

import typer

from adapters.console.terminal import EXIT_USAGE, stop
from adapters.settings import Settings, SettingsError, load_settings

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Config = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings; TENOR_<FIELD> goes over it.")]
RequestId = Annotated[str | None, typer.Option(help="Send the same id again to be sure that it is done only once.")]
Officer = Annotated[str, typer.Option(envvar="TENOR_OFFICER", help="Who you are, as the officers' file has it.")]
Token = Annotated[
    str, typer.Option(envvar="TENOR_OFFICER_TOKEN", prompt=True, hide_input=True, help="Your token; it proves you.")
]
Note = Annotated[str, typer.Option(help="Why; it stays in the file.")]
Account = Annotated[int, typer.Argument(help="The borrower's account.")]
Loan = Annotated[int, typer.Argument(help="The loan: its account, then its number in four digits, as 70001.")]
Application = Annotated[int, typer.Argument(help="The application's number within the account.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
Products = Annotated[Path | None, typer.Option("--products", help="A directory of product documents of your own.")]
Day = Annotated[str | None, typer.Option(help="A date as 2026-01-31.")]


def settings_of(config: Path | None) -> Settings:
    """Read the settings, or end with what is wrong in them."""
    try:
        return load_settings(config, os.environ)
    except SettingsError as error:
        stop(EXIT_USAGE, str(error))
