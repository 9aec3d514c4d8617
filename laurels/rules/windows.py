"""Windows of boards: half-open stretches of the program's calendar, as instants in UTC."""

from collections.abc import Iterator
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


def spans(program: Program, period: Window, first: datetime, last: datetime) -> list[Span]:
    """Return the windows of one period that hold any instant from `first` to `last`, both included.

    A day is 23 or 25 hours long when the zone changes its clock. Activity outside a season is in no season.
    """
    if period is Window.SEASON:
        bounds = program.season_bounds
        inside = bounds is not None and first < bounds[1] and last >= bounds[0]
        return [Span(period, *bounds)] if bounds is not None and inside else []
    edge = _begin(period, first.astimezone(program.zone).date())
    return list(_walk(program, period, edge, last))


def _walk(program: Program, period: Window, edge: date, last: datetime) -> Iterator[Span]:
    while (starts_at := local_instant(edge, program.zone)) <= last:
        edge = _next(period, edge)
        yield Span(period, starts_at, local_instant(edge, program.zone))


def _begin(period: Window, day: date) -> date:
    if period is Window.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period is Window.MONTH else day


def _next(period: Window, edge: date) -> date:
    if period is Window.MONTH:
        return (edge + timedelta(days=31)).replace(day=1)
    return edge + timedelta(days=7 if period is Window.WEEK else 1)
