"""Sources for trials as a server of its own: `POST /bureau` and the others, as slow and silent as told."""

from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, post

from adapters.sources.http import Question
from adapters.sources.simulated import ANSWERS, Simulated
from adapters.sources.source import NoAnswer
from core.origination.personal import normal

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


def _json(answer: object, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(answer), media_type="application/json", status_code=status)
