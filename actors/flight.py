"""What travels to the disk together: batches that wait for their replies, and the group commit that carries them."""

import asyncio

from actors.messages import Envelope
from actors.staging import Stage


class Work:
    """A batch that waits for its replies."""

    __slots__ = ("attempts", "done", "envelopes", "replies")

    def __init__(self, envelopes: list[Envelope], done: asyncio.Future[bytes]) -> None:
        self.envelopes = envelopes
        self.done = done
        self.replies: list[bytes] = []
        self.attempts = 0


class Flight(Stage):
    """A stage with the works that wait for its commit."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.works: list[Work] = []
        self.sliced = False
        self.left_at = 0.0
