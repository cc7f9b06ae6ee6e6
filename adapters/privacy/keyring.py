"""The keys that personal data is sealed with: AES-256-GCM by Tink, each with a number, the newest one seals.

The file holds two Tink keysets: `sealing`, which rotates, and `index`, whose one key makes the keyed hashes by which
sealed data is found. Hashes stand in events, which never change: so the index key never changes.
"""

import fcntl
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import msgspec
import tink
from msgspec import Struct
from msgspec.structs import replace
from tink import aead, json_proto_keyset_format, prf, secret_key_access

from adapters.settings import Settings
from core.origination.personal import normal

INDEX_BYTES: Final = 16
"""Of HMAC-SHA-256: enough that no two borrowers ever share one."""
RETIRE_AFTER_SECONDS: Final = 600
"""What was being sealed when the keys changed is in the database by then: a commit ends within a minute."""
_PREFIX_BYTES: Final = 5
"""What Tink puts before what it seals: a version byte and the key's number."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_log = logging.getLogger("tenor.keyring")

aead.register()
prf.register()


def key_file(settings: Settings) -> Path:
    """Return where a book's keys lie."""
    return Path(settings.keys_file or Path(settings.data_dir) / "keys.json")


class KeyringError(Exception):
    """Keys cannot be read, changed or used; the message says what to do."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The key file."""

    sealing: dict[str, Any]
    index: dict[str, Any]
    rotated_at: int
    """Seconds since 1970."""


class _Keys(Struct, frozen=True):
    """The file as this process read it."""

    stamp: tuple[int, int]
    primary: int
    numbers: frozenset[int]
    aead: Any
    index: Any


