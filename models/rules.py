"""Rule sets: what the gate went by, kept under the version that each quarantined row names."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Ruleset(SQLModel, table=True):
    """The rules of the gate as they were once; the version is a digest of them. Never changed."""

    __tablename__ = "ruleset"

    version: str = Field(primary_key=True, sa_type=Text)
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recorded_at: datetime | None = Field(
        default=None, nullable=False, sa_column_kwargs={"server_default": text("now()")}
    )
