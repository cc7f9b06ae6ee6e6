"""One route for each command: POST /v1/<command>, the request id in Idempotency-Key."""

from collections.abc import Awaitable, Callable
from typing import get_args

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from msgspec.json import Encoder

from actors.messages import Refused, reply_decoder
from adapters.http.backend import Backend
from adapters.http.envelope import envelope
from adapters.http.lending import authenticate
from adapters.http.media import Codec, Media, accepted, answer, channel_of, idempotency_key
from adapters.http.metrics import Metrics
from adapters.http.problems import AnyRequest, answer_problem, rejected
from core.commands import Command

COMMANDS: tuple[type[Command], ...] = get_args(Command)
_encode = Encoder().encode


def tag_of(struct: type[Struct]) -> str:
    """Return the name that a struct's `type` field carries."""
    return str(struct.__struct_config__.tag)


def path_of(command: type[Command]) -> str:
    """Return the route of a command."""
    return "/v1/" + tag_of(command).replace("_", "-")


def command_routes(backend: Backend, metrics: Metrics) -> list[HTTPRouteHandler]:
    """Return a route for each command of the closed union."""
    return [post(path_of(kind), status_code=200)(_receiver(kind, backend, metrics)) for kind in COMMANDS]


def _receiver(
    kind: type[Command], backend: Backend, metrics: Metrics
) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
    codec = Codec(kind)

    async def receive(request: AnyRequest) -> Response[bytes]:
        channel, request_id, media = channel_of(request), idempotency_key(request), accepted(request)
        command = await codec.read(request)
        unproven = authenticate(request, backend, command)
        if unproven is not None:
            return rejected(unproven)
        (reply,) = await backend.submit([envelope(channel, request_id, command)])
        decoded = reply_decoder.decode(reply)
        metrics.count([decoded])
        if isinstance(decoded, Refused):
            return answer_problem(decoded.code, decoded.detail)
        return answer(reply if media is Media.MSGPACK else _encode(decoded), media)

    return receive
