"""Sources for trials as a server of its own: `POST /bureau` and the others, as slow and silent as told."""

import asyncio
import socket
from typing import Any, Final

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, post

from adapters.http.server import EmbeddedServer
from adapters.sources.http import Question
from adapters.sources.simulated import ANSWERS, Simulated
from adapters.sources.source import NoAnswer
from core.origination.personal import normal

SHUTDOWN_SECONDS: Final = 1
_question: Final = msgspec.json.Decoder(Question)


def make_sources(latency: float = 0, faults: int = 0) -> Litestar:
    """Return the HTTP side: what it says depends on the identity number alone."""
    sources = {name: Simulated(name, latency, faults) for name in ANSWERS}

    @post("/{source:str}", status_code=200)
    async def ask(request: Request[Any, Any, Any]) -> Response[bytes]:
        source = sources.get(request.path_params["source"])
        if source is None:
            return _json({"error": "not_found"}, 404)
        try:
            asked = _question.decode(await request.body())
            said = source.ask(normal(asked.identity_number), asked)
            return _json(said if isinstance(said, dict) else await said)
        except msgspec.DecodeError:
            return _json({"error": "malformed"}, 422)
        except NoAnswer:
            return _json({"error": "no_answer"}, 503)

    return Litestar([ask], openapi_config=None, logging_config=None)


async def serve_sources(app: Litestar, listener: socket.socket, stop: asyncio.Event) -> None:
    """Answer until `stop` is set."""
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    config.timeout_graceful_shutdown = SHUTDOWN_SECONDS
    server = EmbeddedServer(config)
    serving, stopping = (asyncio.create_task(task) for task in (server.serve(sockets=[listener]), stop.wait()))
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await serving


def _json(answer: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(answer), media_type="application/json", status_code=status)
