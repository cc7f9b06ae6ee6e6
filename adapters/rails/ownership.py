"""The bank as a source: whose an account is. It is asked within bounds; without an answer nobody has said it."""

from typing import Final

import msgspec

from adapters.rails.bank_api import Owned, Ownership
from adapters.rails.wire import Wire
from adapters.sources.source import Answer, Line, NoAnswer

IN_FLIGHT_MAX: Final = 64
TIMEOUT_SECONDS: Final = 2.0
"""For all accounts of a batch together; meanwhile the shard's other commands wait."""
_JSON: Final = {"Content-Type": "application/json"}
_owned: Final = msgspec.json.Decoder(Owned)


class BankOwnership:
    """Implements Source: `bank_account` {belongs}; None: the bank cannot say."""

    name = "bank_account"

    def __init__(self, bank_url: str) -> None:
        """Prepare to connect."""
        self._wire = Wire(bank_url, IN_FLIGHT_MAX, TIMEOUT_SECONDS)

    async def ask(self, index: str, asked: Ownership) -> Answer:
        """Return the bank's word, or raise."""
        answer = await self._wire.call("POST", "/verify", msgspec.json.encode(asked), _JSON)
        if not answer.good:
            raise NoAnswer(f"status {answer.status}")
        return {"belongs": _owned.decode(answer.body).belongs}

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


def ownership_line(bank_url: str) -> Line[Ownership]:
    """Return how a bank is asked; what it says today may be otherwise tomorrow, so nothing is used again."""
    return Line(source=BankOwnership(bank_url), timeout_seconds=TIMEOUT_SECONDS, in_flight_max=IN_FLIGHT_MAX)
