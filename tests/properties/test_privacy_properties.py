"""Sealed data opens under every version of the keys, at its place only; what is personal is masked, nothing else."""

import asyncio
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.people import People
from adapters.memory_journal import Disk, MemoryJournal
from adapters.privacy.keyring import Keyring, KeyringError, key_of
from adapters.privacy.masking import PersonalData, mask_text
from adapters.privacy.sealing import opened, people, person_rows, sealed_row
from core.identity import ACCOUNT_ID_MAX, LOANS_MAX, loan_id
from core.money import AMOUNT_MAX
from core.origination.commands import IdentifyBorrower
from core.origination.personal import (
    identity_number_refusal,
    is_card_number,
    is_chinese_identity_number,
    masked_identity_number,
    phone_refusal,
)

VERSIONS = 4
texts = st.text(min_size=1, max_size=60)
ascii_texts = st.text(st.characters(codec="ascii"), min_size=1, max_size=60)
accounts = st.integers(1, ACCOUNT_ID_MAX)
dates = st.dates(date(1900, 1, 1), date(2099, 12, 31))
phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.fixture(scope="module")
def keyrings() -> Iterator[list[Keyring]]:
    """A keyring after each of its rotations; only the last one still follows its file."""
    with TemporaryDirectory() as directory:
        versions = []
        path = Path(directory) / "0.json"
        for version in range(1, VERSIONS + 1):
            versions.append(Keyring.load(path))
            copy = path.with_name(f"{version}.json")
            copy.touch(0o600)
            copy.write_bytes(path.read_bytes())
            Keyring.load(copy).rotate()
            path = copy
        yield versions


@st.composite
def identity_numbers(draw: st.DrawFn) -> tuple[str, date]:
    born_on = draw(dates)
    body = f"{draw(st.integers(110000, 829999))}{born_on:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    (number,) = (body + check for check in "0123456789X" if is_chinese_identity_number(body + check))
    return number, born_on


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = draw(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
    (number,) = (body + check for check in "0123456789" if is_card_number(body + check))
    return number


@given(plain=st.binary(max_size=300), about=st.binary(max_size=40), version=st.integers(0, VERSIONS - 1))
def test_what_any_version_sealed_every_later_one_opens(
    keyrings: list[Keyring], plain: bytes, about: bytes, version: int
) -> None:
    sealed = keyrings[version].seal(plain, about)
    assert key_of(sealed) == keyrings[version].primary
    assert all(later.open(sealed, about) == plain for later in keyrings[version:])
    for earlier in keyrings[:version]:
        with pytest.raises(KeyringError):
            earlier.open(sealed, about)


@given(plain=st.binary(max_size=50), about=st.binary(max_size=20), other=st.binary(max_size=20))
def test_nothing_opens_elsewhere(keyrings: list[Keyring], plain: bytes, about: bytes, other: bytes) -> None:
    sealed = keyrings[0].seal(plain, about)
    if other != about:
        with pytest.raises(KeyringError):
            keyrings[0].open(sealed, other)


@given(text=ascii_texts)
def test_rotations_do_not_change_how_data_is_found(keyrings: list[Keyring], text: str) -> None:
    assert len({keyring.index(text) for keyring in keyrings}) == 1
    assert keyrings[0].index(f" {text.lower()} ") == keyrings[0].index(text.lower().upper().strip())


@given(account=accounts, name=texts, identity=identity_numbers(), phone=phones)
def test_people_come_back_as_they_were(
    keyrings: list[Keyring], account: int, name: str, identity: tuple[str, date], phone: str
) -> None:
    person = PersonalData(name, identity[0], phone, identity[1])
    rows = person_rows(keyrings[0], account, person)
    assert people(keyrings[-1], rows) == {account: person}
    assert not any(identity[0].encode() in row.sealed or phone.encode() in row.sealed for row in rows)
    with pytest.raises(KeyringError):
        people(keyrings[0], (row._replace(account_id=account + 1) for row in rows))


@given(account=accounts, identity=identity_numbers())
def test_a_person_is_claimed_by_a_keyed_hash_alone(
    keyrings: list[Keyring], account: int, identity: tuple[str, date]
) -> None:
    disk = Disk(date(2026, 1, 5))
    number, born_on = identity
    said = IdentifyBorrower(
        account=account, name="Ann", identity_number=number, phone="13800138000", born_on=born_on, consents=()
    )
    asyncio.run(People(MemoryJournal(disk), keyrings[0].index).claim({0: said}))
    assert disk.people == {keyrings[-1].index(number): account}
    assert not any(part in str(disk.people) for part in (number, sha256(number.encode()).hexdigest()))


@given(account=accounts, number=st.integers(1, 100), plain=texts)
def test_a_row_opens_as_what_it_is_only(keyrings: list[Keyring], account: int, number: int, plain: str) -> None:
    row = sealed_row(keyrings[0], account, "bank_account", number, "", plain)
    assert opened(keyrings[0], row).decode() == plain
    with pytest.raises(KeyringError):
        opened(keyrings[0], row._replace(number=number + 1))


@given(identity=identity_numbers(), phone=phones)
def test_numbers_made_by_the_rules_are_right(identity: tuple[str, date], phone: str) -> None:
    assert identity_number_refusal(*identity) is None
    assert phone_refusal(phone) is None


@given(
    secret=st.one_of(identity_numbers().map(lambda made: made[0]), cards(), phones),
    before=st.sampled_from(["", " ", "number=", '"', "(", "证件号", "card: ", "person="]),
    after=st.sampled_from(["", " ", '"', ")", "。", ", account=7"]),
)
def test_numbers_of_people_never_reach_a_log(secret: str, before: str, after: str) -> None:
    masked = mask_text(before + secret + after)
    assert secret not in masked
    assert masked.startswith(before)
    assert masked.endswith(after)


@given(
    account=accounts,
    number=st.integers(1, LOANS_MAX),
    seq=st.integers(1, 10**9),
    amount=st.integers(1, AMOUNT_MAX),
    on=st.dates(),
)
def test_tenors_own_numbers_stay(account: int, number: int, seq: int, amount: int, on: date) -> None:
    loan = loan_id(account, number)
    line = f"account={account} loan={loan} seq={seq} amount={amount} on={on}"
    body = f'{{"account":{account},"loan": {loan}, "seq":{seq},"amount": {amount},"on":"{on}"}}'
    assert mask_text(line) == line
    assert mask_text(body) == body


@given(identity=identity_numbers())
def test_a_mask_hides_what_tells_a_person(identity: tuple[str, date]) -> None:
    masked = masked_identity_number(identity[0])
    assert len(masked) == 18
    assert masked.count("*") == 10
    assert f"{identity[1]:%Y%m%d}" not in masked
