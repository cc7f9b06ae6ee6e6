"""A source outside: the bureau, an income service, a list, a device check, a bank."""

from collections.abc import Awaitable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Generic, Protocol, TypeVar

from msgspec import Meta, Struct

Answer = dict[str, Any]
"""As `core.origination.lender.Findings` names them: `bureau` {score}, `income` {monthly}, `debtor_list` {listed}..."""
Dated = tuple[Answer, date]
Asked = TypeVar("Asked")
_Asked = TypeVar("_Asked", contravariant=True)


class NoAnswer(Exception):
    """The source cannot say anything of this person."""


class Source(Protocol[_Asked]):
    """Says something of whom or what it is asked about."""

    @property
    def name(self) -> str:
        """Return the name under which the answer is found."""

    def ask(self, index: str, asked: _Asked) -> Answer | Awaitable[Answer]:
        """Answer at once, or return what to wait for; either may raise, which is no answer.

        `index` tells people apart and may be kept: a keyed hash. What is asked about is plain, for the question alone.
        """


class Kept(Protocol):
    """Answers that are still there after a restart. A failure of either is no worse than that nothing was kept."""

    async def recall(self, source: str, indexes: Iterable[str], after: date, until: date) -> dict[str, Dated]:
        """Return a source's last answers, if they are of a day after the first and not after the second."""

    async def keep(self, source: str, answers: Mapping[str, Answer], on: date) -> None:
        """Keep what a source answered on a day."""


class Line(Struct, Generic[Asked], frozen=True, kw_only=True):
    """How a source is asked."""

    source: Source[Asked]
    timeout_seconds: float = 1.0
    """What is not answered by then is missing; for all people of a batch together."""
    in_flight_max: Annotated[int, Meta(ge=1)] = 64
    """Questions at a time, in one batch."""
    rest_seconds: float = 30.0
    """How long a source is left alone after it proved dead."""
    reuse_days: Annotated[int, Meta(ge=0)] = 0
    """For how many days an answer is used again, its own day included; 0: never."""
    kept: Kept | None = None
    """Where answers that were paid for are kept."""
