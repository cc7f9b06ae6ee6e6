"""The register of sealed data on a real database: found by keyed hash, resealed in steps, erased."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from actors.rows import ContractTextRow, SecretRow
from adapters.postgres.queries import SQL as COMMITS
from adapters.privacy.keyring import RETIRE_AFTER_SECONDS, Keyring, KeyringError
from adapters.privacy.masking import PersonalData
from adapters.privacy.register import Register
from adapters.privacy.sealing import opened, opened_text, person_rows, sealed_row, sealed_text
from tests.integration.planted import find_plain

ANN = PersonalData("Ann Lee", "11010519491231002X", "13812345678", date(1949, 12, 31))
BOB = PersonalData("Bob Ray", "AB1234567", "+15551234567", date(1990, 2, 3))
CARD = "6228480402564890018"
TEXT = b"<p>Ann Lee borrows</p>" * 50
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring.load(tmp_path / "keys.json")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def register(database: str, connection: asyncpg.Connection, keyring: Keyring) -> AsyncIterator[Register]:
    """Ann with two accounts and a card, Bob with one; Ann's contract."""
    rows = [
        *(row for account, person in ((7, ANN), (8, BOB), (9, ANN)) for row in person_rows(keyring, account, person)),
        sealed_row(keyring, 7, "bank_account", 1, keyring.index(CARD), CARD),
    ]
    await connection.copy_records_to_table("secret", records=rows, columns=_columns(SecretRow))
    text = sealed_text(keyring, 7, 1, "d" * 64, TEXT)
    await connection.copy_records_to_table("contract_text", records=[text], columns=_columns(ContractTextRow))
    register = Register(database, keyring)
    yield register
    await register.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the time pass after which a replaced key may go."""
    began = time.time()
    return lambda: monkeypatch.setattr(time, "time", lambda: began + RETIRE_AFTER_SECONDS + 1)


def _columns(row: type[SecretRow] | type[ContractTextRow]) -> list[str]:
    return ["found_by" if name == "index" else name for name in row._fields]


async def _text(connection: asyncpg.Connection) -> ContractTextRow:
    columns = "account_id, agreement, digest, sealed, key_id"
    return ContractTextRow(*await connection.fetchrow(f"SELECT {columns} FROM contract_text"))


async def test_people_are_found_by_each_of_their_numbers(register: Register) -> None:
    assert await register.find(" 110105 19491231 002x") == [7, 9]
    assert await register.find("+86 138 1234 5678") == [7, 9]
    assert await register.find("6228 4804 0256 4890 018") == [7]
    assert await register.find("ab1234567") == [8]
    assert await register.find("nobody's") == []
    assert await register.find("") == []


async def test_people_are_read_back(register: Register, keyring: Keyring) -> None:
    assert await register.people([7, 8, 10]) == {7: ANN, 8: BOB}
    (row,) = await register.bank_accounts(7)
    assert opened(keyring, row) == CARD.encode()


async def test_nothing_stands_in_plain(database: str, register: Register) -> None:
    needles = [ANN.name, ANN.identity_number, ANN.phone, BOB.name, BOB.identity_number, BOB.phone, CARD]
    assert await find_plain(database, needles) == []


async def test_a_row_moved_to_another_account_does_not_open(register: Register, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE secret SET account_id = 10 WHERE account_id = 9")
    with pytest.raises(KeyringError, match="another place"):
        await register.people([10])


async def test_what_is_erased_is_gone(register: Register, connection: asyncpg.Connection) -> None:
    await connection.execute(COMMITS["erase"], [7])
    assert await register.people([7, 9]) == {9: ANN}
    assert await register.find(ANN.identity_number) == [9]
    assert await register.bank_accounts(7) == []
    assert await connection.fetchval("SELECT count(*) FROM contract_text") == 0, "it names Ann"


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_every_row_is_sealed_with_the_newest_key(
    register: Register, connection: asyncpg.Connection, keyring: Keyring, later: Callable[[], None], batch: int
) -> None:
    old = keyring.primary
    newest = keyring.rotate()
    steps = [done async for done in register.reseal(batch)]
    assert steps[-1] == 8
    assert all(later - earlier <= batch for earlier, later in zip([0, *steps], steps, strict=False))
    assert [await register.rows_under(key) for key in (old, newest)] == [0, 8]
    assert [done async for done in register.reseal(batch)] == []
    later()
    await register.retire(old)
    assert keyring.numbers == {newest}
    assert await register.people([7, 8, 9]) == {7: ANN, 8: BOB, 9: ANN}
    assert await register.find(ANN.phone) == [7, 9]
    assert opened_text(keyring, await _text(connection)) == TEXT


async def test_a_key_that_rows_need_stays(register: Register, keyring: Keyring, later: Callable[[], None]) -> None:
    old = keyring.primary
    keyring.rotate()
    later()
    with pytest.raises(KeyringError, match="8 rows"):
        await register.retire(old)
    assert old in keyring.numbers


async def test_a_rotation_in_the_middle_of_resealing_is_followed(register: Register, keyring: Keyring) -> None:
    keyring.rotate()
    newest = 0
    async for done in register.reseal(2):
        newest = newest or keyring.rotate()
        assert done < 20
    async for _ in register.reseal():
        pass
    assert await register.rows_under(newest) == 8


async def test_another_keyring_is_noticed(database: str, register: Register, tmp_path: Path) -> None:
    await register.check()
    stranger = Register(database, Keyring.load(tmp_path / "other.json"))
    with pytest.raises(KeyringError, match="put its key file back"):
        await stranger.check()
    await stranger.close()
