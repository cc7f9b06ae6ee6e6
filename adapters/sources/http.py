"""A source over HTTP: it is told the name and the number of a person, and what it answers is checked."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from adapters.privacy.masking import PersonalData
from adapters.rails.wire import Wire
from adapters.sources.source import Answer, NoAnswer
from core.money import AMOUNT_MAX

_JSON: Final = {"Content-Type": "application/json"}


class Question(Struct, frozen=True):
    """What a source is sent."""

    name: str
    identity_number: str

    def __repr__(self) -> str:
        return "Question(sealed)"


class Score(Struct, frozen=True):
    """What a bureau answers."""

    score: Annotated[int, Meta(ge=0, le=1_000)]


class Monthly(Struct, frozen=True):
    """What an income service answers, in minor units."""

    monthly: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]


class Listed(Struct, frozen=True):
    """What a list answers."""

    listed: bool


class Risk(Struct, frozen=True):
    """What a device check answers."""

    risk: Annotated[int, Meta(ge=0, le=100)]


SHAPES: Final[Mapping[str, type[Struct]]] = {
    "bureau": Score,
    "income": Monthly,
    "debtor_list": Listed,
    "sanctions": Listed,
    "device": Risk,
}
"""What each source has to say, if it says anything; what it says besides is left out."""


class HttpSource:
    """Asks one source: `POST {"name", "identity_number"}`."""

    def __init__(self, name: str, url: str, connections: int, timeout_seconds: float) -> None:
        """Prepare to connect."""
        self.name = name
        self._decoder = msgspec.json.Decoder[Any](SHAPES[name])
        self._wire = Wire(url, connections, timeout_seconds)
        self._path = "" if urlsplit(url).path.strip("/") else "/"

    async def ask(self, index: str, person: PersonalData) -> Answer:
        """Answer, or raise; nothing of the question is kept."""
        body = msgspec.json.encode(Question(person.name, person.identity_number))
        answer = await self._wire.call("POST", self._path, body, _JSON)
        if not answer.good:
            raise NoAnswer(f"{self.name}: status {answer.status}")
        return msgspec.structs.asdict(self._decoder.decode(answer.body))

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()
