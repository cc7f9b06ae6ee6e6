"""Binary COPY payloads, packed by hand: half the work of encoding tuple by tuple through the driver."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from struct import Struct
from typing import Final

from actors.rows import EntryRow, EventRow, LoanRow, RequestRow
from core.account import LoanStatus

# Each row is its number of columns, then each column's length and value, as COPY documents it. Columns stand in such
# an order that one call packs all of fixed length, and the length of what follows them.
EVENT_COLUMNS: Final = ("account_id", "seq", "kind", "effective_on", "posted_on", "hash", "body")
POSTING_COLUMNS: Final = ("account_id", "seq", "loan", "gl", "posted_on", "amount")
REQUEST_COLUMNS: Final = ("key", "account_id", "recorded_on", "fingerprint", "reply")
LOAN_COLUMNS: Final = (
    *("loan_id", "principal", "past_due", "interest_due", "fee_due", "penalty_due", "period_interest"),
    *("period_earned", "bucket", "non_accrual"),
    *("state", "status", "oldest_due", "wake_on", "period_start", "period_end", "penalty_base"),
)

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EVENT: Final = Struct(">hiqiiihiiiii32si").pack
_POSTING: Final = Struct(">hiqiiihiiiiiq").pack
_REQUEST: Final = Struct(">hi16siqiii16si").pack
_LOAN: Final = Struct(">hiqiqiqiqiqiqiqiqihi?i").pack
_DATE: Final = Struct(">ii").pack
_NULL: Final = Struct(">i").pack(-1)
_LENGTH: Final = Struct(">i").pack
_DAY_ZERO: Final = date(2000, 1, 1).toordinal()
_DAYS_KEPT: Final = 4096


def event_rows(rows: Sequence[EventRow]) -> memoryview:
    """Return the payload of COPY event (EVENT_COLUMNS)."""
    parts = [_HEADER]
    for row in rows:
        effective, posted = row.effective_on.toordinal() - _DAY_ZERO, row.posted_on.toordinal() - _DAY_ZERO
        body = row.body
        parts += (
            _EVENT(7, 8, row.account_id, 4, row.seq, 2, row.kind, 4, effective, 4, posted, 32, row.hash, len(body)),
            body,
        )
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def posting_rows(entries: Sequence[EntryRow]) -> memoryview:
    """Return the payload of COPY posting (POSTING_COLUMNS)."""
    packed = [
        _POSTING(6, 8, entry.account_id, 4, entry.seq, 2, line.loan, 4, line.gl, 4, day, 8, line.amount)
        for entry in entries
        for day in (entry.posted_on.toordinal() - _DAY_ZERO,)
        for line in entry.lines
    ]
    return memoryview(b"".join((_HEADER, *packed, _TRAILER)))


def request_rows(rows: Sequence[RequestRow]) -> memoryview:
    """Return the payload of COPY request (REQUEST_COLUMNS)."""
    parts = [_HEADER]
    for row in rows:
        day, reply = row.recorded_on.toordinal() - _DAY_ZERO, row.reply
        parts += (_REQUEST(5, 16, row.key, 8, row.account_id, 4, day, 16, row.fingerprint, len(reply)), reply)
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def loan_rows(rows: Sequence[LoanRow]) -> memoryview:
    """Return the payload of COPY staged_loan (LOAN_COLUMNS)."""
    parts = [_HEADER]
    for row in rows:
        parts += (
            _loan(row),
            row.state,
            _STATUS[row.status],
            _date(row.oldest_due),
            _date(row.wake_on),
            _date(row.period_start),
            _date(row.period_end),
            _text(row.penalty_base),
        )
    parts.append(_TRAILER)
    return memoryview(b"".join(parts))


def _loan(row: LoanRow) -> bytes:
    """Return the columns of fixed length and the length of `state`."""
    due = (8, row.past_due, 8, row.interest_due, 8, row.fee_due, 8, row.penalty_due)
    period = (8, row.period_interest, 8, row.period_earned)
    state = (2, row.bucket, 1, row.non_accrual)
    return _LOAN(17, 8, row.loan_id, 8, row.principal, *due, *period, *state, len(row.state))


@lru_cache(maxsize=_DAYS_KEPT)  # The same few days come again and again.
def _date(day: date | None) -> bytes:
    return _NULL if day is None else _DATE(4, day.toordinal() - _DAY_ZERO)


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _LENGTH(len(encoded)) + encoded


_STATUS: Final[dict[str, bytes]] = {status: _text(status) for status in LoanStatus}
