"""A batch is answered item by item; one bad item spoils no other."""

from typing import Any

import msgspec
import pytest

from actors.messages import Done, Envelope, Reply, command_decoder
from adapters.http.batch import BATCH_MAX
from adapters.http.problems import BODY_MAX
from core.commands import OpenAccount, Repay
from tests.unit.http_backend import JSON, MSGPACK, CannedBackend, assert_problem, post


def item(number: int, **command: Any) -> dict[str, Any]:
    """One repayment of a batch."""
    return {"request_id": f"r-{number}", "command": {"type": "repay", "account": 5, "amount": number} | command}


def by_amount(envelope: Envelope) -> Reply:
    """Answer so that the reply shows which command it is for."""
    command = command_decoder.decode(envelope.command)
    assert isinstance(command, Repay)
    return Done(command.account, command.amount)


def test_replies_come_in_order() -> None:
    response = post(CannedBackend(by_amount), "/v1/batch", json={"commands": [item(3), item(1), item(2)]})
    assert response.status_code == 200
    assert response.json() == {"replies": [{"status": "done", "account": 5, "seq": seq} for seq in (3, 1, 2)]}


@pytest.mark.parametrize("accept", ["application/json", "application/msgpack", None])
@pytest.mark.parametrize("sent", [JSON, MSGPACK])
def test_json_and_msgpack_say_the_same(sent: dict[str, str], accept: str | None) -> None:
    commands = {"commands": [item(1), item(2), item(-1)]}
    encode = msgspec.json.encode if sent is JSON else msgspec.msgpack.encode
    headers = sent | ({"Accept": accept} if accept else {"Accept": "*/*"})
    response = post(CannedBackend(by_amount), "/v1/batch", content=encode(commands), headers=headers)
    media = accept or sent["Content-Type"]
    assert response.headers["content-type"] == media
    decode = msgspec.json.decode if media == JSON["Content-Type"] else msgspec.msgpack.decode
    assert [reply["status"] for reply in decode(response.content)["replies"]] == ["done", "done", "refused"]


def test_the_fingerprint_is_of_the_content_and_not_of_its_spelling() -> None:
    backend = CannedBackend()
    compact = b'{"commands":[{"request_id":"r","command":{"type":"repay","account":5,"amount":7}}]}'
    spelled = (
        b'{"commands": [{"command": {"amount": 7, "loan": null, "account": 5, "type": "repay"}, "request_id": "r"}]}'
    )
    for body in (compact, spelled):
        assert post(backend, "/v1/batch", content=body, headers=JSON).status_code == 200
    content = {"commands": [{"request_id": "r", "command": {"type": "repay", "account": 5, "amount": 7}}]}
    assert post(backend, "/v1/batch", content=msgspec.msgpack.encode(content), headers=MSGPACK).status_code == 200
    assert len({(envelope.key, bytes(envelope.command)) for envelope in backend.sent}) == 1


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (item(2, amount=2.0), "$.command.amount"),
        (item(2, amount=-5), "$.command.amount"),
        (item(2, amount=10**14), "$.command.amount"),
        (item(2, surprise=1), "surprise"),
        (item(2, type="borrow"), "$.command.type"),
        (item(2) | {"surprise": 1}, "surprise"),
        (item(2) | {"request_id": ""}, "$.request_id"),
        (item(2) | {"request_id": "a b"}, "$.request_id"),
        (item(2) | {"request_id": "a\n"}, "$.request_id"),
        (item(2) | {"request_id": "x" * 201}, "$.request_id"),
        ({"command": item(2)["command"]}, "request_id"),
        ({"request_id": "r-2"}, "command"),
        (7, "object"),
        (None, "object"),
    ],
)
@pytest.mark.parametrize("media", [JSON, MSGPACK])
def test_one_bad_item_is_refused_alone(bad: object, named: str, media: dict[str, str]) -> None:
    encode = msgspec.json.encode if media is JSON else msgspec.msgpack.encode
    backend = CannedBackend(by_amount)
    body = encode({"commands": [item(1), bad, item(3)]})
    response = post(backend, "/v1/batch", content=body, headers=media | {"Accept": "application/json"})
    first, refused, last = response.json()["replies"]
    assert (first["seq"], last["seq"]) == (1, 3)
    assert (refused["status"], refused["code"]) == ("refused", "malformed")
    assert named in refused["detail"]
    assert len(backend.sent) == 2


def test_a_batch_of_bad_items_sends_nothing() -> None:
    backend = CannedBackend()
    response = post(backend, "/v1/batch", json={"commands": [item(-1), item(-2)]})
    assert [reply["code"] for reply in response.json()["replies"]] == ["malformed", "malformed"]
    assert not backend.sent


def test_any_command_may_be_in_a_batch() -> None:
    backend = CannedBackend()
    command = {"type": "open_account", "account": 9, "currency": "USD", "credit_limit": 0}
    assert post(backend, "/v1/batch", json={"commands": [{"request_id": "o", "command": command}]}).status_code == 200
    (sent,) = backend.sent
    assert command_decoder.decode(sent.command) == OpenAccount(account=9, currency="USD", credit_limit=0)


def test_an_empty_batch_has_no_replies() -> None:
    assert post(CannedBackend(), "/v1/batch", json={"commands": []}).json() == {"replies": []}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"commands":7}', b'{"commands":[],"more":1}', b'{"commands":[{]}', b"\xff", b"null"]
)
def test_a_malformed_envelope_is_refused_as_a_whole(body: bytes) -> None:
    assert_problem(post(CannedBackend(), "/v1/batch", content=body, headers=JSON), 400, "malformed")


@pytest.mark.parametrize("media", [JSON, MSGPACK])
def test_deep_nesting_is_malformed(media: dict[str, str]) -> None:
    deep = b'{"commands":[' + b"[" * 500_000 if media is JSON else b"\x81\xa8commands" + b"\x91" * 500_000
    assert_problem(post(CannedBackend(), "/v1/batch", content=deep, headers=media), 400, "malformed")


@pytest.mark.parametrize("amount", [1, -1])
def test_the_size_of_a_batch_is_bounded(amount: int) -> None:
    backend = CannedBackend()
    full = {"commands": [item(n) for n in range(1, BATCH_MAX + 1)]}
    assert len(post(backend, "/v1/batch", json=full).json()["replies"]) == BATCH_MAX
    backend.sent.clear()
    more = {"commands": [*full["commands"], item(1, amount=amount)]}
    assert_problem(post(backend, "/v1/batch", json=more), 413, "batch_too_large")
    assert not backend.sent


def test_the_bytes_of_a_body_are_bounded() -> None:
    body = b" " * (BODY_MAX + 1)
    assert_problem(post(CannedBackend(), "/v1/batch", content=body, headers=JSON), 413, "batch_too_large")
