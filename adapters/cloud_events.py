"""An event as other systems get it: CloudEvents 1.0, JSON, structured mode."""

from datetime import date, datetime
from typing import Final

from msgspec import UNSET, Struct, UnsetType, json, msgpack

from actors.naming import named
from actors.outlet import Committed
from core.book import BookEvent
from core.events import Event
from core.identity import loan_id

CONTENT_TYPE: Final = "application/json"

_decode: Final = msgpack.Decoder[Event | BookEvent](Event | BookEvent).decode
_encode: Final = json.Encoder().encode


class CloudEvent(Struct, frozen=True, kw_only=True):
    """The envelope; `effectivedate` and `posteddate` are extension attributes, whose names have no hyphens."""

    specversion: str = "1.0"
    id: str
    """Account and sequence number: the same whenever the event goes out again."""
    source: str
    type: str
    subject: str | UnsetType = UNSET
    """The loan's id, where the event is about one loan."""
    time: datetime | UnsetType = UNSET
    """When it was recorded, by the database's clock."""
    effectivedate: date
    posteddate: date
    datacontenttype: str = CONTENT_TYPE
    data: object


def cloud_event(committed: Committed) -> bytes:
    """Return the event as CloudEvents JSON, its fields under their names."""
    account = committed.account_id
    event = _decode(committed.body)
    loan: int | None = getattr(event, "loan", None)
    return _encode(
        CloudEvent(
            id=f"{account}-{committed.seq}",
            source=f"/tenor/accounts/{account}",
            type=f"tenor.{type(event).__name__}.v1",
            subject=str(loan_id(account, loan)) if loan else UNSET,
            time=committed.recorded_at or UNSET,
            effectivedate=event.on,
            posteddate=committed.posted_on,
            data=named(event),
        )
    )
