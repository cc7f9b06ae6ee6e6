"""The parts that an OpenAPI operation is put together from."""

from collections.abc import Sequence
from typing import Any, Final

from adapters.http.media import CHANNEL_DEFAULT, Media
from adapters.http.problems import PROBLEM_JSON, RETRY, HttpCode, status_of
from adapters.roster import OFFICER_TOKEN
from core.rejections import Code

Json = dict[str, Any]
SCHEMAS: Final = "#/components/schemas/"
READ: Final = (400, 404, 422, 429, 500, 503)
"""How looking something up may fail."""
SENT: Final = (400, 413, 415, 429, 500, 503, 504)
"""How sending a body may fail."""
PARAMETERS: Final[Json] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": (
            "Names the command for good within its channel; a retry sends the same one. 1 to 200 visible ASCII"
            " characters, plain or as a quoted string."
        ),
        "schema": {"type": "string", "minLength": 1},
        "example": "2026-01-31-000001",
    },
    "Channel": {
        "name": "Tenor-Channel",
        "in": "header",
        "required": False,
        "description": "Where the request comes from; request ids of different channels never meet.",
        "schema": {"type": "string", "pattern": "^[a-z0-9_-]{1,40}$", "default": CHANNEL_DEFAULT},
    },
    "OfficerToken": {
        "name": OFFICER_TOKEN,
        "in": "header",
        "required": False,
        "description": "Proves that the command comes from the officer whom it names, or from the payer.",
        "schema": {"type": "string"},
    },
}
CHANNEL: Final[Json] = {"$ref": "#/components/parameters/Channel"}
OFFICER: Final[Json] = {"$ref": "#/components/parameters/OfficerToken"}
IDEMPOTENCY_KEY: Final[Json] = {"$ref": "#/components/parameters/IdempotencyKey"}


def named(schema: type) -> Json:
    """Return the reference to a schema."""
    return {"$ref": SCHEMAS + schema.__name__}


def body(schema: Json, example: Json) -> Json:
    """Return a request body, in JSON or msgpack."""
    return {
        "required": True,
        "content": {
            Media.JSON.value: {"schema": schema, "example": example},
            Media.MSGPACK.value: {"schema": schema},
        },
    }


def operation(
    name: str,
    summary: str | None,
    tag: str,
    *,
    returns: Json,
    fails: Sequence[int] = (),
    media: Sequence[Media] = (Media.JSON,),
    **more: Any,
) -> Json:
    """Return an operation; `fails` are the statuses of its problems, `more` its parameters and body."""
    content = {kind.value: {"schema": returns} for kind in media}
    problems = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(fails)}
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        **more,
        "responses": {"200": {"description": "OK", "content": content}, **problems},
    }


def asked(path: str, schema: Json) -> list[Json]:
    """Return a question's fields as parameters of its path and query string."""
    places = {name: "path" if f"{{{name}}}" in path else "query" for name in schema["properties"] if name != "type"}
    return [
        {"name": name, "in": place, "required": place == "path", "schema": schema["properties"][name]}
        for name, place in places.items()
    ]


def problem_responses() -> Json:
    """Return a response for each status that problems are answered with, listing its codes."""
    codes = [*Code, *HttpCode]
    return {
        str(status): _problems(status, [code.value for code in codes if status_of(code) == status])
        for status in sorted({status_of(code) for code in codes})
    }


def _problems(status: int, codes: list[str]) -> Json:
    response: Json = {
        "description": "Code: " + ", ".join(codes),
        "content": {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS + "Problem"}}},
    }
    if status in RETRY:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait; then send the same request.",
                "schema": {"type": "integer"},
            }
        }
    return response
