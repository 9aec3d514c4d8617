"""History: which accepted files a new one is compared with, and what is usual among them."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from models.values.expected import WEEKDAYS
from models.values.measure import Past

TEN: Final = 10
"""Accepted files from which on history speaks; until then only what is declared."""
FEWEST: Final = 8
"""Files of a weekday or a season from which on they stand for it."""
LAST_ALIKE: Final = 4
WIDTH: Final = 5 * 1.4826
"""Five standard deviations of a normal distribution, by its median absolute deviation."""
_SEASONS = ("winter", "spring", "summer", "autumn")

Floor = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Group:
    """Comparable files, the oldest first, and what they are called; `alike` are the last ones of the same weekday."""

    files: tuple[Past, ...]
    called: str
    alike: tuple[Past, ...] = ()

    def values(self, name: str, field: str) -> list[float]:
        """Return what a figure was, in the files that have it."""
        return _values(self.files, name, field)

    def usual(self, name: str, field: str, floor: Floor) -> tuple[float, float] | None:
        """Return the bounds of what is usual; None where too few files have the figure.

        The median, and around it five deviations, estimated by the median absolute deviation, but never less than
        the floor of it. Where the group mixes weekdays, what the last four files of this weekday had is usual too.
        """
        found = self.values(name, field)
        if len(found) < FEWEST:
            return None
        low, high = around(found, floor)
        for value in _values(self.alike, name, field):
            low, high = min(low, value - floor(value)), max(high, value + floor(value))
        return low, high


def around(values: Sequence[float], floor: Floor) -> tuple[float, float]:
    """Return the bounds around the median of some values."""
    middle = median(values)
    width = max(WIDTH * median(abs(value - middle) for value in values), floor(middle))
    return middle - width, middle + width


def comparables(past: Sequence[Past], at: datetime) -> Group | None:
    """Return the narrowest group of past files (the oldest first) that is large enough; None of fewer than ten.

    Same season and weekday, else same weekday, else same season, else all. Seasons are quarters that begin
    with December; days are those of the zone that the times are in.
    """
    if len(past) < TEN:
        return None
    season, weekday = _season(at), at.weekday()
    day, days = WEEKDAYS[weekday].capitalize(), [one for one in past if one.at.weekday() == weekday]
    quarter = [one for one in past if _season(one.at) == season]
    both = [one for one in days if _season(one.at) == season]
    alike = tuple(days[-LAST_ALIKE:])
    if len(both) >= FEWEST:
        return Group(tuple(both), f"{len(both)} {day}s in {season}")
    if len(days) >= FEWEST:
        return Group(tuple(days), f"{len(days)} {day}s")
    if len(quarter) >= TEN:
        return Group(tuple(quarter), f"{len(quarter)} files in {season}", alike)
    return Group(tuple(past), f"{len(past)} accepted files", alike)


def grown(past: Sequence[Past], tolerance: float) -> tuple[float, float] | None:
    """Return bounds of the rows of a file whose source grows from file to file; None where it does not.

    It grows where of the last ten files at most one was smaller than the one before it. The new one is then
    compared with the last, and with how the last nine grew: `tolerance` of the last is always allowed.
    """
    rows = _values(past, "volume", "")[-TEN:]
    if len(rows) < TEN or rows[-1] <= rows[0] or min(rows) <= 0:
        return None
    steps = list(itertools.pairwise(rows))
    if sum(after < before for before, after in steps) > 1:
        return None
    last = rows[-1]
    low, high = around([after / before for before, after in steps], lambda _: tolerance + last**-0.5)
    return last * min(low, 1 - tolerance), last * max(high, 1 + tolerance)


def interval_hours(past: Sequence[Past]) -> float:
    """Return the usual time from one file to the next."""
    gaps = [(b.at - a.at).total_seconds() / 3600 for a, b in itertools.pairwise(past)]
    return max(median(gaps), 0.0) if gaps else 0.0


def _values(files: Sequence[Past], name: str, field: str) -> list[float]:
    found = (one.value(name, field) for one in files)
    return [value for value in found if value is not None]


def _season(at: datetime) -> str:
    return _SEASONS[at.month % 12 // 3]
