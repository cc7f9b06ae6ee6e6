"""Commands, queries, the trial calculation, health and metrics, as a channel meets them."""

import re

import httpx
import msgspec
import pytest

from actors.messages import Done, command_decoder
from actors.queries import QuotePayoff, ShowAccount, ShowTransactions, Simulate, query_decoder
from adapters.http import app as gateway
from adapters.http import examples
from adapters.http.commands import path_of
from adapters.roster import OFFICER_TOKEN, PAYER
from core.commands import Command, Repay
from core.rejections import Code
from tests.unit.http_backend import DAY, KEY, MSGPACK, CannedBackend, assert_problem, call, get, post, refusing

REPAY = {"account": 5, "amount": 100}


@pytest.mark.parametrize("command", examples.COMMANDS, ids=lambda command: type(command).__name__)
def test_each_command_has_a_route_of_its_own(command: Command) -> None:
    backend = CannedBackend()
    body = msgspec.to_builtins(command)
    del body["type"]
    proof = {OFFICER_TOKEN: f"token of {getattr(command, 'officer', None) or PAYER}"}
    assert post(backend, path_of(type(command)), json=body, headers=KEY | proof).status_code == 200
    assert command_decoder.decode(backend.sent[0].command) == command


def test_a_repayment_is_answered_with_its_allocation() -> None:
    response = post(CannedBackend(), "/v1/repay", json=REPAY, headers=KEY)
    parts = {"penalty": 0, "fee": 0, "interest": 10, "principal": 90, "unapplied": 0}
    assert response.json() == {"status": "received", "account": 5, "payment": 7, **parts}


def test_the_type_may_be_said_again() -> None:
    assert post(CannedBackend(), "/v1/repay", json=REPAY | {"type": "repay"}, headers=KEY).status_code == 200


def test_a_command_may_come_and_go_as_msgpack() -> None:
    body = msgspec.msgpack.encode(REPAY)
    response = post(CannedBackend(lambda _: Done(5, 9, 50001)), "/v1/repay", content=body, headers=KEY | MSGPACK)
    assert response.headers["content-type"] == "application/msgpack"
    assert msgspec.msgpack.decode(response.content) == {"status": "done", "account": 5, "seq": 9, "loan": 50001}


def test_accept_decides_what_is_answered() -> None:
    headers = KEY | {"Accept": "application/msgpack"}
    response = post(CannedBackend(), "/v1/repay", json=REPAY, headers=headers)
    assert msgspec.msgpack.decode(response.content)["status"] == "received"


def test_channels_keep_their_request_ids_apart_and_quotes_do_not() -> None:
    backend = CannedBackend()
    for headers in (KEY, {"Idempotency-Key": '"r-1"'}, KEY | {"Tenor-Channel": "branch"}):
        post(backend, "/v1/repay", json=REPAY, headers=headers)
    plain, quoted, branch = (envelope.key for envelope in backend.sent)
    assert plain == quoted != branch


def test_a_header_names_the_same_request_as_a_batch() -> None:
    backend = CannedBackend()
    post(backend, "/v1/repay", json=REPAY, headers=KEY)
    post(backend, "/v1/batch", json={"commands": [{"request_id": "r-1", "command": {"type": "repay", **REPAY}}]})
    single, batched = backend.sent
    assert single == batched
    assert command_decoder.decode(single.command) == Repay(account=5, amount=100)


def test_queries_are_put_to_the_account_that_owns_the_loan() -> None:
    backend = CannedBackend()
    backend.found = b'\x01{"seen":1}'
    paths = (
        "/v1/accounts/5",
        "/v1/accounts/5/transactions?after=7&limit=2",
        "/v1/loans/50001/quote?good_through=2026-01-31",
    )
    responses = call(backend, *(("GET", path, {}) for path in paths))
    assert [response.json() for response in responses] == [{"seen": 1}] * 3
    assert [account for account, _ in backend.asked] == [5, 5, 5]
    queries = [query_decoder.decode(query) for _, query in backend.asked]
    assert queries == [ShowAccount(5), ShowTransactions(5, 7, 2), QuotePayoff(50001, DAY)]


def test_a_simulation_is_put_to_its_account_and_is_no_command() -> None:
    backend = CannedBackend()
    body = msgspec.to_builtins(examples.SIMULATE)
    del body["type"]
    assert post(backend, "/v1/simulate", json=body).json() == {}
    assert post(backend, "/v1/simulate", content=msgspec.msgpack.encode(body), headers=MSGPACK).json() == {}
    assert [query_decoder.decode(query) for _, query in backend.asked] == [examples.SIMULATE] * 2
    assert [account for account, _ in backend.asked] == [examples.SIMULATE.commands[0].account] * 2
    assert not backend.sent


