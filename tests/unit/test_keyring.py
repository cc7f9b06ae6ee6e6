"""Keys: made for their owner only, rotated, kept while they are needed, read again when they change."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.privacy.keyring import RETIRE_AFTER_SECONDS, Keyring, KeyringError, key_of

HERE, THERE = b"7/person/1", b"8/person/1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book" / "keys.json"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the time pass after which a replaced key may go."""
    began = time.time()
    return lambda: monkeypatch.setattr(time, "time", lambda: began + RETIRE_AFTER_SECONDS + 1)


def test_a_missing_file_is_made_for_its_owner_only(path: Path) -> None:
    Keyring.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_others_may_read_is_refused(path: Path) -> None:
    Keyring.load(path)
    path.chmod(0o640)
    with pytest.raises(KeyringError, match="chmod 600"):
        Keyring.load(path)


def test_what_is_no_key_file_is_refused_without_showing_it(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    path.write_text('{"sealing": "secret"}')
    with pytest.raises(KeyringError, match=r"not a key file: ValidationError$"):
        Keyring.load(path)


def test_the_file_is_read_back(path: Path) -> None:
    first = Keyring.load(path)
    second = Keyring.load(path)
    assert second.open(first.seal(b"plain", HERE), HERE) == b"plain"
    assert (first.index("a b"), first.fingerprint(b"x")) == (second.index("AB"), second.fingerprint(b"x"))


def test_sealed_data_opens_at_its_own_place_only(path: Path) -> None:
    keyring = Keyring.load(path)
    sealed = keyring.seal(b"plain", HERE)
    assert b"plain" not in sealed
    with pytest.raises(KeyringError, match="another place"):
        keyring.open(sealed, THERE)
    with pytest.raises(KeyringError, match="changed"):
        keyring.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), HERE)


def test_another_keyring_opens_nothing_and_finds_nothing(path: Path, tmp_path: Path) -> None:
    ours, theirs = Keyring.load(path), Keyring.load(tmp_path / "other.json")
    with pytest.raises(KeyringError, match=f"key {ours.primary} is not in"):
        theirs.open(ours.seal(b"plain", HERE), HERE)
    assert ours.index("1") != theirs.index("1")


def test_a_rotation_reaches_a_process_that_runs(path: Path) -> None:
    running, operator = Keyring.load(path), Keyring.load(path)
    sealed = running.seal(b"plain", HERE)
    newest = operator.rotate()
    assert key_of(running.seal(b"plain", HERE)) == newest == running.primary
    assert running.open(sealed, HERE) == b"plain"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_broken_or_missing_file_leaves_a_running_process_its_keys(path: Path) -> None:
    running = Keyring.load(path)
    sealed = running.seal(b"plain", HERE)
    path.write_text("not a key file")
    assert running.open(sealed, HERE) == b"plain"
    path.unlink()
    assert running.open(sealed, HERE) == b"plain"


def test_a_key_is_retired_when_nothing_needs_it(path: Path, later: Callable[[], None]) -> None:
    keyring = Keyring.load(path)
    first = keyring.primary
    sealed = keyring.seal(b"plain", HERE)
    with pytest.raises(KeyringError, match="rotate first"):
        keyring.retire(first, 0)
    newest = keyring.rotate()
    with pytest.raises(KeyringError, match="wait"):
        keyring.retire(first, 0)
    later()
    with pytest.raises(KeyringError, match="reseal first"):
        keyring.retire(first, 1)
    keyring.retire(first, 0)
    assert keyring.numbers == {newest}
    with pytest.raises(KeyringError, match="is not in"):
        keyring.open(sealed, HERE)
    with pytest.raises(KeyringError, match="no key"):
        keyring.retire(first, 0)
