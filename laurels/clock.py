"""The one business clock: resolved once at the edge, handed down as `as_of`."""

from datetime import UTC, datetime

from laurels.errors import RuleRefusedError


def business_time(as_of: datetime | None, fixed: datetime | None = None) -> datetime:
    """Return the time that rules go by: the caller's, else the fixed one, else now. Aware, in UTC.

    Raises RuleRefusedError for a time without a zone.
    """
    chosen = as_of or fixed or datetime.now(UTC)
    if chosen.tzinfo is None:
        raise RuleRefusedError(f"as_of {chosen.isoformat()} has no zone: write 2026-07-01T12:00:00Z")
    return chosen.astimezone(UTC)
