"""Grants: a member's holding of a tier for a time. Decisions: taken once, ended, never taken again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel


class TierGrant(SQLModel, table=True):
    """One holding of one tier. Active while `ended_at` is empty: at most one per member and window."""

    __tablename__ = "tier_grant"
    __table_args__ = (
        Index(
            "tier_grant_active", "window_id", "member_id", unique=True, postgresql_where="ended_at is null"
        ),
        CheckConstraint("percent between 1 and 100", name="tier_grant_percent"),
    )

    id: UUID = Field(primary_key=True)
    program_id: int
    window_id: int
    member_id: UUID
    version_id: int
    tier: int = Field(description="The tier's last rank: 1, 5 or 10 in the sample program.")
    percent: int
    rank: int = Field(description="The rank that earned it.")
    pass_number: int = Field(sa_type=BigInteger)
    starts_at: datetime
    falling_since: datetime | None = Field(default=None, description="When the rank fell below the tier.")
    ended_at: datetime | None = None
    ended_by: str | None = Field(
        default=None, sa_type=Text, description="upgrade, downgrade, lost or withdrawn."
    )
