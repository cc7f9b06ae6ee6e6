"""The payer's way to the accounts: commands through the gateway, in batches, each under a name that it has for good."""

from collections.abc import Sequence
from typing import Final

import msgspec

from actors.messages import Refused, Reply
from actors.payer import Settlement
from actors.payout_orders import Verdict
from adapters.http.batch import BATCH_PATH, Batch, Item, Replies
from adapters.rails.wire import NoAnswer, Wire
from adapters.roster import OFFICER_TOKEN
from core.rejections import Code

CHANNEL: Final = "payer"
TIMEOUT_SECONDS: Final = 30.0
AGAIN: Final = frozenset(
    {
        Code.OVERLOADED,
        Code.UNAVAILABLE,
        Code.OUTCOME_UNKNOWN,
        Code.ACCOUNT_SUSPENDED,
        Code.OFFICER_UNAUTHENTICATED,
    }
)
"""Refusals that are not recorded: the same command may be carried out later."""
_HEADERS: Final = {"Content-Type": "application/msgpack", "Tenor-Channel": CHANNEL}
_replies: Final = msgspec.msgpack.Decoder(Replies)


class GatewayTell:
    """Implements actors.payer.Tell."""

    def __init__(self, base_url: str, token: str) -> None:
        """Remember the gateway, and the token that says that it is the payer who tells."""
        self._headers = {**_HEADERS, OFFICER_TOKEN: token}
        self._wire = Wire(base_url, 1, TIMEOUT_SECONDS)

    async def settle(self, settlements: Sequence[Settlement]) -> list[tuple[Verdict, str]]:
        """See Tell."""
        batch = Batch([Item(each.request_id, each.command) for each in settlements])
        try:
            answer = await self._wire.call("POST", BATCH_PATH, msgspec.msgpack.encode(batch), self._headers)
            if not answer.good:
                return [(Verdict.AGAIN, f"status {answer.status}")] * len(settlements)
            replies = _replies.decode(answer.body).replies
        except (NoAnswer, msgspec.DecodeError) as error:
            return [(Verdict.AGAIN, str(error))] * len(settlements)
        assert len(replies) == len(settlements)
        return [_verdict(reply) for reply in replies]

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


def _verdict(reply: Reply) -> tuple[Verdict, str]:
    if not isinstance(reply, Refused):
        return Verdict.DONE, ""
    verdict = Verdict.AGAIN if reply.code in AGAIN else Verdict.REFUSED
    return verdict, f"{reply.code}: {reply.detail}"
