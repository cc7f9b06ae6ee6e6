"""The operator's side of the HTTP API: one call, one answer, and an exit code that says what went wrong."""

import uuid
from typing import Any, Final, NoReturn

import httpx
import msgspec

from adapters.console.terminal import (
    AMOUNTS,
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_REFUSED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    in_major,
    out,
    stop,
    why,
)
from adapters.roster import OFFICER_TOKEN

CHANNEL: Final = "cli"
TIMEOUT_SECONDS: Final = 30.0
DAY_CLOSE_SECONDS: Final = 7200.0


class ApiClient:
    """Calls a running system."""

    currency: str | None = None
    """Of the amounts that refusals name; without it they are shown as they come, in minor units."""

    def __init__(self, base_url: str, as_json: bool) -> None:
        self._base_url = base_url
        self._as_json = as_json

    def get(self, path: str, **parameters: object) -> Any:
        """Return the JSON answer of a query."""
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        return self._answer("GET", path, params=given)

    def download(self, path: str, **parameters: str) -> bytes:
        """Return a document as it is."""
        return self._response("GET", path, params=parameters).content

    def post(
        self,
        path: str,
        body: object,
        *,
        request_id: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        token: str | None = None,
    ) -> Any:
        """Return the JSON answer of a command; without a request id of the caller's a new one is made.

        `token` proves the officer whom the command names.
        """
        headers = {"Idempotency-Key": request_id or uuid.uuid4().hex, "Content-Type": "application/json"}
        if token is not None:
            headers[OFFICER_TOKEN] = token
        return self._answer("POST", path, content=msgspec.json.encode(body), headers=headers, timeout=timeout)

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        return msgspec.json.decode(self._response(method, path, **options).content)

    def _response(self, method: str, path: str, **options: Any) -> httpx.Response:
        named = {"Tenor-Channel": CHANNEL}
        try:
            with httpx.Client(base_url=self._base_url, timeout=TIMEOUT_SECONDS, headers=named) as client:
                response = client.request(method, path, **options)
        except httpx.TransportError as error:
            stop(EXIT_UNAVAILABLE, f"No answer from {self._base_url} ({why(error)}). Is `tenor serve` running?")
        if response.is_success:
            return response
        self._refused(response)

    def _refused(self, response: httpx.Response) -> NoReturn:
        codes = {
            400: EXIT_USAGE,
            401: EXIT_REFUSED,
            403: EXIT_REFUSED,
            404: EXIT_NOT_FOUND,
            409: EXIT_REFUSED,
            413: EXIT_USAGE,
            422: EXIT_REFUSED,
        }
        unavailable = EXIT_UNAVAILABLE if response.status_code in (429, 503, 504) else EXIT_FAILED
        try:
            problem = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            problem = {"code": "internal", "detail": response.text[:200]}
        if self._as_json:
            out.print_json(msgspec.json.encode(problem).decode())
        code, detail = problem.get("code"), str(problem.get("detail"))
        shown = in_major(detail, self.currency) if self.currency and code in AMOUNTS else detail
        stop(codes.get(response.status_code, unavailable), f"{code}: {shown}")
