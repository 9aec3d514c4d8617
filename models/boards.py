"""Boards: windows in time, each member's standing in one, and the marks that say what changed."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class BoardWindow(SQLModel, table=True):
    """One window of one board, half-open in UTC; `pass_number` counts what its reconciler published."""

    __tablename__ = "board_window"
    __table_args__ = (UniqueConstraint("program_id", "board", "period", "starts_at"),)

    id: int | None = Field(default=None, sa_column=Column(Integer, Identity(always=True), primary_key=True))
    program_id: int = Field(foreign_key="program.id")
    board: str = Field(sa_type=Text)
    period: str = Field(sa_type=Text, description="day, week, month or season.")
    starts_at: datetime
    ends_at: datetime
    pass_number: int = Field(default=0, sa_type=BigInteger)
    view: UUID = Field(
        default_factory=uuid4,
        sa_column_kwargs={"server_default": text("gen_random_uuid()")},
        description="Its name in Redis: ids begin at 1 in every database, and a Redis may have served another.",
    )


class Standing(SQLModel, table=True):
    """A view: a member's score in a window and when it was reached. The rank follows from the order."""

    __tablename__ = "standing"
    __table_args__ = (Index("standing_rank", "window_id", "score", "reached_at", "member_id"),)

    window_id: int = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    score: int = Field(sa_type=BigInteger)
    reached_at: datetime


class DirtyStanding(SQLModel, table=True):
    """A mark: this standing changed and is not yet reconciled. Removed by the pass that takes it."""

    __tablename__ = "dirty_standing"
    __table_args__ = (Index("dirty_standing_window", "window_id"),)

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    window_id: int
    member_id: UUID
