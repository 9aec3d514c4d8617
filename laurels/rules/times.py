"""Times: from what a file says to an aware time in UTC."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.values.mapping import TimeColumn
from models.values.problem import Problem

_CACHED = 65_536
_LONGEST = 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1970, 2101)
# Python reads more than is meant (week dates, any sign between date and time), so the shape is checked first.
_ISO = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2}|[0-9]{4})([Tt ][0-9:.,]+ ?([Zz]|[+-][0-9:]+)?)?")
_SECONDS = re.compile(r"-?[0-9]+(\.[0-9]{1,6}0*)?")

Reading = tuple[datetime | None, Problem | None]


def time_reader(declared: TimeColumn) -> Callable[[object], Reading]:
    """Return the function from a column's value to a time in UTC, or the problem with it; empty is a problem.

    A naive time goes by the declared zone. In the repeated hour `fold` says which of the two it is; in the
    missing hour `forward` moves it on by the gap (02:30 is read as 03:30). Years 1970 to 2100 are in range.
    """
    parse = _parser(declared.format)
    in_zone = _zone_reader(declared)

    @lru_cache(maxsize=_CACHED, typed=True)  # typed: True, 1 and 1.0 are equal but not the same reading
    def read(value: object) -> Reading:
        try:
            moment = parse(value)
            if moment is None:
                return None, Problem.TIME_UNREADABLE
            return in_zone(moment) if moment.tzinfo is None else _ranged(moment)
        except OverflowError:
            return None, Problem.TIME_OUT_OF_RANGE
        except (ValueError, ArithmeticError):
            return None, Problem.TIME_UNREADABLE

    def read_any(value: object) -> Reading:
        if isinstance(value, str):
            if not value or value.isspace():
                return None, Problem.TIME_MISSING
            return read(value) if len(value) <= _LONGEST else (None, Problem.TIME_UNREADABLE)
        if value is None:
            return None, Problem.TIME_MISSING
        return (
            read(value)
            if isinstance(value, int | float | Decimal | date)
            else (None, Problem.TIME_UNREADABLE)
        )

    return read_any


def naive_or_aware(text: str, pattern: str) -> datetime | None:
    """Return a text's time by a mapping's format as it is written, with a zone or without; None where it is none."""
    try:
        return _parser(pattern)(text) if text and len(text) <= _LONGEST else None
    except (ValueError, ArithmeticError):
        return None


def _ranged(moment: datetime) -> Reading:
    utc = moment.astimezone(UTC)
    return (utc, None) if utc.year in _YEARS else (None, Problem.TIME_OUT_OF_RANGE)


def _zone_reader(declared: TimeColumn) -> Callable[[datetime], Reading]:
    if declared.zone is None:
        return lambda _: (None, Problem.TIME_WITHOUT_ZONE)
    zone = ZoneInfo(declared.zone)

    def read(naive: datetime) -> Reading:
        first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        if before is None or after is None or before == after:
            return _ranged(first)
        if before > after:  # the clock went back: this hour came twice
            return _ranged(first if declared.fold == "first" else second)
        if declared.gap == "refuse":  # the clock went forward: there was no such hour
            return None, Problem.TIME_IN_GAP
        return _ranged(first)  # the offset before the gap lands just past it

    return read


def _parser(pattern: str) -> Callable[[object], datetime | None]:
    if pattern == "iso":
        return lambda value: _typed(value) or _iso(str(value).strip())
    if pattern in {"unix", "unix_ms"}:
        thousandths = 1000 if pattern == "unix" else 1
        return lambda value: _typed(value) or _unix(value, thousandths)
    return lambda value: _typed(value) or datetime.strptime(str(value).strip(), pattern)  # noqa: DTZ007 (zone is declared)


def _typed(value: object) -> datetime | None:
    """Take what Parquet has already read as a time; a bare date is its midnight."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001 (zone is declared)


def _iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text.upper()) if _ISO.fullmatch(text) else None


def _unix(value: object, thousandths: int) -> datetime | None:
    if isinstance(value, bool) or not _SECONDS.fullmatch(text := str(value).strip()):
        return None
    return EPOCH + timedelta(microseconds=int(Decimal(text) * thousandths * 1000))
