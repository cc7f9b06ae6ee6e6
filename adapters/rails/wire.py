"""HTTP/1.1 calls over a bounded number of connections that stay open: a payout takes several, so each costs little."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httptools

CHUNK_BYTES: Final = 1 << 16
ANSWER_BYTES_MAX: Final = 1 << 24
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class NoAnswer(Exception):
    """There was no answer, or not in time, or none that is HTTP; what was asked for may have been done."""


class Answered(NamedTuple):
    """An answer."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Return whether the status says that it was done."""
        return self.status // 100 == 2


class _Reading:
    """What the parser calls."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.parser = httptools.HttpResponseParser(self)
        self.stays_open = False
        self.complete = False

    def on_headers_complete(self) -> None:
        # Known only here: the parser forgets it with the end of the message.
        self.stays_open = self.parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Calls one server."""

    def __init__(self, base_url: str, connections: int, timeout_seconds: float) -> None:
        """Remember whom to call; a timeout counts from when there is a free connection."""
        address = urlsplit(base_url)
        self._tls = address.scheme == "https"
        self._host = address.hostname or ""
        self._port = address.port or (443 if self._tls else 80)
        self._path = address.path.rstrip("/")
        self._timeout = timeout_seconds
        self._free = asyncio.Semaphore(connections)
        self._idle: list[_Line] = []

    async def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NOTHING) -> Answered:
        """Return the answer, whatever its status; raises NoAnswer."""
        lines = [f"{method} {self._path}{path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += (f"{name}: {value}" for name, value in headers.items())
        lines += (f"Content-Length: {len(body)}", "", "")
        async with self._free:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._exchange("\r\n".join(lines).encode() + body)
            except (
                OSError,
                EOFError,
                httptools.HttpParserError,
                httptools.HttpParserUpgrade,
            ) as error:  # A timeout is an OSError.
                raise NoAnswer(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections."""
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in idle), return_exceptions=True)

    async def _exchange(self, request: bytes) -> Answered:
        reader, writer = await self._line()
        reading = _Reading()
        try:
            writer.write(request)
            while not reading.complete:
                chunk = await reader.read(CHUNK_BYTES)
                if not chunk or len(reading.body) > ANSWER_BYTES_MAX:
                    raise EOFError
                reading.parser.feed_data(chunk)
        except BaseException:
            writer.close()
            raise
        if reading.stays_open:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return Answered(reading.parser.get_status_code(), bytes(reading.body))

    async def _line(self) -> _Line:
        """Return the connection used last that the other side has not closed, or a new one."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls or None)
