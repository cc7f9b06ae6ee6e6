"""Every refusal is a problem with a stable code and a status that fits."""

import pytest

from actors.protocols import JournalUnavailable, OutcomeUnknown, ShardUnavailable
from adapters.http.problems import status_of
from core.rejections import Code, Rejection
from tests.unit.http_backend import JSON, KEY, CannedBackend, assert_problem, call, get, post, refusing

REPAY = {"account": 5, "amount": 100}
STATUS = {
    "malformed": 400,
    "request_id_missing": 400,
    "batch_too_large": 413,
    "overloaded": 429,
    "unavailable": 503,
    "outcome_unknown": 504,
    "request_id_reused": 422,
    "account_suspended": 409,
    "account_unknown": 404,
    "loan_unknown": 404,
    "event_unknown": 404,
    "account_exists": 409,
    "account_frozen": 409,
    "loan_not_active": 409,
    "limit_exceeded": 422,
    "terms_invalid": 422,
}


@pytest.mark.parametrize(("code", "status"), STATUS.items())
def test_codes_keep_their_status(code: str, status: int) -> None:
    assert status_of(Code(code)) == status


@pytest.mark.parametrize("code", Code)
def test_a_refused_command_is_answered_with_the_problem_of_its_code(code: Code) -> None:
    response = post(CannedBackend(refusing(code)), "/v1/repay", json=REPAY, headers=KEY)
    assert_problem(response, status_of(code), code.value)


@pytest.mark.parametrize("code", [Code.ACCOUNT_UNKNOWN, Code.LOAN_UNKNOWN, Code.QUOTE_DATE_INVALID])
def test_a_refused_query_is_a_problem_too(code: Code) -> None:
    backend = CannedBackend()
    backend.found = b'\x00{"code":"%s","detail":"x"}' % code.value.encode()
    assert_problem(get(backend, "/v1/loans/50001"), status_of(code), code.value)


def test_a_day_that_is_closed_is_a_conflict() -> None:
    backend = CannedBackend()
    backend.closed = Rejection(Code.DAY_CLOSED, "closed")
    assert_problem(post(backend, "/v1/day-close", json={}), 409, "day_closed")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ShardUnavailable(), 503, "unavailable"),
        (JournalUnavailable(), 503, "unavailable"),
        (OutcomeUnknown(), 504, "outcome_unknown"),
        (ValueError("secret"), 500, "internal"),
    ],
)
def test_what_the_backend_raises_is_a_problem_without_its_text(error: Exception, status: int, code: str) -> None:
    backend = CannedBackend()
    backend.broken = error
    response = get(backend, "/v1/accounts/5")
    assert_problem(response, status, code)
    assert "secret" not in response.text


WRONG: list[tuple[str, str, dict[str, object], int, str]] = [
    ("GET", "/v1/nothing", {}, 404, "route_unknown"),
    ("GET", "/v1/repay", {}, 405, "method_not_allowed"),
    ("DELETE", "/v1/accounts/5", {}, 405, "method_not_allowed"),
    ("POST", "/v1/repay", {"json": REPAY}, 400, "request_id_missing"),
    ("POST", "/v1/repay", {"json": REPAY, "headers": {"Idempotency-Key": "a b"}}, 400, "malformed"),
    ("POST", "/v1/repay", {"json": REPAY, "headers": KEY | {"Tenor-Channel": "NO"}}, 400, "malformed"),
    ("POST", "/v1/repay", {"data": REPAY, "headers": KEY}, 415, "media_type_unsupported"),
    ("POST", "/v1/repay", {"content": b"{}", "headers": KEY}, 415, "media_type_unsupported"),
    ("POST", "/v1/repay", {"content": b"", "headers": KEY | JSON}, 400, "malformed"),
    ("POST", "/v1/repay", {"content": b"{", "headers": KEY | JSON}, 400, "malformed"),
    ("POST", "/v1/repay", {"content": b"[" * 100_000, "headers": KEY | JSON}, 400, "malformed"),
    ("GET", "/v1/accounts/five", {}, 400, "malformed"),
    ("GET", "/v1/accounts/0", {}, 400, "malformed"),
    ("GET", "/v1/accounts/5/transactions?limit=501", {}, 400, "malformed"),
    ("GET", "/v1/accounts/5?surprise=1", {}, 400, "malformed"),
    ("GET", "/v1/loans/50001/quote?good_through=soon", {}, 400, "malformed"),
    ("GET", "/v1/trial-balance?as_of=2026-02-30", {}, 400, "malformed"),
    ("POST", "/v1/day-close", {"json": {"business_date": "now"}}, 400, "malformed"),
    ("POST", "/v1/simulate", {"json": {"commands": []}}, 400, "malformed"),
    ("POST", "/v1/simulate", {"json": {"commands": [REPAY]}}, 400, "malformed"),
    ("POST", "/v1/simulate", {"json": {"commands": [REPAY | {"type": "repay", "amount": 1.5}]}}, 400, "malformed"),
    ("POST", "/v1/simulate", {"json": {"commands": [REPAY | {"type": "repay"}] * 21}}, 400, "malformed"),
    ("GET", "/v1/simulate", {}, 405, "method_not_allowed"),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "code"), WRONG)
def test_wrong_requests_are_problems_and_send_nothing(
    method: str, path: str, options: dict[str, object], status: int, code: str
) -> None:
    backend = CannedBackend()
    (response,) = call(backend, (method, path, options))
    assert_problem(response, status, code)
    assert not backend.sent
    assert not backend.asked


def test_a_wrong_method_names_the_right_ones() -> None:
    assert "POST" in get(CannedBackend(), "/v1/repay").headers["allow"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 10.0),
        ("amount", 10.5),
        ("amount", "100"),
        ("amount", True),
        ("amount", None),
        ("amount", 0),
        ("amount", -1),
        ("amount", 10**13 + 1),
        ("amount", 10**40),
        ("account", 0),
        ("account", 10**12),
        ("loan", 1),
        ("surprise", 1),
        ("type", "pay_off"),
    ],
)
def test_bad_fields_are_malformed_and_named(field: str, value: object) -> None:
    backend = CannedBackend()
    response = post(backend, "/v1/repay", json=REPAY | {field: value}, headers=KEY)
    assert_problem(response, 400, "malformed")
    assert field in response.json()["detail"]
    assert not backend.sent
