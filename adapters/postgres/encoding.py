"""Binary COPY payloads, packed by hand: half the work of encoding tuple by tuple through the driver."""

from collections.abc import Sequence
from datetime import date
from struct import Struct
from typing import Final

from actors.rows import EventRow, LoanRow, PostingRow, RequestRow

# Each row is its number of columns, then each column's length and value, as COPY documents it.
EVENT_COLUMNS: Final = ("account_id", "seq", "kind", "effective_on", "posted_on", "body", "hash")
POSTING_COLUMNS: Final = ("account_id", "seq", "loan", "gl", "posted_on", "amount")
LOAN_COLUMNS: Final = LoanRow._fields
REQUEST_COLUMNS: Final = ("key", "account_id", "recorded_on", "fingerprint", "reply")

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EVENT: Final = Struct(">hiqiiihiiiii").pack
_POSTING: Final = Struct(">hiqiiihiiiiiq").pack
_REQUEST_KEY: Final = Struct(">hi").pack(5, 16)
_REQUEST: Final = Struct(">iqiii").pack
_LOAN_ID: Final = Struct(">hiqi").pack
_LOAN_AMOUNTS: Final = Struct(">iqiqiqiqiq").pack
_BUCKET: Final = Struct(">ih").pack
_AMOUNT: Final = Struct(">iq").pack
_DATE: Final = Struct(">ii").pack
_NULL: Final = Struct(">i").pack(-1)
_HASH: Final = Struct(">i").pack(32)
_LENGTH: Final = Struct(">i").pack
_DAY_ZERO: Final = date(2000, 1, 1).toordinal()


def event_rows(rows: Sequence[EventRow]) -> memoryview:
    """Return the payload of COPY event (EVENT_COLUMNS)."""
    parts = [_HEADER]
    for account_id, seq, kind, effective_on, posted_on, body, digest in rows:
        effective, posted = effective_on.toordinal() - _DAY_ZERO, posted_on.toordinal() - _DAY_ZERO
        head = _EVENT(7, 8, account_id, 4, seq, 2, kind, 4, effective, 4, posted, len(body))
        parts += (head, body, _HASH, digest)
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def posting_rows(rows: Sequence[PostingRow]) -> memoryview:
    """Return the payload of COPY posting (POSTING_COLUMNS)."""
    packed = [
        _POSTING(6, 8, account_id, 4, seq, 2, loan, 4, gl, 4, posted_on.toordinal() - _DAY_ZERO, 8, amount)
        for account_id, seq, loan, gl, posted_on, amount in rows
    ]
    return memoryview(b"".join((_HEADER, *packed, _TRAILER)))


def request_rows(rows: Sequence[RequestRow]) -> memoryview:
    """Return the payload of COPY request (REQUEST_COLUMNS)."""
    parts = [_HEADER]
    for key, account_id, recorded_on, fingerprint, reply in rows:
        middle = _REQUEST(8, account_id, 4, recorded_on.toordinal() - _DAY_ZERO, len(fingerprint))
        parts += (_REQUEST_KEY, key, middle, fingerprint, _LENGTH(len(reply)), reply)
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def loan_rows(rows: Sequence[LoanRow]) -> memoryview:
    """Return the payload of COPY staged_loan (LOAN_COLUMNS)."""
    parts = [_HEADER]
    for row in rows:
        status, state = row.status.encode(), row.state
        parts += (
            _LOAN_ID(15, 8, row.loan_id, len(status)),
            status,
            _LOAN_AMOUNTS(8, row.principal, 8, row.past_due, 8, row.interest_due, 8, row.fee_due, 8, row.penalty_due),
            _date(row.oldest_due),
            _BUCKET(2, row.bucket),
            _date(row.wake_on),
            _date(row.period_start),
            _date(row.period_end),
            _AMOUNT(8, row.period_interest),
            _text(row.penalty_base),
            _LENGTH(len(state)),
            state,
        )
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def _date(day: date | None) -> bytes:
    return _NULL if day is None else _DATE(4, day.toordinal() - _DAY_ZERO)


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _LENGTH(len(encoded)) + encoded
