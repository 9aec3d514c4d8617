"""Expectations: what the figures of a file must keep within, by what is declared and by the files before it."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from laurels.rules.history import TEN, Group, grown, interval_hours
from laurels.rules.tallies import AHEAD
from models.values.bounds import Bounds
from models.values.measure import Expectation, Figure, Past

DECLARED: Final = "declared by the mapping"
_OLDEST_AHEAD = -AHEAD.total_seconds() / 3600
_RATE, _ROWS = 0.05, 3
"""A share that a rate may rise by, and a number of rows: of ten rows one is a tenth."""
_ENOUGH = 100
_HALF_OF_NORMAL = 5 * 1.2533  # five standard errors of a median
_THIRD = math.log(1.35)  # of the rows, more or less; of few rows four times what chance makes of their number
_OPEN = (None, None)

Limits = tuple[float | None, float | None]


def expect(
    figure: Figure, bounds: Bounds, past: Sequence[Past], group: Group | None, *, snapshot: bool
) -> Expectation:
    """Return what a figure must keep within.

    What is declared holds always; from ten accepted files on (`group` is then there) history narrows it to what is
    usual among comparable files. Drifts of columns are judged by `columns`.
    """
    declared = _declared(figure, bounds)
    found = _usual(figure, bounds, past, group, snapshot=snapshot) if group and bounds.history else None
    if found is None:
        few = (
            ""
            if group or not bounds.history
            else f"history counts from {TEN} accepted files, there are {len(past)}"
        )
        told = DECLARED if declared != _OPEN else ""
        return Expectation(*declared, basis="; ".join(filter(None, (told, few))))
    (low, high), called = found
    narrow = _larger(declared[0], low), _smaller(declared[1], high)
    return Expectation(*narrow, basis=called if narrow != declared else DECLARED)


def columns(figure: Figure, bounds: Bounds, past: int, *, header: bool) -> Expectation:
    """Return what a change of a column means: it holds the file, or is only told.

    JSON has no header, its keys come and go: there ten files must speak for a column. Of few rows a type says little.
    """
    what = figure.name.removeprefix("column_")
    holds = what in bounds.hold_for and (past >= TEN or (header and what == "renamed"))
    holds = holds and (what != "retyped" or figure.rows >= _ENOUGH)
    return Expectation(high=0.0, severity="critical" if holds else "warning", basis=figure.told)


def _declared(figure: Figure, bounds: Bounds) -> Limits:
    age = bounds.max_age
    declared: dict[str, Limits] = {
        "volume": (bounds.min_rows, bounds.max_rows),
        "duplicate_rate": (None, bounds.max_duplicate_rate),
        "refused_rate": (None, bounds.max_refused_rate),
        "null_rate": (None, bounds.max_null_rates.get(figure.field)),
        "freshness": (_OLDEST_AHEAD, age.total_seconds() / 3600) if age else _OPEN,
    }
    return declared.get(figure.name, _OPEN)


def _usual(
    figure: Figure, bounds: Bounds, past: Sequence[Past], group: Group, *, snapshot: bool
) -> tuple[Limits, str] | None:
    if figure.name == "volume":
        return _usual_volume(past, group, snapshot=snapshot)
    if figure.name.endswith("_drift"):
        return _usual_drift(figure, bounds, group)
    usual = group.usual(figure.name, figure.field, _floor(figure, past))
    if usual is None:
        return None
    low, high = usual
    limits: Limits = (None, min(high, 1.0))
    if figure.name == "freshness":
        limits = (_OLDEST_AHEAD, high)
    elif figure.name == "amount_median":
        limits = (low, high)
    elif (
        figure.name == "duplicate_rate" and snapshot
    ):  # a longer export repeats the last: if not, ids have changed
        limits = (max(low, 0.0), 1.0)
    return limits, group.called


def _usual_volume(past: Sequence[Past], group: Group, *, snapshot: bool) -> tuple[Limits, str] | None:
    if growth := grown(past, 0.1 if snapshot else 0.3):
        return growth, f"intake {past[-1].intake_id} before it, and how the last {TEN - 1} grew"
    usual = group.usual_rows(lambda power: max(_THIRD, 4 * math.exp(-power / 2)))
    return (usual, group.called) if usual else None


def _usual_drift(figure: Figure, bounds: Bounds, group: Group) -> tuple[Limits, str] | None:
    """Bound an index by convention, by what chance makes of so few rows (`spread`), and by how it swings here."""
    if figure.value is None:
        return None
    allowed = bounds.max_category_drift if figure.name == "category_drift" else bounds.max_amount_drift
    usual = group.usual(figure.name, figure.field, lambda _: 0.0)
    return (None, max(allowed, figure.spread, usual[1] if usual else 0.0)), f"the mix of {group.called}"


def _floor(figure: Figure, past: Sequence[Past]) -> Callable[[float], float]:
    if figure.name == "freshness":
        hours = max(1.0, 0.75 * interval_hours(past))  # what is older by a whole interval came already
        return lambda _: hours
    if figure.name == "amount_median":
        width = max(1.0, _HALF_OF_NORMAL * figure.spread / math.sqrt(max(figure.rows, 1)))
        return lambda _: width
    rows = max(figure.rows, 1)
    return lambda rate: max(_RATE, _ROWS / rows, 5 * math.sqrt(max(rate * (1 - rate), 0.0) / rows))


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _smaller(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)
