"""Discounts: what grants owe to the platform is pushed, so that what shops hear last is true."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from laurels.clock import business_time
from laurels.platforms.base import Discount, Platform
from laurels.platforms.console import ConsolePlatform
from laurels.services import audit
from laurels.services.outbox import Errand, OutboxReport, run, state_named
from laurels.services.runtime import Runtime
from laurels.stores import outbox
from models.outbox import Push
from models.values.outbox import Outcome

__all__ = ["OutboxReport", "PushRow", "list_pushes", "push_discounts"]


@dataclass(frozen=True, slots=True)
class PushRow:
    """One change owed to the platform and where it stands."""

    id: UUID
    grant_id: UUID
    member_id: UUID
    action: str
    percent: int
    state: str
    attempts: int
    created_at: datetime
    answer: str | None


def push_discounts(
    runtime: Runtime,
    *,
    as_of: datetime | None = None,
    platform: Platform | None = None,
    limit: int = 1000,
    actor: str | None = None,
) -> OutboxReport:
    """Push up to `limit` discounts that are due to the platform, the console by default.

    Of one member, one push at a time: ends before gives, a give only while its grant is active. A push of
    unknown outcome is repeated under the same grant, for the platform to adopt. Raises RuleRefusedError where an
    actor asks who may not.
    """
    audit.asked(runtime, actor, "discount.push", "outbox")
    now = business_time(as_of, runtime.settings.as_of)
    to = platform or ConsolePlatform()

    def call(push: Push) -> Outcome:
        discount = Discount(push.grant_id, push.member_id, push.percent)
        return to.give(discount) if push.action == "give" else to.end(discount)

    return run(
        runtime,
        Errand(
            Push,
            lambda session: outbox.due_pushes(session, now, limit),
            outbox.claim_push,
            call,
        ),
    )


def list_pushes(runtime: Runtime, state: str | None = None, limit: int = 50) -> list[PushRow]:
    """Return pushes, the newest first. Raises RuleRefusedError for an unheard-of state."""
    with runtime.database.transaction() as session:
        found = outbox.rows(session, Push, state_named(state), limit)
        return [PushRow(*(getattr(row, name) for name in PushRow.__slots__)) for row in found]
