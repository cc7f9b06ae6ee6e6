"""What the gateway needs of the runtime behind it."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from actors.messages import Envelope
from adapters.catalogue.catalogue import Catalogue
from core.rejections import Rejection


class Backend(Protocol):
    """Routes commands and queries to the shards of one book."""

    async def submit(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        """Return a msgpack Reply for each, in order; overload and unknown outcomes are Refused replies too."""

    async def read(self, account: int, query: bytes) -> bytes:
        """Answer a msgpack query: byte 1 and the view as JSON, or byte 0 and the Rejection as JSON."""

    async def ready(self) -> bool:
        """Return whether every shard serves."""

    async def business_date(self) -> date:
        """Return the open business date."""

    async def close_day(self, date: date | None) -> bytes | Rejection:
        """Close the days through `date` (the open one, if none is given); return the report as JSON."""

    async def close_period(self, through: date) -> date | None:
        """Close the accounting periods through a day; return the last closed day, None if that day is not over."""

    async def suspended(self) -> bytes:
        """Return the accounts that wait for an operator as JSON."""

    async def trial_balance(self, as_of: date | None, *, by_product: bool) -> bytes:
        """Return the trial balance as JSON; as of the business date if no date is given."""

    @property
    def products(self) -> Catalogue:
        """What the lender offers."""

    def authentic(self, officer: str, token: str) -> bool:
        """Return whether this token is the officer's."""

    async def reviews(self, product: str | None, limit: int) -> bytes:
        """Return applications that wait for an officer as JSON."""

    async def proposals(self, product: str | None, limit: int) -> bytes:
        """Return proposed changes of terms that wait for an officer as JSON."""

    async def contract_text(self, account: int, agreement: int) -> bytes | None:
        """Return the text of a contract that was offered, HTML."""

    def as_pdf(self, text: bytes) -> bytes:
        """Return a contract's text as PDF."""
