"""History: which accepted files a new one is compared with, and what is usual among them."""

import itertools
import math
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
LATEST: Final = 12
LATEST_MIXED: Final = 30
"""Of a group the latest files count, of one that mixes weekdays a month's: a source changes in the long run."""
LAST_ALIKE: Final = 4
WIDTH: Final = 3.5 * 1.4826
"""Three and a half standard deviations of a normal distribution, by its median absolute deviation: the cut of
Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993."""
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

    def usual_rows(self, floor: Floor) -> tuple[float, float] | None:
        """Return the usual bounds of rows, by their logarithms: traffic swings by factors, and never below nothing."""
        found = self.values("volume", "")
        if len(found) < FEWEST:
            return None
        low, high = (math.exp(edge) - 1 for edge in around([math.log1p(rows) for rows in found], floor))
        for rows in _values(self.alike, "volume", ""):
            width = math.exp(floor(math.log1p(rows)))
            low, high = min(low, rows / width), max(high, rows * width)
        return low, high

    def usual(self, name: str, field: str, floor: Floor) -> tuple[float, float] | None:
        """Return the bounds of what is usual; None where too few files have the figure.

        The median, and around it five deviations, estimated by the median absolute deviation, but never less than
        the floor of it. What the last four files of this weekday had is usual too: a group may mix weekdays, and
        what somebody released is not to be held again.
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
    days = [one for one in past if one.at.weekday() == weekday]
    quarter = [one for one in past if _season(one.at) == season]
    both = [one for one in days if _season(one.at) == season]
    day, alike = f"{WEEKDAYS[weekday].capitalize()}s", tuple(days[-LAST_ALIKE:])
    if len(both) >= FEWEST:
        return _group(both[-LATEST:], f"{day} in {season}", alike)
    if len(days) >= FEWEST:
        return _group(days[-LATEST:], day, alike)
    if len(quarter) >= TEN:
        return _group(quarter[-LATEST_MIXED:], f"files in {season}", alike)
    return _group(past[-LATEST_MIXED:], "accepted files", alike)


def _group(files: Sequence[Past], called: str, alike: tuple[Past, ...]) -> Group:
    return Group(tuple(files), f"{len(files)} {called}", alike)


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
