"""Points: what each activity earned by each rule (a view), and the ledger of entries (facts)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Award(SQLModel, table=True):
    """A view: the net points of one activity by one rule, a pure function of history and program versions."""

    __tablename__ = "award"
    __table_args__ = (Index("award_member", "program_id", "member_id"),)

    program_id: int = Field(primary_key=True)
    activity_id: UUID = Field(primary_key=True)
    rule: str = Field(primary_key=True, sa_type=Text)
    version_id: int
    member_id: UUID
    points: int = Field(sa_type=BigInteger)


class LedgerEntry(SQLModel, table=True):
    """A transfer between a member's account and the program's counter-account that `kind` names. Append-only.

    The unique key makes a repeated batch harmless: one difference per member, activity, rule and batch. (A clawback
    whose order turns out to be another member's moves from one to the other in one batch.)
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint(
            "program_id", "activity_id", "rule", "batch_id", "member_id", name="ledger_entry_once"
        ),
        CheckConstraint("account in ('pending', 'available', 'debt')", name="ledger_entry_account"),
        CheckConstraint(
            "kind in ('award', 'spend', 'expire', 'clawback', 'adjust')", name="ledger_entry_kind"
        ),
        CheckConstraint("points <> 0 and abs(points) < 9007199254740992", name="ledger_entry_points"),
        Index("ledger_entry_member", "program_id", "member_id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    program_id: int
    member_id: UUID
    account: str = Field(default="available", sa_type=Text)
    kind: str = Field(sa_type=Text)
    points: int = Field(sa_type=BigInteger)
    activity_id: UUID
    rule: str = Field(sa_type=Text)
    version_id: int
    batch_id: int = Field(sa_type=BigInteger)
    recorded_at: datetime | None = Field(
        default=None, sa_column_kwargs={"server_default": text("now()"), "nullable": False}
    )
