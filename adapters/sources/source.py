"""A source outside: the bureau, an income service, a list, a device check."""

from collections.abc import Awaitable
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct

Answer = dict[str, Any]
"""As `core.origination.lender.Findings` names them: `bureau` {score}, `income` {monthly}, `debtor_list` {listed}..."""


class NoAnswer(Exception):
    """The source cannot say anything of this person."""


class Source(Protocol):
    """Says something of a person, who is known to it by the keyed hash of the identity number."""

    @property
    def name(self) -> str:
        """Return the name under which the answer is found."""

    def ask(self, index: str) -> Answer | Awaitable[Answer]:
        """Answer at once, or return what to wait for; either may raise, which is no answer."""


class Line(Struct, frozen=True, kw_only=True):
    """How a source is asked."""

    source: Source
    timeout_seconds: float = 1.0
    """What is not answered by then is missing; for all people of a batch together."""
    in_flight_max: Annotated[int, Meta(ge=1)] = 64
    """Questions at a time, in one batch."""
    rest_seconds: float = 30.0
    """How long a source is left alone after it proved dead."""
    reuse_days: Annotated[int, Meta(ge=0)] = 0
    """For how many days an answer is used again, its own day included; 0: never."""
