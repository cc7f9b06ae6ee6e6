"""Refusals as RFC 9457 problems: one code, one HTTP status."""

import logging
from enum import StrEnum
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct
from msgspec.json import Encoder

from actors.protocols import JournalUnavailable, OutcomeUnknown, ShardUnavailable
from core.rejections import Code, Rejection

AnyRequest = Request[Any, Any, Any]

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
BODY_MAX: Final = 4 << 20
"""Bytes of a request body."""
_log = logging.getLogger("tenor.http")


class HttpCode(StrEnum):
    """What only HTTP can get wrong."""

    ROUTE_UNKNOWN = "route_unknown"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MEDIA_TYPE_UNSUPPORTED = "media_type_unsupported"
    INTERNAL = "internal"


# 409: what the command names is in the wrong state. Everything else of the domain is 422: the amounts or
# terms asked for do not fit.
_STATUS: Final[dict[str, int]] = {
    Code.MALFORMED: 400,
    Code.REQUEST_ID_MISSING: 400,
    Code.BATCH_TOO_LARGE: 413,
    Code.OVERLOADED: 429,
    Code.UNAVAILABLE: 503,
    Code.OUTCOME_UNKNOWN: 504,
    Code.ACCOUNT_UNKNOWN: 404,
    Code.LOAN_UNKNOWN: 404,
    Code.EVENT_UNKNOWN: 404,
    Code.ACCOUNT_EXISTS: 409,
    Code.ACCOUNT_SUSPENDED: 409,
    Code.ACCOUNT_FROZEN: 409,
    Code.ACCOUNT_NOT_FROZEN: 409,
    Code.LOAN_NOT_BOOKED: 409,
    Code.LOAN_NOT_ACTIVE: 409,
    Code.EVENT_REVERSED: 409,
    Code.EVENT_NOT_REVERSIBLE: 409,
    Code.CHANGE_REFUSED: 409,
    Code.LOAN_MATURED: 409,
    Code.PERIOD_CLOSED: 409,
    Code.RESTATEMENT_REFUSED: 409,
    Code.DAY_CLOSED: 409,
    Code.REVERSAL_LEAVES_SHORTFALL: 409,
    Code.OFFICER_UNAUTHENTICATED: 401,
    Code.OFFICER_UNKNOWN: 403,
    Code.ROLE_INSUFFICIENT: 403,
    Code.GRADE_INSUFFICIENT: 403,
    Code.OWN_CASE: 403,
    Code.PRODUCT_UNKNOWN: 404,
    Code.APPLICATION_UNKNOWN: 404,
    Code.DOCUMENT_UNKNOWN: 404,
    Code.CAP_UNKNOWN: 500,
    Code.CONTRACT_TEXT_FAILED: 500,
    Code.AGREEMENT_UNKNOWN: 404,
    Code.BANK_ACCOUNT_UNKNOWN: 404,
    Code.PAYOUT_UNKNOWN: 404,
    Code.PROPOSAL_UNKNOWN: 404,
    Code.BORROWER_UNKNOWN: 409,
    Code.BORROWER_KNOWN: 409,
    Code.BORROWER_ELSEWHERE: 409,
    Code.BORROWER_RESTRICTED: 409,
    Code.ERASURE_NOT_DUE: 409,
    Code.CONSENT_MISSING: 409,
    Code.DOCUMENT_KNOWN: 409,
    Code.DOCUMENT_VERIFIED: 409,
    Code.APPLICATION_DUPLICATE: 409,
    Code.APPLICATION_EXPIRED: 409,
    Code.APPLICATION_NOT_OPEN: 409,
    Code.REVIEW_CLAIMED: 409,
    Code.REVIEW_NOT_CLAIMED: 409,
    Code.AGREEMENT_EXPIRED: 409,
    Code.AGREEMENT_NOT_OPEN: 409,
    Code.SIGNER_OUT_OF_ORDER: 409,
    Code.CONTRACT_UNSIGNED: 409,
    Code.CONTRACT_LAPSED: 409,
    Code.BANK_ACCOUNT_UNVERIFIED: 409,
    Code.PAYOUT_PENDING: 409,
    Code.PART_NOT_DUE: 409,
    Code.PAYOUT_SETTLED: 409,
    Code.COOLING_OFF_OVER: 409,
    Code.PROPOSAL_DECIDED: 409,
    HttpCode.ROUTE_UNKNOWN: 404,
    HttpCode.METHOD_NOT_ALLOWED: 405,
    HttpCode.MEDIA_TYPE_UNSUPPORTED: 415,
    HttpCode.INTERNAL: 500,
}
_OF_HTTP: Final[dict[int, tuple[Code | HttpCode, str]]] = {
    404: (HttpCode.ROUTE_UNKNOWN, "there is no such route; /openapi.json lists them"),
    405: (HttpCode.METHOD_NOT_ALLOWED, "the route takes other methods; the Allow header lists them"),
    413: (Code.BATCH_TOO_LARGE, f"a body takes {BODY_MAX} bytes"),
}
RETRY: Final = frozenset({429, 503, 504})
"""Statuses after which the same request may be sent again."""
_encode = Encoder().encode


