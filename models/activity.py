"""An activity that counts: immutable, accepted once, for every program whose rules take it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, Text
from sqlmodel import Field, SQLModel


class Activity(SQLModel, table=True):
    """One thing that one member did. Its id is its inbox key, so order of arrival leaves no trace in it."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("activity_member", "member_id", "kind", "occurred_at"),
        Index("activity_order", "order_id", postgresql_where="order_id is not null"),
    )

    id: UUID = Field(primary_key=True)
    member_id: UUID | None = Field(default=None, description="Empty only where it is the order's: a refund.")
    kind: str = Field(sa_type=Text)
    occurred_at: datetime
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, sa_type=Text)
    order_id: UUID | None = None
    referred_id: UUID | None = None
    verified: bool | None = None
    revision: int = Field(default=0, sa_type=SmallInteger)
    batch_id: int = Field(sa_type=BigInteger)


class Settlement(SQLModel, table=True):
    """A view: one part of a refund and the purchase that covers it; a refund that finds none has one part (parked)."""

    __tablename__ = "settlement"
    __table_args__ = (Index("settlement_member", "member_id", "ordered_at"),)

    activity_id: UUID = Field(primary_key=True, description="The refund.")
    part: int = Field(
        primary_key=True, description="Counts the refund's parts from 0, the oldest purchase first."
    )
    purchase_id: UUID | None = None
    matched_minor: int = Field(sa_type=BigInteger)
    member_id: UUID | None = Field(default=None, description="The purchase's member.")
    ordered_at: datetime | None = Field(default=None, description="When the purchase occurred: its windows.")
