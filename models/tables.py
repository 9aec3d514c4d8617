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
    outbox,
    people,
    points,
    programs,
    quarantine,
)

__all__ = [
    "activity",
    "audit",
    "batches",
    "boards",
    "grants",
    "inbox",
    "intake",
    "outbox",
    "people",
    "points",
    "programs",
    "quarantine",
]

metadata = SQLModel.metadata
