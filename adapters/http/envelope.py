"""The name that a command has for good, and the envelope that it travels in."""

import re
from hashlib import blake2b
from typing import Annotated, Final

from msgspec import Meta, Raw

from actors.messages import Envelope, encoder
from core.commands import Command

KEY_BYTES: Final = 16
REQUEST_ID_MAX: Final = 200
# `$` alone would let a trailing newline through.
RequestId = Annotated[str, Meta(pattern=r"^[!-~]+$(?!\n)", max_length=REQUEST_ID_MAX)]
"""Names a command within its channel: visible ASCII, no spaces."""

_REQUEST_ID: Final = re.compile(rf"[!-~]{{1,{REQUEST_ID_MAX}}}")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_CHANNEL: Final = re.compile(r"[a-z0-9_-]{1,40}")


def envelope(channel: str, request_id: str, command: Command) -> Envelope:
    """Address a command to its account, under the key of its channel and request id."""
    key = blake2b(f"{channel}\0{request_id}".encode(), digest_size=KEY_BYTES).digest()
    # Encoded anew whatever the client sent, so that the fingerprint is of the content and not of its spelling.
    return Envelope(key, command.account, Raw(encoder.encode(command)))


def request_id_of(header: str) -> str | None:
    """Return the id that an Idempotency-Key names, plain or as a quoted sf-string; None if it is neither."""
    quoted = _QUOTED.fullmatch(header)
    plain = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else header
    return plain if _REQUEST_ID.fullmatch(plain) else None


def is_channel(name: str) -> bool:
    """Return whether this may name a channel."""
    return _CHANNEL.fullmatch(name) is not None
