"""Who asked for what: an actor with a role, and a row for each write that a person asks for."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Actor(SQLModel, table=True):
    """Someone who may ask for writes."""

    __tablename__ = "actor"
    __table_args__ = (CheckConstraint("role in ('viewer', 'editor', 'admin')", name="actor_role"),)

    name: str = Field(primary_key=True, sa_type=Text)
    role: str = Field(sa_type=Text)


class AuditEntry(SQLModel, table=True):
    """One write that a person asked for: who, what, on what, before and after, why. Append-only."""

    __tablename__ = "audit_entry"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    actor: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    reason: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime | None = Field(
        default=None, sa_column_kwargs={"server_default": text("now()"), "nullable": False}
    )
