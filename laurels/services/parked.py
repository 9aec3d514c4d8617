"""Parked refunds: they were taken in and count nothing until the purchase comes that they give back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laurels.clock import business_time
from laurels.services.runtime import Runtime
from laurels.stores import parked

_WHY: Final = {
    "no_order": "no purchase of its order came",
    "other_currency": "its order was paid in another currency",
    "several_members": "its order has several members, and it names none of them",
    "given_back": "all of its order is given back already",
}


@dataclass(frozen=True, slots=True)
class Parked:
    """A refund that waits, its place, its money in minor units, whole days since it occurred, and what it waits for."""

    activity_id: UUID
    source: str
    file: str
    line: int
    event_id: str
    order: str | None
    occurred_at: datetime
    amount_minor: int
    currency: str | None
    days: int
    why: str
    sentence: str


def parked_refunds(
    runtime: Runtime,
    *,
    source: str | None = None,
    older_than: timedelta | None = None,
    limit: int = 100,
    as_of: datetime | None = None,
) -> list[Parked]:
    """Return refunds that find no purchase, the oldest first."""
    now = business_time(as_of, runtime.settings.as_of)
    before = now - older_than if older_than else None
    with runtime.database.transaction() as session:
        found = parked.parked(session, source=source, before=before, limit=limit)
    return [
        Parked(
            *(one.activity_id, one.source, one.file, one.line, one.event_id, one.order_text, one.occurred_at),
            *(one.amount_minor, one.currency, max((now - one.occurred_at).days, 0), one.why, _WHY[one.why]),
        )
        for one in found
    ]
