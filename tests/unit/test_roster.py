"""Officers, and how they prove to be who they say they are."""

from hashlib import sha256
from pathlib import Path

import pytest

from adapters.roster import PAYER, Roster, RosterError, load_roster, make_token
from core.origination.lender import Role

WANG = f"""
[[officers]]
name = "wang"
role = "loan_officer"
approves_up_to = 5000000
accounts = [7]
token_sha256 = "{sha256(b"secret").hexdigest()}"
"""


def test_an_officer_has_a_role_a_grade_and_cases_of_their_own(tmp_path: Path) -> None:
    officer = _roster(tmp_path, WANG).officer("wang")
    assert officer is not None
    assert (officer.role, officer.approves_up_to, officer.accounts) == (Role.LOAN_OFFICER, 5_000_000, (7,))


def test_only_the_officers_own_token_proves_them(tmp_path: Path) -> None:
    roster = _roster(tmp_path, WANG)
    assert roster.authentic("wang", "secret")
    assert not roster.authentic("wang", "guessed")
    assert not roster.authentic("wang", "")
    assert not roster.authentic("li", "secret")


def test_without_a_file_there_are_no_officers_and_no_payer() -> None:
    roster = load_roster(None)
    assert roster.officer("wang") is None
    assert not roster.authentic(PAYER, "")


def test_the_payer_proves_itself_by_a_token_that_only_this_machine_has(tmp_path: Path) -> None:
    token = tmp_path / "payer.token"
    make_token(token)
    said = token.read_text()
    make_token(token)
    assert token.read_text() == said
    assert token.stat().st_mode & 0o077 == 0
    assert load_roster(None, token).authentic(PAYER, said)
    assert load_roster(None, token).officer(PAYER) is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (WANG + WANG, "more than one is called wang"),
        (WANG.replace("wang", PAYER), "more than one is called payer"),
        (WANG.replace("loan_officer", "boss"), "role"),
        (WANG.replace("role", "rank"), "rank"),
        ("officers", "Expected"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path: Path, written: str, says: str) -> None:
    with pytest.raises(RosterError, match=says):
        _roster(tmp_path, written)


def _roster(tmp_path: Path, written: str) -> Roster:
    path = tmp_path / "officers.toml"
    path.write_text(written)
    return load_roster(path)