@pytest.mark.parametrize("command", examples.COMMANDS, ids=lambda command: type(command).__name__)
def test_every_command_can_be_simulated(command: Command) -> None:
    backend = CannedBackend()
    assert post(backend, "/v1/simulate", json={"commands": [msgspec.to_builtins(command)]}).status_code == 200
    assert [query_decoder.decode(query) for _, query in backend.asked] == [Simulate((command,))]


def test_the_query_string_cannot_name_another_account() -> None:
    backend = CannedBackend()
    get(backend, "/v1/accounts/5?account=6")
    assert [account for account, _ in backend.asked] == [5]


def test_the_book_shows_its_business_date_and_trial_balance() -> None:
    assert get(CannedBackend(), "/v1/book").json() == {"business_date": "2026-01-31"}
    balance = get(CannedBackend(), "/v1/trial-balance?as_of=2026-01-30&by_product=true").json()
    assert balance == {"as_of": "2026-01-30", "by_product": True}
    assert get(CannedBackend(), "/v1/suspended").json() == [{"account": 7, "reason": "planted"}]
    assert post(CannedBackend(), "/v1/day-close", json={"business_date": "2026-01-31"}).status_code == 200


def test_a_schedule_is_calculated_from_terms_alone() -> None:
    terms = {"principal": 500_000, "rate": {"ppb": 500_000, "per": "day"}, "installments": 6}
    schedule = post(CannedBackend(), "/v1/schedule", json={"terms": terms, "disbursed_on": "2026-01-31"}).json()
    assert [row["total"] for row in schedule["rows"]] == [87_763] * 5 + [87_761]
    assert [row["due_date"] for row in schedule["rows"][:2]] == ["2026-02-28", "2026-03-31"]
    assert schedule["rows"][-1]["balance"] == 0
    assert schedule["summary"]["total"] == 5 * 87_763 + 87_761


def test_terms_without_a_schedule_are_refused_with_the_reason() -> None:
    terms = {"principal": 500_000, "rate": {"ppb": 0}, "installments": 6, "first_due": "2026-01-01"}
    response = post(CannedBackend(), "/v1/schedule", json={"terms": terms, "disbursed_on": "2026-01-31"})
    assert_problem(response, 422, "terms_invalid")
    assert response.json()["detail"] == "first_due_before_disbursement"


def test_readiness_follows_the_backend_and_liveness_does_not() -> None:
    backend = CannedBackend()
    assert get(backend, "/health/ready").status_code == 200
    backend.serves = False
    assert_problem(get(backend, "/health/ready"), 503, "unavailable")
    assert get(backend, "/health/live").status_code == 200


def test_metrics_count_requests_and_commands() -> None:
    backend = CannedBackend(refusing(Code.LIMIT_EXCEEDED))
    batch = {"commands": [{"request_id": "b", "command": {"type": "repay", **REPAY}}] * 2}
    *_, metrics = call(
        backend,
        ("POST", "/v1/repay", {"json": REPAY, "headers": KEY}),
        ("POST", "/v1/batch", {"json": batch}),
        ("GET", "/v1/accounts/5", {}),
        ("POST", "/v1/simulate", {"json": {"commands": [REPAY | {"type": "repay"}]}}),
        ("GET", "/v1/nothing", {}),
        ("GET", "/metrics", {}),
        alone=True,
    )
    assert metrics.headers["content-type"].startswith("text/plain")
    for sample in (
        'tenor_http_requests_total{route="/v1/repay",status="422"} 1.0',
        'tenor_http_requests_total{route="/v1/batch",status="200"} 1.0',
        'tenor_http_requests_total{route="/v1/accounts/{account}",status="200"} 1.0',
        'tenor_http_requests_total{route="/v1/simulate",status="200"} 1.0',
        'tenor_http_requests_total{route="none",status="404"} 1.0',
        'tenor_http_commands_total{outcome="limit_exceeded"} 3.0',
        'tenor_http_request_seconds_count{route="/v1/batch"} 1.0',
        "tenor_http_in_flight 1.0",
    ):
        assert sample in _without_gateway(metrics), sample


def test_past_its_limit_the_gateway_tells_channels_to_wait_but_answers_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "IN_FLIGHT_MAX", 0)
    backend = CannedBackend()
    assert_problem(post(backend, "/v1/repay", json=REPAY, headers=KEY), 429, "overloaded")
    assert get(backend, "/health/live").status_code == 200
    assert not backend.sent


def _without_gateway(metrics: httpx.Response) -> str:
    return re.sub(r'\{gateway="\d+"\}', "", re.sub(r'gateway="\d+",', "", metrics.text))
