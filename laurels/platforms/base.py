"""What a platform is: it lets one grant's discount begin and end, however often it is told."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from models.values.outbox import Outcome


@dataclass(frozen=True, slots=True)
class Discount:
    """What one grant is worth to one member. `grant_id` is its natural key on the platform."""

    grant_id: UUID
    member_id: UUID
    percent: int


class Platform(Protocol):
    """Where discounts live. Both calls are repeated after an unknown outcome: what is so already is Accepted.

    Both return Accepted or Rejected for good, raise a TransientError only where the platform certainly did
    nothing, and answer well before the lease runs out.
    """

    def give(self, discount: Discount) -> Outcome:
        """Put the discount up, or adopt the one that stands under this grant already."""

    def end(self, discount: Discount) -> Outcome:
        """End the grant's discount; one that never was, or has ended, is Accepted too."""
