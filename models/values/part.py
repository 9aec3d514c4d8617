"""What every part of a program file shares: frozen, no unknown field, names and counts within bounds."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from models.values.durations import DURATION, duration_text, read_duration
from models.values.money import AMOUNT, read_amount

MOST_POINTS: Final = 1_000_000_000


class Part(BaseModel):
    """A piece of a program. Cannot be changed; a field that nobody reads is refused rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Points = Annotated[int, Field(strict=True, ge=1, le=MOST_POINTS)]
Percent = Annotated[int, Field(strict=True, ge=1, le=100)]

Amount = Annotated[
    Decimal,
    BeforeValidator(read_amount),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str, when_used="json"),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": AMOUNT}]}
    ),
]
"""Money in whole currency units, as a decimal: 5.00 is five dollars."""

Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": DURATION, "examples": ["30m", "24h", "14d"]}),
]
"""A span of real time. A day is 24 hours, also across a change of the clocks."""
