"""The inbox: the key for ever, the payload while it is kept, the queue while it waits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

KEY_PARTITIONS = 4
"""Hash partitions of inbox_key: kept for ever, so it grows without end."""


class InboxKey(SQLModel, table=True):
    """An event that was accepted once: its key is the first 16 bytes of SHA-256 over source and event id."""

    __tablename__ = "inbox_key"
    __table_args__ = (
        # Rows of one file lie together: where, takes a few bytes, and what a file brought is found by them.
        Index("inbox_key_intake", "intake_id", postgresql_using="brin"),
        {"postgresql_partition_by": "HASH (key)"},
    )

    key: UUID = Field(primary_key=True)
    event_id: str = Field(sa_type=Text)
    digest: bytes = Field(sa_type=LargeBinary, description="16 bytes over the canonical fields.")
    intake_id: int = Field(sa_type=BigInteger)
    line: int = Field(sa_type=BigInteger)
    revision: int = Field(
        default=0,
        sa_type=SmallInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The payload's revision with which it came: not 0 where a rejected file had brought it before.",
    )


class Payload(SQLModel, table=True):
    """What came in, typed where it could be read; revision 0 is the original, repairs count up. Immutable."""

    __tablename__ = "payload"

    key: UUID = Field(primary_key=True)
    revision: int = Field(default=0, primary_key=True, sa_type=SmallInteger)
    kind: str | None = Field(default=None, sa_type=Text)
    member_id: UUID | None = None
    occurred_at: datetime | None = None
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, sa_type=Text)
    order_id: UUID | None = None
    referred_id: UUID | None = None
    verified: bool | None = None
    problems: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    raw: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class QueueItem(SQLModel, table=True):
    """An accepted event that waits to be claimed."""

    __tablename__ = "queue_item"
    __table_args__ = (Index("queue_item_intake", "intake_id", "id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    intake_id: int = Field(sa_type=BigInteger)
    key: UUID
    revision: int = Field(default=0, sa_type=SmallInteger)
