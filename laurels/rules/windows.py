"""Windows of boards: half-open stretches of the program's calendar, as instants in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.values.boards import Window
from models.values.program import Program
from models.values.season import local_instant


@dataclass(frozen=True, slots=True)
class Span:
    """One window: start <= t < end."""

    period: Window
    starts_at: datetime
    ends_at: datetime


def spans(program: Program, period: Window, days: Iterable[date]) -> list[Span]:
    """Return the windows of one period that hold any of the days of the program's zone, in order.

    A day is 23 or 25 hours long when the zone changes its clock. A season is one window, whatever the days.
    """
    if period is Window.SEASON:
        bounds = program.season_bounds
        return [Span(period, *bounds)] if bounds is not None and any(True for _ in days) else []
    zone = program.zone
    edges = sorted({_begin(period, day) for day in days})
    return [
        Span(period, local_instant(edge, zone), local_instant(_next(period, edge), zone)) for edge in edges
    ]


def _begin(period: Window, day: date) -> date:
    if period is Window.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period is Window.MONTH else day


def _next(period: Window, edge: date) -> date:
    if period is Window.MONTH:
        return (edge + timedelta(days=31)).replace(day=1)
    return edge + timedelta(days=7 if period is Window.WEEK else 1)
