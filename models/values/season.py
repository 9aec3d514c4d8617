"""A season's bounds: local times of the program's zone, from the start until just before the end."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from models.values.part import Part

LOCAL: Final = r"^(19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$"
YEARS: Final = range(1970, 2100)


def read_local(value: object) -> date:
    """Return a local date or datetime from 2026-06-01 or 2026-06-01T18:00. Raises ValueError otherwise."""
    if isinstance(value, str):
        value = _parse_local(value)
    if not isinstance(value, date):
        raise ValueError("must be a local date or time: 2026-06-01 or 2026-06-01T18:00")  # noqa: TRY004 - Pydantic collects ValueError
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ValueError("is a local time of the program's zone: give it without an offset")
    if isinstance(value, datetime) and value.microsecond:
        raise ValueError("must be in whole seconds")
    if value.year not in YEARS:
        raise ValueError(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return value


def _parse_local(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)", text, re.ASCII):
        raise ValueError("is a local time of the program's zone: give it without an offset")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?", text, re.ASCII):
        raise ValueError("must be a local date or time: 2026-06-01 or 2026-06-01T18:00")
    try:
        return date.fromisoformat(text) if len(text) == len("2026-06-01") else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text} is no date: {error}") from None


LocalTime = Annotated[
    date,
    PlainValidator(read_local),
    PlainSerializer(lambda value: value.isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": LOCAL, "examples": ["2026-06-01", "2026-06-01T18:00"]}),
]


class Season(Part):
    """When the promotion runs. `ends` is the first moment after it: 2026-09-01 includes all of 31 August."""

    starts: LocalTime
    ends: LocalTime


def local_instant(local: date, zone: ZoneInfo) -> datetime:
    """Return the instant in UTC; a date means its first moment in the zone."""
    if not isinstance(local, datetime):
        local = datetime.combine(local, time())
    return local.replace(tzinfo=zone).astimezone(UTC)
