"""The interface as an OpenAPI 3.1 document, made from the structs that decode and encode the bodies."""

from typing import Final

from msgspec import Raw, to_builtins
from msgspec.json import schema_components

from actors.day_close import DayCloseReport
from actors.file_view import CreditFileView
from actors.messages import Decided, Done, Kept, Offered, Received, Refused
from actors.queries import Simulate
from actors.views import AccountView, LoanView, ScheduleView, TransactionsView
from actors.what_if import Simulation
from adapters.http import examples
from adapters.http.batch import BATCH_MAX, BATCH_PATH, Batch, Item, Replies
from adapters.http.book import AsOf, BookView, CloseDay, ClosePeriod, PeriodClosed
from adapters.http.commands import COMMANDS, path_of, tag_of
from adapters.http.lending import proves
from adapters.http.media import Media
from adapters.http.openapi_lending import LENDING, lending_paths
from adapters.http.openapi_parts import (
    CHANNEL,
    IDEMPOTENCY_KEY,
    OFFICER,
    PARAMETERS,
    READ,
    SCHEMAS,
    SENT,
    Json,
    asked,
    body,
    named,
    operation,
    problem_responses,
)
from adapters.http.problems import BODY_MAX, Problem
from adapters.http.queries import PATHS, SIMULATE_PATH
from adapters.postgres.book import Suspended
from adapters.trial import Trial, TrialSchedule
from core.commands import Command
from core.servicing.quote import Quote

_INFO: Final[Json] = {
    "title": "Tenor",
    "version": "1",
    "description": (
        "Amounts are integers of minor units (cents, fen); rates are whole parts per billion. Every command carries"
        " a request id that names it for good within its channel: after no answer, `unavailable` or"
        " `outcome_unknown`, send the same request again; it is done once. Refusals are RFC 9457 problems with"
        f" stable codes. A body takes {BODY_MAX} bytes, a batch {BATCH_MAX} commands."
    ),
}
_VIEWS: Final = (AccountView, CreditFileView, TransactionsView, LoanView, ScheduleView, Quote)
_OTHERS: Final = (
    Simulate,
    Simulation,
    Batch,
    Replies,
    Done,
    Received,
    Decided,
    Offered,
    Kept,
    Refused,
    BookView,
    CloseDay,
    ClosePeriod,
    PeriodClosed,
    DayCloseReport,
    AsOf,
    Trial,
    Suspended,
    TrialSchedule,
    Problem,
)
_EXAMPLES: Final = {type(command): command for command in examples.COMMANDS}
_REPLY: Final[Json] = {"anyOf": [named(Done), named(Received), named(Decided), named(Offered), named(Kept)]}
_REPORT: Final[Json] = {"type": "object"}


def document() -> Json:
    """Return the OpenAPI document."""
    structs = (*COMMANDS, *_VIEWS, *_OTHERS, *LENDING, *PATHS.values())
    _, schemas = schema_components(structs, schema_hook=_anything, ref_template=SCHEMAS + "{name}")
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": {
            **{path_of(kind): {"post": _command(kind, schemas)} for kind in COMMANDS},
            BATCH_PATH: {"post": _batch()},
            **_queries(schemas),
            SIMULATE_PATH: {"post": _simulate(schemas)},
            **_book(schemas),
            **lending_paths(schemas),
            **_probes(),
        },
        "components": {"schemas": schemas, "parameters": PARAMETERS, "responses": problem_responses()},
    }


def _anything(kind: type) -> Json:
    assert kind in (object, Raw), kind
    return {"description": "Any JSON value."}


def _body(struct: Command | Simulate, schemas: Json) -> Json:
    """Return a body like this example; its path names the type already, so the body need not."""
    schema, example = schemas[type(struct).__name__], to_builtins(struct)
    del example["type"]
    return body({**schema, "required": [name for name in schema["required"] if name != "type"]}, example)


def _command(kind: type[Command], schemas: Json) -> Json:
    return operation(
        tag_of(kind),
        kind.__doc__,
        "commands",
        parameters=[IDEMPOTENCY_KEY, CHANNEL, *([OFFICER] if proves(kind) else [])],
        requestBody=_body(_EXAMPLES[kind], schemas),
        returns=_REPLY,
        fails=(*SENT, 401, 403, 404, 409, 422),
        media=tuple(Media),
    )


def _batch() -> Json:
    commands = [Item(f"2026-01-31-{number:06}", command) for number, command in enumerate(examples.COMMANDS, 1)]
    return operation(
        "batch",
        "Send many commands; each gets its own reply, and a refused or malformed one spoils no other.",
        "commands",
        parameters=[CHANNEL],
        requestBody=body(named(Batch), to_builtins(Batch(commands))),
        returns=named(Replies),
        fails=SENT,
        media=tuple(Media),
    )


def _queries(schemas: Json) -> Json:
    paths: Json = {}
    for (template, kind), view in zip(PATHS.items(), _VIEWS, strict=True):
        path, schema = template.replace(":str", ""), schemas[kind.__name__]
        name = f"show_{tag_of(kind)}"
        paths[path] = {
            "get": operation(
                name, kind.__doc__, "queries", parameters=asked(path, schema), returns=named(view), fails=READ
            )
        }
    return paths


def _simulate(schemas: Json) -> Json:
    return operation(
        "simulate",
        Simulate.__doc__,
        "queries",
        requestBody=_body(examples.SIMULATE, schemas),
        returns=named(Simulation),
        fails=(400, 409, 413, 415, 422, 429, 500, 503),
    )


def _book(schemas: Json) -> Json:
    trial = operation(
        "calculate_schedule",
        "Calculate a schedule from terms, a term that is missing, and the rates to disclose; nothing is booked.",
        "queries",
        requestBody=body(named(Trial), to_builtins(examples.TRIAL)),
        returns=named(TrialSchedule),
        fails=(400, 413, 415, 422, 429, 500),
    )
    balance = operation(
        "show_trial_balance",
        AsOf.__doc__,
        "book",
        parameters=asked("", schemas["AsOf"]),
        returns=_REPORT,
        fails=(400, 429, 500, 503),
    )
    shown = operation("show_book", BookView.__doc__, "book", returns=named(BookView), fails=(429, 500, 503))
    waiting = operation(
        "show_suspended",
        "Accounts on which an internal check failed; an operator has to look at them.",
        "book",
        returns={"type": "array", "items": named(Suspended)},
        fails=(429, 500, 503),
    )
    return {
        "/v1/schedule": {"post": trial},
        **_closings(),
        "/v1/trial-balance": {"get": balance},
        "/v1/book": {"get": shown},
        "/v1/suspended": {"get": waiting},
    }


def _closings() -> Json:
    close = operation(
        "close_day",
        CloseDay.__doc__,
        "book",
        requestBody=body(named(CloseDay), {"business_date": "2026-01-31"}),
        returns=named(DayCloseReport),
        fails=(*SENT, 409),
    )
    period = operation(
        "close_period",
        ClosePeriod.__doc__,
        "book",
        requestBody=body(named(ClosePeriod), {"through": "2025-12-31"}),
        returns=named(PeriodClosed),
        fails=(*SENT, 409),
    )
    return {"/v1/day-close": {"post": close}, "/v1/period-close": {"post": period}}


def _probes() -> Json:
    ready = operation("ready", "Whether the book serves.", "health", returns=_REPORT, fails=(503,))
    live = operation("live", "Whether the gateway lives.", "health", returns=_REPORT)
    return {"/health/live": {"get": live}, "/health/ready": {"get": ready}}