class Keyring:
    """Seals and opens personal data. A key file that changed is read again before the next use."""

    def __init__(self, path: Path, keys: _Keys) -> None:
        """Use `load` instead."""
        self._path = path
        self._place = str(path)
        self._keys = keys

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read the keys, or make them, for their owner's eyes only, if the file is not there."""
        if not path.exists():
            _create(path)
        return cls(path, _read(path))

    @property
    def primary(self) -> int:
        """The number of the key that seals."""
        return self._fresh().primary

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of all keys."""
        return self._fresh().numbers

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Return data sealed for one place: it opens only with the same `about`."""
        sealed: bytes = self._fresh().aead.encrypt(plain, about)
        return sealed

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was sealed, or raise KeyringError: another place, another keyring, or changed bytes."""
        keys = self._fresh()
        try:
            plain: bytes = keys.aead.decrypt(sealed, about)
        except tink.TinkError as error:
            if (number := key_of(sealed)) not in keys.numbers:
                raise KeyringError(f"key {number} is not in {self._path}: put back the file that holds it") from error
            raise KeyringError("sealed data was changed, or belongs to another place") from error
        return plain

    def index(self, text: str) -> str:
        """Return the keyed hash by which a number is found, in hex; spaces and capitals make no difference."""
        return self._hash(b"index", normal(text).encode()).hex()

    def fingerprint(self, content: bytes) -> bytes:
        """Return 16 bytes by which contents are told apart, and nobody can try contents on."""
        return self._hash(b"fingerprint", content)

    def rotate(self) -> int:
        """Make a new key that seals from now on, and return its number; the old ones go on opening."""
        with _changing(self._path) as file:
            numbers = {key["keyId"] for key in file.sealing["key"]}
            added = _new_keyset(aead.aead_key_templates.AES256_GCM)
            while added["primaryKeyId"] in numbers:
                added = _new_keyset(aead.aead_key_templates.AES256_GCM)
            sealing = {**added, "key": [*file.sealing["key"], *added["key"]]}
            _replace(self._path, _File(sealing, file.index, int(time.time())))
        return self.primary

    def retire(self, number: int, rows: int) -> None:
        """Destroy a key for good; raises KeyringError while it seals, was replaced just now, or `rows` need it."""
        with _changing(self._path) as file:
            _check_retirement(file, number, rows)
            kept = [key for key in file.sealing["key"] if key["keyId"] != number]
            _replace(self._path, replace(file, sealing={**file.sealing, "key": kept}))

    def _hash(self, purpose: bytes, content: bytes) -> bytes:
        hashed: bytes = self._keys.index.compute(purpose + b"\0" + content, INDEX_BYTES)
        return hashed

    def _fresh(self) -> _Keys:
        # Two microseconds; without it a process would go on sealing with a key that is about to be destroyed.
        try:
            stamp = _stamp(self._place)
        except FileNotFoundError:
            return self._keys
        if stamp != self._keys.stamp:
            self._read_again(stamp)
        return self._keys

    def _read_again(self, stamp: tuple[int, int]) -> None:
        try:
            self._keys = _read(self._path)
        except KeyringError as error:
            # The keys in memory are still good; a mistake in the file must not stop the book.
            _log.error("went on with the keys read before: %s", error)
            self._keys = replace(self._keys, stamp=stamp)


def key_of(sealed: bytes) -> int:
    """Return the number of the key that data was sealed with."""
    return int.from_bytes(sealed[1:_PREFIX_BYTES], "big")


def _check_retirement(file: _File, number: int, rows: int) -> None:
    if number not in {key["keyId"] for key in file.sealing["key"]}:
        raise KeyringError(f"there is no key {number}")
    if number == file.sealing["primaryKeyId"]:
        raise KeyringError(f"key {number} seals: rotate first")
    if rows:
        raise KeyringError(f"{rows} rows are sealed with key {number}: reseal first")
    if (waited := int(time.time()) - file.rotated_at) < RETIRE_AFTER_SECONDS:
        raise KeyringError(f"keys changed {waited} s ago: wait {RETIRE_AFTER_SECONDS} s, then reseal once more")


def _read(path: Path) -> _Keys:
    stamp = _stamp(path)
    try:
        if path.stat().st_mode & _OTHERS:
            raise KeyringError(f"others may read {path}: chmod 600 it")
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        sealing, index = _handle(file.sealing), _handle(file.index)
    except (OSError, msgspec.MsgspecError, tink.TinkError) as error:
        raise KeyringError(f"{path} is not a key file: {type(error).__name__}") from error
    return _Keys(
        stamp,
        file.sealing["primaryKeyId"],
        frozenset(key["keyId"] for key in file.sealing["key"]),
        sealing.primitive(aead.Aead),
        index.primitive(prf.PrfSet).primary(),
    )


def _stamp(path: Path | str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ino


def _handle(keyset: dict[str, Any]) -> tink.KeysetHandle:
    return json_proto_keyset_format.parse(msgspec.json.encode(keyset).decode(), secret_key_access.TOKEN)


def _new_keyset(template: Any) -> dict[str, Any]:
    handle = tink.new_keyset_handle(template)
    keyset: dict[str, Any] = msgspec.json.decode(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    return keyset


def _create(path: Path) -> None:
    sealing = _new_keyset(aead.aead_key_templates.AES256_GCM)
    index = _new_keyset(prf.prf_key_templates.HMAC_SHA256)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = _written(path, _File(sealing, index, int(time.time())))
    try:
        # Of processes that start together one makes the file; a link never replaces what is there.
        with suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()


@contextmanager
def _changing(path: Path) -> Iterator[_File]:
    """Lend the file as it is to one who changes it at a time."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield msgspec.json.decode(path.read_bytes(), type=_File)
        os.fsync(directory)
    finally:
        os.close(directory)


def _replace(path: Path, file: _File) -> None:
    _written(path, file).replace(path)


def _written(path: Path, file: _File) -> Path:
    """Write beside the key file, readable for its owner only, onto the disk."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as written:
        written.write(msgspec.json.format(msgspec.json.encode(file), indent=2))
        written.flush()
        os.fsync(written.fileno())
    return Path(written.name)
