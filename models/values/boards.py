"""What members are ranked by, and over which windows."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from models.values.activity import Kind
from models.values.part import Part, Slug


class Window(StrEnum):
    """A stretch over which a board counts: calendar periods of the program's zone, or its season."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SEASON = "season"


class CountMetric(Part):
    """Score = number of activities of one kind, of the verified ones only where `when` says so."""

    count: Kind
    when: Literal["verified"] | None = None


class SumMetric(Part):
    """Score = purchase amounts less refunds, in minor units."""

    sum: Literal["amount"]
    of: Literal[Kind.PURCHASE]
    net: Literal["refunds"]


def _metric_kind(value: Any) -> str | None:
    if isinstance(value, CountMetric) or (isinstance(value, dict) and "count" in value):
        return "count metric"
    if isinstance(value, SumMetric) or (isinstance(value, dict) and "sum" in value):
        return "sum metric"
    return None


Metric = Annotated[
    Annotated[CountMetric, Tag("count metric")] | Annotated[SumMetric, Tag("sum metric")],
    Discriminator(
        _metric_kind,
        custom_error_type="metric_kind",
        custom_error_message="must be {count: referral} or {sum: amount, of: purchase, net: refunds}",
    ),
]


class Board(Part):
    """One ranking, kept once for each of its windows. A tie goes to who reached the score first."""

    board: Slug
    metric: Metric
    windows: Annotated[tuple[Window, ...], Field(min_length=1, max_length=len(Window))]
    ties: Literal["first_to_reach"] = "first_to_reach"

    @field_validator("windows")
    @classmethod
    def _each_window_once(cls, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        twice = [window for i, window in enumerate(windows) if window in windows[:i]]
        if twice:
            raise ValueError(f"{twice[0]} stands here twice")
        return windows
