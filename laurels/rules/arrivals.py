"""Arrivals: when files are due, and which file is which due one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models.values.expected import WEEKDAYS, Expected

MOST: Final = 100
"""Moments of one declaration that one check makes up for: after a long pause the newest."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came in, at its business time."""

    intake_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one due moment."""

    due_at: datetime
    state: str
    intake_id: int | None = None


def due_moments(expected: Expected, after: datetime, until: datetime, most: int = MOST) -> list[datetime]:
    """Return the moments in (after, until] at which a file is due, in UTC; of more than `most` the newest.

    A time of the clock that a day does not have comes with the hour after it; one that a day has twice counts the
    first time. An hourly one comes whenever the zone's clock shows its minutes.
    """
    after = max(after, until - (most + 1) * expected.length)
    found = _hourly(expected, after, until) if expected.every == "hour" else _daily(expected, after, until)
    return [moment for moment in found if after < moment <= until][-most:]


def _hourly(expected: Expected, after: datetime, until: datetime) -> Iterable[datetime]:
    zone, minute = ZoneInfo(expected.zone), expected.clock.minute
    moment = after.replace(second=0, microsecond=0)
    while moment <= until:
        moment += timedelta(minutes=(minute - moment.astimezone(zone).minute) % 60)
        yield moment
        moment += _HOUR


def _daily(expected: Expected, after: datetime, until: datetime) -> Iterable[datetime]:
    zone = ZoneInfo(expected.zone)
    day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        if expected.on is None or WEEKDAYS[day.weekday()] == expected.on:
            yield datetime.combine(day, expected.clock, zone).astimezone(UTC)
        day += timedelta(days=1)


def settle(
    expected: Expected, due: Sequence[datetime], files: Sequence[Arrived], as_of: datetime
) -> list[Outcome]:
    """Return what is known by now of each open due moment; each file is one moment's at most.

    A file is the one that is due next if it comes in time, from a quarter of the interval before; else the
    earliest that is late, by an interval at most; else none: a second file of today is not tomorrow's. What is not
    there when its grace has passed is missing; a late file is still that file.
    """
    open_, outcomes = sorted(due), dict[datetime, Outcome]()
    for file in sorted(files, key=lambda one: (one.at, one.intake_id)):
        moment = _moment_of(expected, [one for one in open_ if one not in outcomes], file.at)
        if moment is not None:
            state = "arrived" if file.at <= moment + expected.grace else "late"
            outcomes[moment] = Outcome(moment, state, file.intake_id)
    for moment in open_:
        state = "missing" if as_of > moment + expected.grace else "awaited"
        outcomes.setdefault(moment, Outcome(moment, state))
    return [outcomes[moment] for moment in open_]


def _moment_of(expected: Expected, due: Sequence[datetime], at: datetime) -> datetime | None:
    length, grace = expected.length, expected.grace
    in_time = (one for one in due if one - length / 4 < at <= one + grace)
    late = (one for one in due if one + grace < at <= one + length)
    return next((one for found in (in_time, late) for one in found), None)
