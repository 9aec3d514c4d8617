"""Spans of time as people write them: 30m, 24h, 14d."""

import re
from datetime import timedelta
from typing import Final

DURATION: Final = r"^[1-9][0-9]{0,5}[mhd]$"
LONGEST: Final = timedelta(days=3660)
UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def read_duration(value: object) -> timedelta:
    """Return the span that a text like 24h says; a positive timedelta of whole minutes passes as it is.

    Raises ValueError for anything else, and beyond ten years.
    """
    if isinstance(value, timedelta):
        span = value
    elif isinstance(value, str) and re.fullmatch(DURATION[1:-1], value):
        span = int(value[:-1]) * UNITS[value[-1]]
    else:
        raise ValueError("must be a whole number and a unit, like 30m, 24h or 14d")
    if span <= timedelta(0) or span % UNITS["m"]:
        raise ValueError("must be one minute or more, in whole minutes")
    if span > LONGEST:
        raise ValueError("must be at most 3660d")
    return span


def duration_text(span: timedelta) -> str:
    """Write a span of whole minutes in its largest unit: 1d for 24 hours, 90m for one and a half."""
    unit = next(name for name in "dhm" if not span % UNITS[name])
    return f"{span // UNITS[unit]}{unit}"
