"""Rows that the gate refused, each with its reasons and its place, waiting for repair and replay."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class QuarantinedRow(SQLModel, table=True):
    """One refused row. `key` is empty where the row could not even be told apart into fields.

    States: open -> replaying -> replayed (it passed) | superseded (a later revision was refused, too, and
    stands open in its place); open -> dismissed | expired (nobody mended it in time) -> open (somebody wants to).
    """

    __tablename__ = "quarantined_row"
    __table_args__ = (
        CheckConstraint(
            "state in ('open', 'replaying', 'replayed', 'superseded', 'dismissed', 'expired')",
            name="quarantined_row_state",
        ),
        Index(
            "quarantined_row_event",
            "key",
            "revision",
            "digest",
            unique=True,
            postgresql_nulls_not_distinct=False,
        ),
        Index("quarantined_row_place", "intake_id", "line"),
        Index(
            "quarantined_row_unreadable",
            "intake_id",
            "line",
            "part",
            unique=True,
            postgresql_where="key is null",
        ),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    intake_id: int = Field(sa_type=BigInteger)
    line: int = Field(sa_type=BigInteger)
    part: int | None = Field(
        default=None, description="Of what could not be told apart on one line: which, from 1."
    )
    key: UUID | None = None
    revision: int = Field(default=0, sa_type=SmallInteger)
    digest: bytes | None = Field(default=None, sa_type=LargeBinary)
    batch_id: int | None = Field(default=None, sa_type=BigInteger)
    ruleset: str | None = Field(default=None, sa_type=Text)
    reasons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(default="open", sa_type=Text)
    reopened_at: datetime | None = Field(
        default=None, description="The business time at which it was taken up again: it waits from then on."
    )
    moved_to: UUID | None = Field(
        default=None,
        description="The event that it is since it was mended: a snapshot's row is what it says.",
    )
