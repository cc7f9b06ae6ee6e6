"""What gateway and shard say to each other: msgpack, whole batches at a time."""

from datetime import date
from typing import Final

from msgspec import Raw, Struct
from msgspec.msgpack import Decoder, Encoder

from core.commands import Command
from core.rejections import Code, Rejection


class Envelope(Struct, frozen=True, array_like=True, gc=False):
    """A command on its way to a shard, with the name it has for good."""

    key: bytes
    """16 bytes: hash of channel and request id."""
    account: int
    command: Raw
    """The command as msgpack; its hash is the fingerprint."""


class Done(Struct, frozen=True, tag="done", tag_field="status", omit_defaults=True):
    """The command was carried out; `seq` is the number under which the account has it, for a reversal."""

    account: int
    seq: int
    loan: int | None = None
    """The loan booked, if one was."""


class Received(Struct, frozen=True, tag="received", tag_field="status"):
    """Money was received and allocated; `payment` names it for a reversal."""

    account: int
    payment: int
    penalty: int
    fee: int
    interest: int
    principal: int
    unapplied: int
    """What became (or, negative, came from) the unapplied balance."""


class Decided(Struct, frozen=True, tag="decided", tag_field="status"):
    """An application was decided, by rules or by an officer."""

    account: int
    seq: int
    application: int
    state: str
    """`approved`, `declined`, `referred`, `incomplete`, `returned`."""
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Documents that are still needed."""


class Offered(Struct, frozen=True, tag="offered", tag_field="status"):
    """A contract was offered; its text is found under account and number, and the digest is what is signed."""

    account: int
    seq: int
    agreement: int
    digest: str


class Kept(Struct, frozen=True, tag="kept", tag_field="status"):
    """The borrower asked to be forgotten; a debt or a law still keeps their data, and it is restricted until then."""

    account: int
    seq: int
    erasable_on: date | None
    """The first day on which it can be destroyed, as the account stands; null while a loan runs."""


class Refused(Struct, frozen=True, tag="refused", tag_field="status"):
    """The command was refused and changed nothing."""

    code: Code
    detail: str


Reply = Done | Received | Decided | Offered | Kept | Refused

encoder = Encoder()
envelopes_decoder = Decoder(list[Envelope])
command_decoder: Decoder[Command] = Decoder(Command)
reply_decoder: Decoder[Reply] = Decoder(Reply)
replies_decoder = Decoder(list[bytes])


def refused(rejection: Rejection) -> Refused:
    """Return a rejection as a reply."""
    return Refused(rejection.code, rejection.detail)


def _refusal(code: Code, detail: str) -> bytes:
    return encoder.encode(Refused(code, detail))


OVERLOADED: Final = _refusal(Code.OVERLOADED, "too many commands wait; send the same request again later")
MOVED: Final = _refusal(Code.UNAVAILABLE, "this shard does not own the account; send the same request again")
SUSPENDED: Final = _refusal(Code.ACCOUNT_SUSPENDED, "an internal check failed on this account; operators were told")
