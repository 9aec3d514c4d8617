"""Deliveries: messages that are owed go out on their channel, each at most once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from laurels.channels.base import Channel, Message
from laurels.channels.registry import CHANNELS
from laurels.clock import business_time
from laurels.services import audit
from laurels.services.outbox import Errand, OutboxReport, run, state_named
from laurels.services.runtime import Runtime
from laurels.stores import outbox
from models.outbox import Delivery
from models.values.outbox import Outcome

__all__ = ["DeliveryRow", "OutboxReport", "list_deliveries", "send_deliveries"]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message and where it stands."""

    id: UUID
    grant_id: UUID
    member_id: UUID
    channel: str
    text: str
    state: str
    attempts: int
    created_at: datetime
    answer: str | None


def send_deliveries(
    runtime: Runtime,
    *,
    as_of: datetime | None = None,
    channel: Channel | None = None,
    limit: int = 1000,
    actor: str | None = None,
) -> OutboxReport:
    """Send up to `limit` messages that are due: each on its own channel, or those of the channel given.

    A message is sent only while the grant it tells of is active. One of unknown outcome is never sent again
    by itself: a rare loss, never a double. Raises RuleRefusedError where an actor asks who may not.
    """
    audit.asked(runtime, actor, "delivery.send", "outbox")
    now = business_time(as_of, runtime.settings.as_of)
    channels = (
        {name: make() for name, make in CHANNELS.items()} if channel is None else {channel.name: channel}
    )

    def call(delivery: Delivery) -> Outcome:
        return channels[delivery.channel].send(Message(delivery.id, delivery.member_id, delivery.text))

    return run(
        runtime,
        Errand(
            Delivery,
            lambda session: outbox.due_deliveries(session, channels, now, limit),
            outbox.claim_delivery,
            call,
        ),
    )


def list_deliveries(runtime: Runtime, state: str | None = None, limit: int = 50) -> list[DeliveryRow]:
    """Return messages, the newest first. Raises RuleRefusedError for an unheard-of state."""
    with runtime.database.transaction() as session:
        found = outbox.rows(session, Delivery, state_named(state), limit)
        return [DeliveryRow(*(getattr(row, name) for name in DeliveryRow.__slots__)) for row in found]
