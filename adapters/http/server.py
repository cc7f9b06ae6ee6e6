"""uvicorn around the gateway, as one of any number of processes on one port."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Final

import uvicorn
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from adapters.http.app import make_app
from adapters.http.backend import Backend

CONNECTIONS_MAX: Final = 8_192
"""Open connections; beyond the gateway's own limit on requests, since idle ones count too."""
KEEP_ALIVE_S: Final = 75
SHUTDOWN_S: Final = 5
STAND_IN_SHUTDOWN_S: Final = 1
BACKLOG: Final = 2_048


class EmbeddedServer(uvicorn.Server):
    """uvicorn that leaves signals to the process that it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Bind a port that several processes may share; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


async def serve(
    backend: Backend, listener: socket.socket, stop: asyncio.Event, notices: Sequence[HTTPRouteHandler] = ()
) -> None:
    """Serve until `stop` is set; then finish what is in flight, within SHUTDOWN_S."""
    await _serve(_config(make_app(backend, notices)), listener, stop)


async def serve_stand_in(app: Litestar, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve what stands in for somebody outside, a bank or a source, until `stop` is set."""
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    config.timeout_graceful_shutdown = STAND_IN_SHUTDOWN_S
    await _serve(config, listener, stop)


async def _serve(config: uvicorn.Config, listener: socket.socket, stop: asyncio.Event) -> None:
    server = EmbeddedServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await serving


def _config(app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        backlog=BACKLOG,
    )
