"""Every table, loaded together: what migrations and the drift check compare the database with."""

from sqlmodel import SQLModel

from models import (
    activity,
    audit,
    batches,
    boards,
    grants,
    inbox,
    intake,
    measures,
    outbox,
    people,
    points,
    programs,
    quarantine,
    rules,
)

__all__ = [
    "activity",
    "audit",
    "batches",
    "boards",
    "grants",
    "inbox",
    "intake",
    "measures",
    "outbox",
    "people",
    "points",
    "programs",
    "quarantine",
    "rules",
]

metadata = SQLModel.metadata
