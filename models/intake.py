"""A file's (or feed's) arrival: where each of its rows has its place."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class Intake(SQLModel, table=True):
    """One reading of one file, with its counts and the gate's verdict on the whole of it.

    States: reading -> released -> done, or reading -> held -> released | rejected; reading -> rejected where the
    file broke off.
    """

    __tablename__ = "intake"
    __table_args__ = (
        CheckConstraint("state in ('reading', 'held', 'released', 'rejected', 'done')", name="intake_state"),
        Index("intake_digest", "source", "digest"),
        Index("intake_open", "id", postgresql_where="state = 'released'"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    source: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text, description="The file's name without its folder.")
    digest: str = Field(sa_type=Text, description="SHA-256 of the file's content, gzip undone, in hex.")
    mapping: str = Field(sa_type=Text)
    replay_of: int | None = Field(
        default=None,
        sa_type=BigInteger,
        description="The intake whose quarantined rows this one brings back; empty for a file.",
    )
    as_of: datetime = Field(description="The business time at which it came in.")
    state: str = Field(default="reading", sa_type=Text)
    rows: int = Field(default=0, sa_type=BigInteger)
    accepted: int = Field(default=0, sa_type=BigInteger)
    duplicates: int = Field(default=0, sa_type=BigInteger)
    conflicts: int = Field(default=0, sa_type=BigInteger)
    refused: int = Field(default=0, sa_type=BigInteger)
    seen_before: bool = Field(default=False, description="The same content came in earlier, under any name.")
    seen_columns: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    missing_columns: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    unknown_columns: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    duplicate_columns: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    found: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")),
        description="How it turned out to be written: encoding, delimiter, line ends, types of its columns.",
    )
    ruleset: str | None = Field(
        default=None, sa_type=Text, description="The version of the rules that its rows are judged by."
    )
    first_at: datetime | None = Field(default=None, description="The earliest time in it.")
    last_at: datetime | None = Field(
        default=None, description="The latest time in it; one ahead of the clock only where all are."
    )
    bounds: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    verdict: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
