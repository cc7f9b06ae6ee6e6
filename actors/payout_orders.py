"""A payout order's way: what news changes, when it is looked at next, and what of it the account is told."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from actors.rail import PayoutOrder, RailAnswer, RailState

BACK_OFF_SECONDS: Final = (5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Pauses between two looks at an order that does not come on; the last one repeats for ever."""
STUCK_TRIES: Final = 6
"""Looks without any news after which an order is listed for operators; it is looked at all the same."""
WATCH_EVERY_SECONDS: Final = 86_400.0
WATCH_FOR_SECONDS: Final = 4 * 86_400.0
"""A payout that succeeded may turn, and the notice of it may be lost: so long the bank is asked again."""
NEVER: Final = float("inf")
REASON_MAX: Final = 200
REFERENCE_MAX: Final = 64

Status = Literal["succeeded", "failed", "returned"]


class OrderState(StrEnum):
    """Where an order is."""

    PENDING = "pending"
    """Nobody has handed it to a bank."""
    SENT = "sent"
    """A bank has it, or may have it."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"
    DISPUTED = "disputed"
    """The bank contradicts itself, or the account refused the news: an operator decides."""


SETTLED: Final = frozenset({OrderState.SUCCEEDED, OrderState.FAILED, OrderState.RETURNED})
DECIDED: Final = SETTLED | {OrderState.DISPUTED}
"""The bank is not waited for any more."""


class Progress(Struct, frozen=True, gc=False):
    """How far an order has come."""

    state: OrderState = OrderState.PENDING
    told: str = ""
    """The last status that the account has durably."""
    tries: int = 0
    """Looks at it since the last news."""
    rounds: int = 0
    """How often an operator started it again."""
    reference: str = ""
    reason: str = ""
    age_seconds: float = 0.0
    """Since it was first handed to a bank."""
    due_in: float | None = None
    """Seconds from the change until it is looked at again; None: as was planned before."""


Change = Callable[[Progress], Progress]


class Claimed(Struct, frozen=True):
    """An order that is ours to work on until the lease ends."""

    order: PayoutOrder
    progress: Progress
    """As it was before the claim."""


class Orders(Protocol):
    """Payout orders, durable; raises JournalUnavailable. Any number of payers may share them."""

    async def claim_asks(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """Take due orders that the bank has to be asked about; pending ones count as sent from here on."""

    async def claim_tells(self, limit: int, lease_seconds: float) -> list[Claimed]:
        """Take due orders with news that their accounts do not have."""

    async def change(self, changes: Sequence[tuple[str, Change]]) -> set[str]:
        """Apply changes one after the other, durably and each to the newest progress; return unknown order numbers."""


class Verdict(StrEnum):
    """What an account answered when it was told."""

    DONE = "done"
    REFUSED = "refused"
    """For good: telling it again changes nothing."""
    AGAIN = "again"
    """No durable answer yet: tell it again under the same request id."""


def notified(answer: RailAnswer) -> Change:
    """Return the change that a bank's notice makes; late, repeated or overtaken it makes none."""

    def change(before: Progress) -> Progress:
        after = _heard(before, answer)
        if after.state is before.state or after.state not in DECIDED:
            return after
        return replace(after, tries=0, due_in=_due_in(after))

    return change


def answered(answer: RailAnswer) -> Change:
    """Return the change that the bank's answer to a question of ours makes."""
    notice = notified(answer)

    def change(before: Progress) -> Progress:
        after = notice(before)
        if after.state is not before.state and after.state in DECIDED:
            return after
        if after.state is OrderState.SENT:
            return replace(after, tries=before.tries + 1, due_in=_pause(before.tries))
        if after.state == after.told:
            return _asked_in_vain(after, answer)
        return after

    return change


def was_told(status: Status, verdict: Verdict, detail: str) -> Change:
    """Return the change that an account's answer makes. What it will be told again stays as it is, word for word."""

    def change(before: Progress) -> Progress:
        if verdict is Verdict.AGAIN:
            return replace(before, tries=before.tries + 1, due_in=_pause(before.tries))
        if verdict is Verdict.REFUSED:
            return _disputed(before, f"the account refused {status}: {detail}")
        after = replace(before, told=status, tries=0)
        if after.state in DECIDED:
            return replace(after, due_in=_due_in(after))
        return after

    return change


