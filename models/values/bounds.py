"""Bounds: what a file must keep within as a whole, as its mapping declares it."""

from typing import Annotated, Literal

from pydantic import Field

from models.values.part import Duration, Part

Rate = Annotated[float, Field(ge=0, le=1)]
Drift = Annotated[float, Field(gt=0, le=100)]
ColumnDrift = Literal["added", "missing", "renamed", "reordered", "retyped"]


class Bounds(Part):
    """What a batch must keep within, judged by the gate; reading stops beyond `max_rows`.

    What is declared here holds at all times. Once ten files of a source were accepted, its history narrows it, unless
    `history` is false. A drift is a population stability index (`laurels.rules.drift`); `hold_for` says which changes
    of the columns hold a file, the others are told. Of a snapshot all may be duplicates by default. A file of
    more than `max_bytes`, gzip undone, is not read at all.
    """

    min_rows: int = Field(default=1, ge=0)
    max_rows: int = Field(default=100_000_000, ge=1)
    max_bytes: int = Field(default=64 << 30, ge=1)
    max_duplicate_rate: Rate = 0.5
    max_refused_rate: Rate = 0.5
    max_age: Duration | None = None
    max_null_rates: dict[str, Rate] = Field(default_factory=dict)
    max_category_drift: Drift = 0.25
    max_amount_drift: Drift = 0.25
    hold_for: tuple[ColumnDrift, ...] = ("missing", "renamed", "retyped")
    history: bool = True
