"""What becomes of a row of the outbox, and what whoever took it answered."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a push or a delivery stands. From `sending` nothing falls back to `pending` without a proof."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Accepted:
    """It was taken. The answer is the provider's own id for it; never a member's data."""

    answer: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was refused for good: asking again would change nothing. The reason holds no member's data."""

    reason: str


Outcome = Accepted | Rejected
