"""The settings of one Tenor: a TOML file, then the environment over it, each field checked before anything starts."""

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, get_type_hints

import msgspec
from msgspec import Meta

ENVIRONMENT_PREFIX: Final = "TENOR_"
PEOPLE: Final = ("TENOR_OFFICER", "TENOR_OFFICER_TOKEN")
"""Who acts at a terminal: no settings of the book."""


class SettingsError(Exception):
    """A setting is wrong; the message names it, where it was read, and what to write instead."""


def cores() -> int:
    """The cores that this process may use, at least one."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_URL: Final = r"^https?://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?(/[^\s?#]*)?$(?!\n)"
"""No user and no password: whoever calls would not send them."""
SourceName = Literal["bureau", "income", "debtor_list", "sanctions", "device"]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a source is and how it is asked; without a url it is simulated."""

    url: Annotated[str, Meta(pattern=_URL)] | None = None
    timeout: Annotated[float, Meta(gt=0, le=10)] = 1.0
    """Seconds that a batch of applications waits for it at most."""
    reuse_days: Annotated[int, Meta(ge=0, le=366)] | None = None
    """For how many days an answer is used again; None: as long as is usual for such a source."""
    latency: Annotated[float, Meta(ge=0, le=10)] = 0.0
    """Seconds that a simulated source takes."""
    faults: Annotated[int, Meta(ge=0, le=100)] = 0
    """Percent of its calls that a simulated source does not answer."""

    def __post_init__(self) -> None:
        """Refuse a simulation of what is not simulated."""
        if self.url is not None and (self.latency or self.faults):
            raise ValueError("latency and faults are of simulated sources")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where one book lives and how many processes serve it. Nothing here can weaken durability.

    Each description says what to write; it is what a mistaken operator reads.
    """

    data_dir: Annotated[str, Meta(min_length=1, description="a directory, e.g. /var/lib/tenor")] = ".tenor"
    postgres_dsn: Annotated[
        str | None,
        Meta(description="postgresql://user:password@host:5432/database; leave it out for the embedded server"),
    ] = None
    redis_url: Annotated[str | None, Meta(description="redis://host:6379/0; leave it out for the embedded server")] = (
        None
    )
    ray_address: Annotated[
        str | None, Meta(description='host:6379 or "auto"; leave it out to start Ray on this machine')
    ] = None
    shards: Annotated[int, Meta(ge=1, le=256, description="a whole number from 1 to 256; cores are a good choice")] = (
        msgspec.field(default_factory=cores)
    )
    gateways: Annotated[int, Meta(ge=1, le=64, description="a whole number from 1 to 64")] = 1
    http_host: Annotated[str, Meta(min_length=1, description="an address to listen on, e.g. 127.0.0.1")] = "127.0.0.1"
    http_port: Annotated[int, Meta(ge=0, le=65535, description="a port up to 65535; 0 takes a free one")] = 8700
    bank_url: Annotated[
        Annotated[str, Meta(pattern=_URL)] | None,
        Meta(description="where payouts go, https://bank:443; leave it out for a bank that pays nobody"),
    ] = None
    bank_secret_file: Annotated[
        str | None, Meta(description="the file with the secret that the bank signs notices with; made if left out")
    ] = None
    keys_file: Annotated[
        str | None,
        Meta(description="the file with the keys that seal personal data; keep it apart from backups"),
    ] = None
    products_dir: Annotated[str | None, Meta(description="a directory with product documents of your own")] = None
    rules_dir: Annotated[str | None, Meta(description="a directory with rule sets in place of those that ship")] = None
    templates_dir: Annotated[str | None, Meta(description="a directory with contract templates of your own")] = None
    sources_file: Annotated[
        str | None, Meta(description="a JSON file with what sources say of known people; everybody else is simulated")
    ] = None
    sources: Annotated[
        dict[SourceName, SourceSettings],
        Meta(
            description="tables, as [sources.bureau], of url, timeout, reuse_days; or of latency, faults if simulated"
        ),
    ] = {}
    officers_file: Annotated[str | None, Meta(description="a TOML file with the officers; none without it")] = None
    roots_dir: Annotated[
        str | None,
        Meta(description="a directory with authorities (*.pem) whose signatures count, and their lists (*.crl)"),
    ] = None
    retention_days: Annotated[
        int, Meta(ge=0, le=36_600, description="a whole number of days; 3653 are at least ten years")
    ] = 3653
    business_date: Annotated[
        date | None,
        Meta(description="the date on which a new book opens, e.g. 2026-01-31; later only the day close moves it"),
    ] = None


FIELDS: Final = get_type_hints(Settings, include_extras=True)


def load_settings(path: Path | None, env: Mapping[str, str]) -> Settings:
    """The settings of a file (none: the defaults) with each TENOR_<FIELD> of the environment in its place."""
    checked: dict[str, object] = {}
    for name, value in _from_file(path).items():
        checked[name] = _check(name, value, f"{name} in {path}", strict=True)
    for variable in sorted(name for name in env if name.startswith(ENVIRONMENT_PREFIX) and name not in PEOPLE):
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if env[variable]:  # An empty variable is an unset one.
            checked[name] = _check(name, env[variable], variable, strict=False)
    return Settings(**checked)  # type: ignore[arg-type]  # Each value was checked against its field above.


def _from_file(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {path}. Create it, or leave --config out.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}. A line looks like: http_port = 8700") from error


def _check(name: str, value: object, where: str, *, strict: bool) -> object:
    if name not in FIELDS:
        raise SettingsError(f"{where} is not a setting. The settings are: {', '.join(FIELDS)}.")
    try:
        return msgspec.convert(value, FIELDS[name], strict=strict)
    except msgspec.ValidationError as error:
        what_to_write = FIELDS[name].__metadata__[0].description
        raise SettingsError(f"{where} is {value!r}. Write {what_to_write}.") from error
