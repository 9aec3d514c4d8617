"""What a channel is: it takes one message at a time and says what became of it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from models.values.outbox import Outcome


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one member. `delivery_id` is for the provider to echo; all ids are opaque."""

    delivery_id: UUID
    member_id: UUID
    text: str


class Channel(Protocol):
    """A way to tell members something. No retries inside, and an answer well before the lease runs out."""

    @property
    def name(self) -> str:
        """The name that deliveries carry in `channel`."""

    def send(self, message: Message) -> Outcome:
        """Hand a message over: Accepted, or Rejected for good.

        Raises a TransientError only where it was certainly not sent (connection refused, a 429): it will be
        sent again. After any other exception nobody knows, and it is not sent again by itself.
        """
