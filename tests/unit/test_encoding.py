"""COPY payloads, read back by the rules that PostgreSQL documents for them."""

from collections.abc import Iterator
from datetime import date
from struct import unpack

from accounting.journalize import Posting
from actors.rows import EntryRow, EventRow, LoanRow, RequestRow
from adapters.postgres.encoding import (
    EVENT_COLUMNS,
    LOAN_COLUMNS,
    POSTING_COLUMNS,
    REQUEST_COLUMNS,
    event_rows,
    loan_rows,
    posting_rows,
    request_rows,
)

ON, BEFORE_2000 = date(2026, 5, 4), date(1999, 12, 31)
BASES = '[[1,"2026-05-04"]]'
LOAN = LoanRow(10_001, "active", 120_000, 9, 5, 0, 4, ON, 2, True, ON, BEFORE_2000, ON, 949, -7, BASES, b"\x01")


def read(payload: memoryview, columns: tuple[str, ...]) -> Iterator[dict[str, bytes | None]]:
    """Yield each row's columns; None for NULL."""
    data = bytes(payload)
    assert data.startswith(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    at = 19
    while (count := unpack(">h", data[at : at + 2])[0]) != -1:
        assert count == len(columns)
        at += 2
        row: dict[str, bytes | None] = {}
        for column in columns:
            length = unpack(">i", data[at : at + 4])[0]
            at += 4
            row[column] = None if length == -1 else data[at : at + length]
            at += max(0, length)
        yield row
    assert at + 2 == len(data)


def number(value: bytes | None) -> int:
    """Read an integer of any width."""
    assert value is not None
    return int.from_bytes(value, "big", signed=True)


def day(value: bytes | None) -> date:
    """Read a date: days since the year 2000."""
    return date.fromordinal(number(value) + date(2000, 1, 1).toordinal())


def test_an_event_is_read_back_as_it_was_written() -> None:
    rows = [EventRow(1, 2, 16, BEFORE_2000, ON, b"body", bytes(range(32))), EventRow(1, 3, 19, ON, ON, b"", bytes(32))]
    first, second = read(event_rows(rows), EVENT_COLUMNS)
    assert [number(first[name]) for name in ("account_id", "seq", "kind")] == [1, 2, 16]
    assert (day(first["effective_on"]), day(first["posted_on"])) == (BEFORE_2000, ON)
    assert (first["body"], first["hash"]) == (b"body", bytes(range(32)))
    assert (number(second["seq"]), second["body"]) == (3, b"")


def test_each_line_of_an_entry_is_a_posting() -> None:
    entries = [EntryRow(7, 2, ON, [Posting(100201, 0, 5), Posting(130301, 1, -5)]), EntryRow(8, 1, ON, [])]
    rows = list(read(posting_rows(entries), POSTING_COLUMNS))
    assert [day(row["posted_on"]) for row in rows] == [ON, ON]
    names = ("account_id", "seq", "loan", "gl", "amount")
    assert [[number(row[name]) for name in names] for row in rows] == [[7, 2, 0, 100201, 5], [7, 2, 1, 130301, -5]]


def test_a_request_is_read_back_as_it_was_written() -> None:
    (row,) = read(request_rows([RequestRow(bytes(range(16)), 9, ON, bytes(16), b"done")]), REQUEST_COLUMNS)
    assert (row["key"], number(row["account_id"]), day(row["recorded_on"])) == (bytes(range(16)), 9, ON)
    assert (row["fingerprint"], row["reply"]) == (bytes(16), b"done")


def test_a_loan_in_all_its_columns() -> None:
    (row,) = read(loan_rows([LOAN]), LOAN_COLUMNS)
    assert set(row) == set(LoanRow.__struct_fields__)
    for name, value in row.items():
        expected = getattr(LOAN, name)
        if isinstance(expected, date):
            assert day(value) == expected
        elif isinstance(expected, int):
            assert number(value) == expected
        else:
            assert value == (expected if isinstance(expected, bytes) else expected.encode())


def test_what_a_loan_does_not_have_is_null() -> None:
    closed = LoanRow(10_001, "closed", 0, 0, 0, 0, 0, None, 0, False, None, None, None, 0, 0, None, b"")
    (row,) = read(loan_rows([closed]), LOAN_COLUMNS)
    missing = {name for name, value in row.items() if value is None}
    assert missing == {"oldest_due", "wake_on", "period_start", "period_end", "penalty_base"}
