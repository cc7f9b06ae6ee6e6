"""Settings: the file, the environment over it, and errors that say what to write."""

from datetime import date
from pathlib import Path

import pytest

from adapters.settings import Settings, SettingsError, SourceSettings, load_settings


def write(directory: Path, text: str) -> Path:
    path = directory / "tenor.toml"
    path.write_text(text)
    return path


def test_without_file_and_environment_everything_is_embedded_and_local() -> None:
    settings = load_settings(None, {})
    assert (settings.postgres_dsn, settings.redis_url, settings.ray_address) == (None, None, None)
    assert (settings.data_dir, settings.http_host, settings.http_port) == (".tenor", "127.0.0.1", 8700)
    assert settings.shards >= 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'shards = 4\nhttp_port = 9000\nbusiness_date = 2026-01-31\npostgres_dsn = "postgresql://a"\n'
    )
    env = {"TENOR_HTTP_PORT": "9001", "TENOR_POSTGRES_DSN": "postgresql://b", "PATH": "/bin"}
    settings = load_settings(path, env)
    assert settings == Settings(
        shards=4, http_port=9001, business_date=date(2026, 1, 31), postgres_dsn="postgresql://b"
    )


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load_settings(None, {"TENOR_REDIS_URL": ""}).redis_url is None


def test_a_date_from_the_environment_is_a_date() -> None:
    assert load_settings(None, {"TENOR_BUSINESS_DATE": "2026-02-28"}).business_date == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shards = 0", r"^shards in .*tenor\.toml is 0\. Write a whole number from 1 to 256"),
        ('http_port = "8700"', r"^http_port in .* is '8700'\. Write a port up to 65535"),
        ("fsync = false", r"^fsync in .* is not a setting\. The settings are: data_dir, postgres_dsn, "),
        ("shards == 2", r"is not TOML: .* A line looks like: http_port = 8700$"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TENOR_SHARDS", "many", r"^TENOR_SHARDS is 'many'\. Write a whole number"),
        ("TENOR_BUSINESS_DATE", "31.1.2026", r"^TENOR_BUSINESS_DATE is '31\.1\.2026'\. Write the date on which"),
        ("TENOR_BANK_URL", "bank:443", r"^TENOR_BANK_URL is 'bank:443'\. Write where payouts go"),
        ("TENOR_POSTGRES_DNS", "postgresql://a", r"^TENOR_POSTGRES_DNS is not a setting"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_own_name(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(None, {variable: value})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"There is no settings file .*absent\.toml"):
        load_settings(tmp_path / "absent.toml", {})


def test_sources_are_over_http_or_simulated(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[sources.bureau]\nurl = "https://bureau.example/score"\ntimeout = 2\nreuse_days = 90\n'
        "[sources.income]\nlatency = 0.05\nfaults = 5\n",
    )
    assert load_settings(path, {}).sources == {
        "bureau": SourceSettings(url="https://bureau.example/score", timeout=2.0, reuse_days=90),
        "income": SourceSettings(latency=0.05, faults=5),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        '[sources.nobody]\nurl = "https://bureau.example"\n',
        '[sources.bureau]\nurl = "bureau.example"\n',
        '[sources.bureau]\nurl = "https://us:secret@bureau.example"\n',
        '[sources.bureau]\nurl = "https://bureau.example:one"\n',
        "[sources.bureau]\ntimeout = 0\n",
        "[sources.bureau]\nfaults = 101\n",
        '[sources.bureau]\nurl = "https://bureau.example"\nfaults = 5\n',
    ],
)
def test_what_is_no_source_is_refused_with_what_to_write(tmp_path: Path, wrong: str) -> None:
    path = write(tmp_path, wrong)
    with pytest.raises(SettingsError, match=r"\[sources\.bureau\]"):
        load_settings(path, {})
