"""Programs, their immutable versions, and which version each activity counts under."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Identity, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ProgramRecord(SQLModel, table=True):
    """One promotion programme."""

    __tablename__ = "program"

    id: int | None = Field(default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True))
    name: str = Field(sa_type=Text, unique=True)


class ProgramVersion(SQLModel, table=True):
    """What a program said from a time on. Immutable."""

    __tablename__ = "program_version"
    __table_args__ = (
        UniqueConstraint("program_id", "number"),
        UniqueConstraint("program_id", "effective_from"),
    )

    id: int | None = Field(default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True))
    program_id: int = Field(foreign_key="program.id")
    number: int
    effective_from: datetime
    digest: str = Field(sa_type=Text, description="SHA-256 over the canonical JSON of `body`.")
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Participation(SQLModel, table=True):
    """An activity within a program: the version effective when it occurred, and its day in the program's zone."""

    __tablename__ = "participation"
    __table_args__ = (Index("participation_member", "program_id", "member_id", "kind", "day"),)

    program_id: int = Field(primary_key=True)
    activity_id: UUID = Field(primary_key=True)
    version_id: int
    member_id: UUID
    kind: str = Field(sa_type=Text)
    day: date
