"""Recorded histories: the stored bodies of an account's events, and the account that they must lead to."""

from pathlib import Path

import msgspec
from msgspec import Struct

from core.account import Account
from core.events import Event, kind_of

FOLDER = Path(__file__).parent / "histories"


class Recorded(Struct, frozen=True):
    """One stored event: its body exactly as in the journal, in hex."""

    seq: int
    kind: int
    body: str


class Reached(Struct, frozen=True):
    """The state after the last event, in words, so that a change of it is readable."""

    account: dict[str, object]


def read(path: Path) -> tuple[list[Recorded], dict[str, object]]:
    """Return the events of a file and the state that its last line records."""
    *events, last = path.read_text().splitlines()
    return [msgspec.json.decode(line, type=Recorded) for line in events], msgspec.json.decode(
        last, type=Reached
    ).account


def write(path: Path, history: list[tuple[int, Event]], account: Account) -> None:
    """Record a history."""
    events = [Recorded(seq, kind_of(event), msgspec.msgpack.encode(event).hex()) for seq, event in history]
    lines = [*events, Reached(in_words(account))]
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n")


def in_words(state: Struct) -> dict[str, object]:
    """Return a state with the name of every field, so that no change of the encoding hides in it."""
    fields = {field.name: getattr(state, field.name) for field in msgspec.structs.fields(state)}
    return {name: _value(value) for name, value in fields.items()}


def _value(value: object) -> object:
    if isinstance(value, Struct):
        return in_words(value)
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return msgspec.to_builtins(value)
