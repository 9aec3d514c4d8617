"""The outbox: what is owed to platforms and members, written in the transaction that owes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Push(SQLModel, table=True):
    """One change owed to an e-commerce platform: a discount to put up or to end. One per member in flight."""

    __tablename__ = "push"
    __table_args__ = (
        CheckConstraint(
            "state in ('pending', 'sending', 'accepted', 'rejected', 'unknown', 'superseded')",
            name="push_state",
        ),
        Index("push_due", "created_at", postgresql_where="state in ('pending', 'unknown')"),
        Index("push_of_member", "member_id", postgresql_where="state in ('pending', 'sending', 'unknown')"),
        Index("push_in_flight", "member_id", unique=True, postgresql_where="state = 'sending'"),
        Index("push_once", "grant_id", "action", unique=True),
    )

    id: UUID = Field(primary_key=True)
    grant_id: UUID
    member_id: UUID
    action: str = Field(sa_type=Text, description="give or end.")
    percent: int
    state: str = Field(default="pending", sa_type=Text)
    attempts: int = Field(default=0)
    created_at: datetime
    claimed_at: datetime | None = None
    answer: str | None = Field(default=None, sa_type=Text)


class Delivery(SQLModel, table=True):
    """One message to one member on one channel, with its state. The id is what a provider echoes."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(
            "state in ('pending', 'sending', 'accepted', 'rejected', 'unknown', 'superseded')",
            name="delivery_state",
        ),
        Index("delivery_due", "created_at", postgresql_where="state = 'pending'"),
        Index("delivery_in_flight", "claimed_at", postgresql_where="state = 'sending'"),
        Index("delivery_once", "grant_id", "channel", "template", unique=True),
    )

    id: UUID = Field(primary_key=True)
    grant_id: UUID
    member_id: UUID
    channel: str = Field(sa_type=Text)
    template: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    state: str = Field(default="pending", sa_type=Text)
    attempts: int = Field(default=0)
    created_at: datetime
    claimed_at: datetime | None = None
    answer: str | None = Field(default=None, sa_type=Text)
