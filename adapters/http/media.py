"""Bodies in and out: JSON or msgpack, decoded straight into structs."""

from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

import msgspec
from litestar import Response
from msgspec import DecodeError

from adapters.http.envelope import is_channel, request_id_of
from adapters.http.problems import AnyRequest, HttpCode, Refusal
from core.rejections import Code

CHANNEL_DEFAULT: Final = "default"
T = TypeVar("T")


class Media(StrEnum):
    """The encodings that the gateway speaks."""

    JSON = "application/json"
    MSGPACK = "application/msgpack"


class Malformed(Exception):
    """The bytes do not decode as what they should be; the message names the field."""


class Codec(Generic[T]):
    """Decoders of one type, made once: msgspec compiles them."""

    __slots__ = ("_decoders",)

    def __init__(self, kind: type[T]) -> None:
        self._decoders = {
            Media.JSON: msgspec.json.Decoder(kind).decode,
            Media.MSGPACK: msgspec.msgpack.Decoder(kind).decode,
        }

    def decode(self, media: Media, body: bytes | msgspec.Raw) -> T:
        """Return what the bytes say, or raise Malformed."""
        try:
            return self._decoders[media](body)
        except (DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(str(error)) from None

    async def read(self, request: AnyRequest) -> T:
        """Return the request's body, or refuse it."""
        media = media_of(request)
        try:
            return self.decode(media, await request.body())
        except Malformed as error:
            raise Refusal(Code.MALFORMED, str(error)) from None


def media_of(request: AnyRequest) -> Media:
    """Return what the request's body is encoded in."""
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return Media(stated)
    except ValueError:
        raise Refusal(
            HttpCode.MEDIA_TYPE_UNSUPPORTED, f"send {Media.JSON} or {Media.MSGPACK}, not {stated or 'nothing'}"
        ) from None


def accepted(request: AnyRequest) -> Media:
    """Return what to answer in: what Accept names, else what the request came in."""
    accept = request.headers.get("accept", "")
    for media in (Media.MSGPACK, Media.JSON):
        if media in accept:
            return media
    return media_of(request)


def channel_of(request: AnyRequest) -> str:
    """Return the channel that the request comes from."""
    channel: str = request.headers.get("tenor-channel", CHANNEL_DEFAULT)
    if not is_channel(channel):
        raise Refusal(Code.MALFORMED, "Tenor-Channel must match [a-z0-9_-]{1,40}")
    return channel


def idempotency_key(request: AnyRequest) -> str:
    """Return the request id that the client chose."""
    header = request.headers.get("idempotency-key")
    if header is None:
        raise Refusal(Code.REQUEST_ID_MISSING, "send an Idempotency-Key; a retry sends the same one")
    request_id = request_id_of(header)
    if request_id is None:
        raise Refusal(Code.MALFORMED, "Idempotency-Key must be 1 to 200 visible ASCII characters, plain or quoted")
    return request_id


def answer(body: bytes, media: str = Media.JSON) -> Response[bytes]:
    """Answer 200 with bytes that are encoded already."""
    return Response(body, media_type=media, status_code=200)


def answer_json(view: Any) -> Response[bytes]:
    """Answer 200 with a struct as JSON."""
    return answer(msgspec.json.encode(view))
