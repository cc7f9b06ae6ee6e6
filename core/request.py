"""What every command is made of: its account, and perhaps an earlier day on which it takes effect."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from core.contract.terms import PRINTABLE
from core.identity import AccountField

Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]


class Request(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    """What every command carries: the borrower's account."""

    account: AccountField


class Dated(Request, frozen=True, kw_only=True):
    """A command that may take effect on an earlier day than the business date."""

    effective_on: date | None = None