def started_again(before: Progress) -> Progress:
    """An operator wants it looked at now: the bank is asked, or the account told, anew."""
    if before.told == OrderState.DISPUTED:
        return before
    disputed = before.state is OrderState.DISPUTED
    state = OrderState.SENT if disputed else before.state
    # Only after a refusal, which is on record, is a new request id needed: else the account may have heard already.
    return replace(before, state=state, tries=0, rounds=before.rounds + disputed, due_in=0.0)


def closed(note: str) -> Change:
    """Return the change by which an operator says that everything about a settled or disputed order is done."""

    def change(before: Progress) -> Progress:
        if before.state not in DECIDED or before.told == OrderState.DISPUTED:
            return before
        return replace(before, told=before.state, tries=0, due_in=NEVER, reason=_printable(note, REASON_MAX))

    return change


def to_tell(progress: Progress) -> Status:
    """Return what the account must hear next: what was returned had succeeded before."""
    if progress.state is OrderState.SUCCEEDED or (progress.state is OrderState.RETURNED and not progress.told):
        return "succeeded"
    return "failed" if progress.state is OrderState.FAILED else "returned"


def request_id(order_number: str, progress: Progress) -> str:
    """Return the name under which an account is told, the same whoever tells it and however often."""
    again = f"-{progress.rounds}" if progress.rounds else ""
    return f"{order_number}-{to_tell(progress)}{again}"


def _heard(before: Progress, answer: RailAnswer) -> Progress:
    state = _next(before, answer.state)
    if state is OrderState.DISPUTED and before.state is not state:
        return _disputed(before, f"{before.told or before.state}, then {answer.state}: {answer.reason}")
    if before.state in DECIDED and state is before.state:
        return before
    # The reference goes to the account with the first status: a request id always names the same content.
    kept = before.reference if before.state in SETTLED else ""
    reference = kept or _printable(answer.reference, REFERENCE_MAX) or before.reference
    return replace(before, state=state, reference=reference, reason=_printable(answer.reason, REASON_MAX))


def _next(before: Progress, news: RailState) -> OrderState:
    """Return the state after news. What is settled turns in one way only: what succeeded may come back."""
    if before.state is OrderState.DISPUTED:
        return before.state
    known = before.state if before.state in SETTLED else OrderState(before.told) if before.told else None
    if news not in ("succeeded", "failed", "returned"):
        return before.state if before.state in SETTLED else OrderState.SENT
    told = OrderState(news)
    if known is None or known is told:
        return told
    match known, told:
        case OrderState.SUCCEEDED, OrderState.RETURNED:
            return told
        case (OrderState.SUCCEEDED, OrderState.FAILED) | (OrderState.FAILED, OrderState.SUCCEEDED):
            return OrderState.DISPUTED
        case _:
            # Of money that came back older notices change nothing, and what failed has nothing to return.
            return known


def _disputed(before: Progress, reason: str) -> Progress:
    return replace(before, state=OrderState.DISPUTED, tries=0, due_in=NEVER, reason=_printable(reason, REASON_MAX))


def _asked_in_vain(after: Progress, answer: RailAnswer) -> Progress:
    """A settled order, asked about again: without an answer soon once more, else as long as it may turn."""
    if answer.state is RailState.UNKNOWN:
        return replace(after, tries=after.tries + 1, due_in=_pause(after.tries))
    return replace(after, tries=0, due_in=_due_in(after))


def _due_in(settled: Progress) -> float:
    if settled.state is OrderState.DISPUTED:
        return NEVER
    if settled.state != settled.told:
        return 0.0
    may_turn = settled.state is OrderState.SUCCEEDED and settled.age_seconds < WATCH_FOR_SECONDS
    return WATCH_EVERY_SECONDS if may_turn else NEVER


def _pause(tries: int) -> float:
    return BACK_OFF_SECONDS[min(tries, len(BACK_OFF_SECONDS) - 1)]


def _printable(text: str, length: int) -> str:
    """Return what a command may carry of a bank's text."""
    return "".join(" " if ord(character) < 32 or ord(character) == 127 else character for character in text[:length])
