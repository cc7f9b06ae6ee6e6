"""Ids: a loan carries its account, and slots take an even share."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Command
from core.identity import ACCOUNT_ID_MAX, LOANS_MAX, SLOTS, account_of, loan_id, number_of, slot_of


@given(st.integers(1, ACCOUNT_ID_MAX), st.integers(1, LOANS_MAX))
def test_a_loan_id_gives_back_its_account_and_number(account: int, number: int) -> None:
    loan = loan_id(account, number)
    assert (account_of(loan), number_of(loan)) == (account, number)
    assert loan < 2**53, "all JSON readers must keep it exact"


@pytest.mark.parametrize("number", [0, -1, LOANS_MAX + 1])
def test_an_impossible_loan_number_is_a_bug(number: int) -> None:
    with pytest.raises(AssertionError):
        loan_id(1, number)


@pytest.mark.parametrize("loan", [0, 10_000, ACCOUNT_ID_MAX * 10_000 + LOANS_MAX + 1, 1.0, "10001", None])
def test_a_command_with_an_impossible_loan_does_not_decode(loan: object) -> None:
    body = msgspec.json.encode({"type": "disburse", "account": 1, "loan": loan})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Command)


@pytest.mark.parametrize(("start", "step"), [(1, 1), (1, 1_024), (100_000_000_001, 7)])
def test_neighbouring_accounts_spread_evenly_over_the_slots(start: int, step: int) -> None:
    slots = Counter(slot_of(start + step * k) for k in range(SLOTS * 100))
    assert len(slots) == SLOTS
    assert min(slots.values()) > 50
    assert max(slots.values()) < 150


@pytest.mark.parametrize(("account", "slot"), [(1, 632), (2, 241), (ACCOUNT_ID_MAX, 927)])
def test_the_slot_of_an_account_never_changes(account: int, slot: int) -> None:
    assert slot_of(account) == slot
