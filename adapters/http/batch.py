"""POST /v1/batch: many commands in one request, and a reply for each. The hot path."""

from typing import Final

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Raw, Struct
from msgspec.json import Encoder as JsonEncoder
from msgspec.msgpack import Decoder

from actors.messages import Refused, Reply, encoder, refused
from adapters.http.backend import Backend
from adapters.http.envelope import RequestId, envelope
from adapters.http.lending import authenticate
from adapters.http.media import Codec, Malformed, Media, accepted, answer, channel_of, media_of
from adapters.http.metrics import Metrics
from adapters.http.problems import AnyRequest, Refusal
from core.commands import Command
from core.rejections import Code

BATCH_MAX: Final = 1_000
"""Commands in one batch."""
BATCH_PATH: Final = "/v1/batch"


class Item(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A command and the request id that names it within its channel."""

    request_id: RequestId
    command: Command


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Commands that are independent of each other; those of one account are carried out in this order."""

    commands: list[Item]


class Replies(Struct, frozen=True):
    """A reply for each command, in order."""

    replies: list[Reply]


class _RawBatch(Struct, frozen=True, forbid_unknown_fields=True):
    commands: list[Raw]


_batch = Codec(Batch)
_raw_batch = Codec(_RawBatch)
_item = Codec(Item)
_replies = Decoder(Replies)
_encode_json = JsonEncoder().encode


def batch_route(backend: Backend, metrics: Metrics) -> HTTPRouteHandler:
    """Return the route for batches."""

    @post(BATCH_PATH, status_code=200)
    async def receive_batch(request: AnyRequest) -> Response[bytes]:
        channel, media = channel_of(request), accepted(request)
        items = [_proven(request, backend, each) for each in read_batch(media_of(request), await request.body())]
        envelopes = [envelope(channel, item.request_id, item.command) for item in items if isinstance(item, Item)]
        replies = await backend.submit(envelopes) if envelopes else []
        assert len(replies) == len(envelopes)
        blob = _joined(_in_order(items, replies) if len(replies) < len(items) else replies)
        decoded = _replies.decode(blob)
        metrics.count(decoded.replies)
        return answer(blob if media is Media.MSGPACK else _encode_json(decoded), media)

    return receive_batch


def read_batch(media: Media, body: bytes) -> list[Item | bytes]:
    """Return the batch's commands; in place of a malformed one the msgpack reply that refuses it."""
    items: list[Item | bytes]
    try:
        items = [*_batch.decode(media, body).commands]
    except Malformed:
        # Something is wrong somewhere: look at each item alone, so that one does not spoil the others.
        items = [_read_item(media, raw) for raw in _read_raw(media, body)]
    _check_size(len(items))
    return items


def _proven(request: AnyRequest, backend: Backend, item: Item | bytes) -> Item | bytes:
    """Return the item; the refusal in its place, if the request does not come from the officer that it names."""
    unproven = None if isinstance(item, bytes) else authenticate(request, backend, item.command)
    return item if unproven is None else encoder.encode(refused(unproven))


def _read_raw(media: Media, body: bytes) -> list[Raw]:
    try:
        raw = _raw_batch.decode(media, body).commands
    except Malformed as error:
        raise Refusal(Code.MALFORMED, str(error)) from None
    _check_size(len(raw))
    return raw


def _read_item(media: Media, raw: Raw) -> Item | bytes:
    try:
        return _item.decode(media, raw)
    except Malformed as error:
        return encoder.encode(Refused(Code.MALFORMED, str(error)))


def _check_size(count: int) -> None:
    if count > BATCH_MAX:
        raise Refusal(Code.BATCH_TOO_LARGE, f"{count} commands; a batch takes {BATCH_MAX}")


def _in_order(items: list[Item | bytes], replies: list[bytes]) -> list[bytes]:
    answered = iter(replies)
    return [item if isinstance(item, bytes) else next(answered) for item in items]


def _joined(replies: list[bytes]) -> bytes:
    """Return {"replies": [...]} as msgpack, around replies that are msgpack already."""
    # fixmap of 1, fixstr of 7, array 16 with its length.
    return b"".join((b"\x81\xa7replies\xdc", len(replies).to_bytes(2, "big"), *replies))
