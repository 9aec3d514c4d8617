"""Arrivals: files that mappings expect by a time, and what became of each of those moments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from laurels.clock import business_time
from laurels.errors import MappingInvalidError
from laurels.rules.arrivals import MOST, Arrived, due_moments, settle
from laurels.services.mappings import load_mapping
from laurels.services.runtime import Runtime
from laurels.stores import arrivals
from models.values.expected import Expected
from models.values.mapping import Mapping


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """One moment at which a file was expected: awaited, arrived, late or missing."""

    source: str
    mapping: str
    due_at: datetime
    state: str
    intake_id: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class ArrivalsReport:
    """What one check found: the moments whose file is missing since, and how many others were settled.

    `unread` are mapping files that cannot be read, whose expectations are therefore not known.
    """

    missing: tuple[ArrivalView, ...] = ()
    arrived: int = 0
    late: int = 0
    unread: tuple[str, ...] = ()


def check_arrivals(runtime: Runtime, as_of: datetime | None = None) -> ArrivalsReport:
    """Settle every expected moment that can be settled by now, each once; two checks at once share them out.

    Of a declaration that is new, moments count from now on. After a pause each moment that passed is made up
    for, the newest hundred of a source.
    """
    now = business_time(as_of, runtime.settings.as_of)
    mappings, unread = _mappings(runtime)
    declared = [(mapping.mapping, one) for mapping in mappings for one in mapping.expect]
    settled: list[ArrivalView] = []
    for mapping, expected in declared:
        with runtime.database.transaction() as session:
            settled += _settled(session, mapping, expected, now)
    if not unread:
        _forget(runtime, {(one.source, mapping) for mapping, one in declared})
    count = {state: sum(one.state == state for one in settled) for state in ("arrived", "late")}
    missing = tuple(one for one in settled if one.state == "missing")
    return ArrivalsReport(missing, count["arrived"], count["late"], tuple(unread))


def list_arrivals(runtime: Runtime, source: str | None = None, *, limit: int = 100) -> list[ArrivalView]:
    """Return expected moments, the newest (or still to come) first."""
    with runtime.database.transaction() as session:
        return [
            ArrivalView(one.source, one.mapping, one.due_at, one.state, one.intake_id, file)
            for one, file in arrivals.listed(session, source, limit)
        ]


def _mappings(runtime: Runtime) -> tuple[list[Mapping], list[str]]:
    """Return the mappings of the folder; one that is broken keeps no other from being checked."""
    found, unread = [], []
    for path in sorted(runtime.settings.mappings.glob("*.yaml")):
        try:
            found.append(load_mapping(path))
        except MappingInvalidError:
            unread.append(path.name)
    return found, unread


def _settled(session: Session, mapping: str, expected: Expected, now: datetime) -> Iterator[ArrivalView]:
    """Note what is due until an interval from now, and yield each moment whose state changes by it."""
    source, ahead = expected.source, now + expected.length
    last = arrivals.last_due(session, source, mapping) or now - expected.grace
    arrivals.expect(session, source, mapping, due_moments(expected, last, ahead))
    since = (
        ahead - (MOST + 1) * expected.length
    )  # what is older is past help: a file is late by an interval at most
    arrivals.forget_awaited(session, source, mapping, due_moments(expected, since, ahead))
    open_ = {one.due_at: one for one in arrivals.open_ones(session, source, mapping, since)}
    if not open_:
        return
    found = arrivals.files(session, source, mapping, min(open_) - expected.length, now)
    files = [Arrived(number, at) for number, at in found]
    for outcome in settle(expected, list(open_), files, now):
        row = open_[outcome.due_at]
        if row.state != outcome.state:
            row.state, row.intake_id = outcome.state, outcome.intake_id
            yield ArrivalView(source, mapping, outcome.due_at, outcome.state, outcome.intake_id)


def _forget(runtime: Runtime, declared: set[tuple[str, str]]) -> None:
    with runtime.database.transaction() as session:
        for source, mapping in arrivals.awaiting(session) - declared:
            arrivals.forget_awaited(session, source, mapping)
