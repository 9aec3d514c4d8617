"""When files of a source are expected: each day, week or hour by a time of a zone's clock."""

import re
from datetime import time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from models.values.part import Duration, Part

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone") from error
    return name


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f'{text!r} is no time of day: write "06:00", in quotes')
    return text


Zone = Annotated[str, AfterValidator(_known_zone)]


class Expected(Part):
    """A file of this source is due every day (week, hour) by a time of the zone's clock; `grace` later it is missing.

    Of an hourly one only the minutes of `by` count. A weekly one says on which day.
    """

    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    every: Literal["hour", "day", "week"] = "day"
    by: Annotated[str, AfterValidator(_clock)]
    on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    grace: Duration = Field(default=timedelta(hours=1), validate_default=True)
    zone: Zone = "UTC"

    @property
    def clock(self) -> time:
        """Return `by` as a time of day."""
        return time.fromisoformat(self.by)

    @property
    def length(self) -> timedelta:
        """Return the usual time from one file to the next; a change of the clocks makes one of them differ."""
        return LENGTHS[self.every]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.every == "week") != (self.on is not None):
            raise ValueError("on: name a weekday for a weekly file, and only for one")
        if self.grace >= self.length:
            raise ValueError(f"grace: is shorter than the {self.every} until the next file is due")
        return self
