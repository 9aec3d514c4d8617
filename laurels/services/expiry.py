"""Expiry: rows that nobody mended in time are closed, and taken up again by who still wants to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from laurels.clock import business_time
from laurels.errors import RuleRefusedError
from laurels.services import audit
from laurels.services.refusals import require, subject
from laurels.services.runtime import Runtime
from laurels.stores import quarantine
from models.audit import Actor

FLOW: Final = Actor(name="laurels.nightly", role="flow")
"""Who closes rows at night: no person, and in no list of those who may ask for writes."""
_CLOSED: Final = ("expired", "dismissed")


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """How many rows were closed, and the business time before which they had come."""

    expired: int
    before: datetime


@dataclass(frozen=True, slots=True)
class ReopenReport:
    """What waits again, and the state of what was not closed."""

    reopened: tuple[int, ...]
    skipped: dict[int, str]


def expire(
    runtime: Runtime,
    *,
    older_than: timedelta,
    actor: str | None = None,
    reason: str | None = None,
    as_of: datetime | None = None,
) -> ExpiryReport:
    """Close open rows that wait longer than `older_than` by the business clock, each with its entry in the audit.

    A row waits since its file came in, since the replay that was refused again, or since it was reopened. Nothing of
    it is deleted. Takes an editor; without an actor it is the nightly flow that asks. Raises RuleRefusedError for a
    span that is not above zero.
    """
    if older_than <= timedelta():
        raise RuleRefusedError("what came in just now cannot expire: name a span above zero")
    before = business_time(as_of, runtime.settings.as_of) - older_than
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR) if actor is not None else FLOW
        days = timedelta(days=older_than.days)
        why = reason or f"waited longer than {f'{days.days} days' if older_than == days else older_than}"
        return ExpiryReport(quarantine.expire(session, before, by, why), before)


def reopen(
    runtime: Runtime,
    ids: Sequence[int],
    *,
    actor: str,
    reason: str | None = None,
    as_of: datetime | None = None,
) -> ReopenReport:
    """Let rows wait again that expired or were dismissed; their time counts anew. Takes an editor.

    Raises NotFoundError for a number that is none, RuleRefusedError for a row of a rejected file: its events are free
    and may have come in again.
    """
    now = business_time(as_of, runtime.settings.as_of)
    with runtime.database.transaction() as session:
        by = audit.authorise(session, actor, audit.Role.EDITOR)
        rows = quarantine.locked(session, ids)
        require(rows, ids)
        closed = [row for row in rows if row.state in _CLOSED]
        if rejected := [row for row in closed if row.intake_state == "rejected"]:
            raise RuleRefusedError(f"row {rejected[0].id}: its file was rejected: send it again")
        quarantine.reopen(session, [row.id for row in closed], now)
        for row in closed:
            before, after = {"state": row.state}, {"state": "open"}
            audit.record(
                *(session, by, "quarantine.reopen", subject(row.id)),
                before=before,
                after=after,
                reason=reason,
            )
    skipped = {row.id: row.state for row in rows if row.state not in _CLOSED}
    return ReopenReport(tuple(row.id for row in closed), skipped)
