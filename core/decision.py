"""A decision in the making: events, and the account as they leave it."""

from msgspec import Struct

from core.account import Account
from core.events import Event
from core.evolve import evolve


class Decision(Struct, frozen=True):
    """What a command or the passing of days leads to; `account` is the fold of `events` over the former state."""

    account: Account | None
    events: tuple[Event, ...] = ()


class Draft:
    """Collects events one by one, each decided on the state that the former ones left."""

    __slots__ = ("account", "events")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Add an event and apply it."""
        self.account = evolve(self.account, event)
        self.events.append(event)

    def decision(self) -> Decision:
        """Return what was collected."""
        return Decision(self.account, tuple(self.events))
