"""How activities earn points."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from models.values.activity import Kind
from models.values.part import Part, Points, Slug

Rate = Annotated[int, Field(strict=True, ge=1, le=1000)]


class Period(StrEnum):
    """Over what a cap adds up, per member: a day or week of the program's zone, or the whole program."""

    DAY = "day"
    WEEK = "week"
    PROGRAM = "program"


class Rounding(StrEnum):
    """What happens to parts of a point: dropped with each row, or carried to the member's next row."""

    PER_ROW = "per_row"
    CARRY = "carry"


class Cap(Part):
    """The most points that one rule gives one member in one period."""

    per: Period
    points: Points


class EarningRule(Part):
    """One way to earn: so many points for each whole currency unit, or a fixed number for each activity.

    `points_per_unit` is a rate: points = amount in minor units x rate // 10^digits, in integers.
    Refunds need no rule of their own: they claw back what their purchase earned.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["points"]}, {"required": ["points_per_unit"]}]}
    )

    rule: Slug
    on: Kind
    points_per_unit: Rate | None = None
    points: Points | None = None
    when: Literal["verified"] | None = None
    rounding: Rounding = Rounding.PER_ROW
    cap: Cap | None = None

    @field_validator("on")
    @classmethod
    def _refunds_claw_back(cls, kind: Kind) -> Kind:
        if kind is Kind.REFUND:
            raise ValueError("refund needs no rule: a refund claws back what its purchase earned")
        return kind

    @model_validator(mode="after")
    def _one_way_to_earn(self) -> Self:
        if (self.points is None) == (self.points_per_unit is None):
            raise ValueError("give exactly one of points and points_per_unit")
        return self