class Problem(Struct, frozen=True):
    """Why a request was not carried out (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Stable: programs decide by this."""


class Refusal(Exception):
    """Ends a request with a problem."""

    def __init__(self, code: Code | HttpCode, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def status_of(code: Code | HttpCode) -> int:
    """Return the HTTP status that a code is answered with."""
    return _STATUS.get(code, 422)


def problem(code: Code | HttpCode, detail: str) -> Problem:
    """Return a code as a problem."""
    title = code.value.replace("_", " ").capitalize()
    return Problem(f"urn:tenor:problem:{code}", title, status_of(code), detail, code.value)


def rejected(rejection: Rejection) -> Response[bytes]:
    """Answer with a refusal of the domain."""
    return answer_problem(rejection.code, rejection.detail)


def answer_problem(code: Code | HttpCode, detail: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with a problem; with Retry-After where the same request may be sent again."""
    body = problem(code, detail)
    return Response(
        _encode(body), status_code=body.status, media_type=PROBLEM_JSON, headers={**(headers or {}), **retry(body)}
    )


def retry(body: Problem) -> dict[str, str]:
    """Return the headers that tell a client when to try again, if it should."""
    return {"Retry-After": str(RETRY_AFTER_S)} if body.status in RETRY else {}


def _on_refusal(_: AnyRequest, error: Refusal) -> Response[bytes]:
    return answer_problem(error.code, error.detail)


def _on_http_error(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    if error.status_code >= 500:
        # Mostly a client that hung up; what our own code raises is no HTTPException.
        _log.warning("%s %s: %s", request.method, request.url.path, error.detail)
        return answer_problem(HttpCode.INTERNAL, "the request could not be read")
    code, detail = _OF_HTTP.get(error.status_code, (Code.MALFORMED, error.detail))
    return answer_problem(code, detail, error.headers)


def _on_unavailable(_: AnyRequest, error: Exception) -> Response[bytes]:
    return answer_problem(Code.UNAVAILABLE, "the book cannot be reached just now")


def _on_unknown(_: AnyRequest, error: Exception) -> Response[bytes]:
    return answer_problem(Code.OUTCOME_UNKNOWN, "no answer in time; it may have been done")


def _on_error(request: AnyRequest, error: Exception) -> Response[bytes]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer_problem(HttpCode.INTERNAL, "an internal error; it is in the log")


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    Refusal: _on_refusal,
    HTTPException: _on_http_error,
    ShardUnavailable: _on_unavailable,
    JournalUnavailable: _on_unavailable,
    OutcomeUnknown: _on_unknown,
    Exception: _on_error,
}
