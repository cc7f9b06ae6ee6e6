"""A request id names a command for good, however it is spelled."""

import pytest

from actors.messages import command_decoder
from adapters.http.envelope import envelope, is_channel, request_id_of
from core.commands import Repay

REPAY = Repay(account=5, amount=100)


def test_an_envelope_addresses_the_account_and_carries_the_command() -> None:
    sealed = envelope("mobile", "r-1", REPAY)
    assert sealed.account == 5
    assert len(sealed.key) == 16
    assert command_decoder.decode(sealed.command) == REPAY


def test_the_key_depends_on_channel_and_request_id_and_on_nothing_else() -> None:
    key = envelope("mobile", "r-1", REPAY).key
    assert envelope("mobile", "r-1", Repay(account=6, amount=1)).key == key
    assert envelope("mobile", "r-2", REPAY).key != key
    assert envelope("branch", "r-1", REPAY).key != key
    assert envelope("mob", "ile" + "r-1", REPAY).key != key


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("r-1", "r-1"),
        ('"r-1"', "r-1"),
        (r'"a\"b\\c"', r'a"b\c'),
        ("x" * 200, "x" * 200),
        ("x" * 201, None),
        ("", None),
        ('""', None),
        ("a b", None),
        ('"a b"', None),
        ("é", None),
        ("r-1\n", None),
    ],
)
def test_an_idempotency_key_is_plain_or_a_quoted_string(header: str, expected: str | None) -> None:
    assert request_id_of(header) == expected


@pytest.mark.parametrize(
    ("name", "valid"), [("default", True), ("a_b-9", True), ("", False), ("A", False), ("x" * 41, False)]
)
def test_channels_have_plain_names(name: str, valid: bool) -> None:
    assert is_channel(name) is valid
