"""A fenced batch: what one holder of the lease claimed, what the gate said of it, what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Lease(SQLModel, table=True):
    """Who may work on a partition or a board. Each taking over raises the fencing token."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, sa_type=Text)
    token: int = Field(sa_type=BigInteger)
    holder: str = Field(sa_type=Text)
    expires_at: datetime


class Batch(SQLModel, table=True):
    """Claimed rows of one intake. claimed -> passed | held | gate_error; passed -> applied."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint(
            "state in ('claimed', 'passed', 'held', 'gate_error', 'applied')", name="batch_state"
        ),
        Index("batch_open", "id", postgresql_where="state in ('claimed', 'passed')"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    intake_id: int | None = Field(
        default=None, sa_type=BigInteger, index=True, description="Empty: a recompute."
    )
    token: int = Field(sa_type=BigInteger, description="The lease's token when it was claimed or taken over.")
    holder: str | None = Field(
        default=None,
        sa_type=Text,
        description="Who held it then: flow-run:ID, or host:process. Empty: not kept.",
    )
    state: str = Field(default="claimed", sa_type=Text)
    rows: int = Field(default=0)
    passed: int = Field(default=0)
    quarantined: int = Field(default=0)
    digest: str | None = Field(default=None, sa_type=Text, description="MD5 over the payloads that passed.")
    ruleset: str | None = Field(default=None, sa_type=Text)
    verdict: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))


class BatchItem(SQLModel, table=True):
    """A claimed row, until its batch is applied."""

    __tablename__ = "batch_item"

    batch_id: int = Field(primary_key=True, sa_type=BigInteger)
    key: UUID = Field(primary_key=True)
    revision: int = Field(default=0, sa_type=SmallInteger)
