"""What a file was like as a whole: counts that add up while it is read, and what they are judged by."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel


class Tally(SQLModel, table=True):
    """How often something occurred in one file: `what` is counted, `item` is the one of its kind.

    Counts of files add up: amounts are counted by currency and power of two, whose sums are distributions.
    """

    __tablename__ = "tally"

    intake_id: int = Field(primary_key=True, sa_type=BigInteger)
    what: str = Field(primary_key=True, sa_type=Text)
    item: str = Field(primary_key=True, sa_type=Text)
    count: int = Field(sa_type=BigInteger)


class Measure(SQLModel, table=True):
    """One figure of one file, and the bounds that it is judged by; without bounds it is only remembered."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("severity in ('critical', 'warning', 'info')", name="measure_severity"),
    )

    intake_id: int = Field(primary_key=True, sa_type=BigInteger)
    name: str = Field(primary_key=True, sa_type=Text)
    field: str = Field(
        primary_key=True, sa_type=Text, description="The field it is of; empty: of the whole file."
    )
    value: float | None = None
    low: float | None = None
    high: float | None = None
    severity: str = Field(default="critical", sa_type=Text)
    basis: str = Field(
        default="", sa_type=Text, description="What the bounds are from: declared, or which history."
    )


class Arrival(SQLModel, table=True):
    """One moment at which a file of a source is expected, and what became of it."""

    __tablename__ = "arrival"
    __table_args__ = (
        CheckConstraint("state in ('awaited', 'arrived', 'late', 'missing')", name="arrival_state"),
        Index("arrival_open", "due_at", postgresql_where="state in ('awaited', 'missing')"),
    )

    source: str = Field(primary_key=True, sa_type=Text)
    mapping: str = Field(primary_key=True, sa_type=Text)
    due_at: datetime = Field(primary_key=True)
    state: str = Field(default="awaited", sa_type=Text)
    intake_id: int | None = Field(default=None, sa_type=BigInteger)
