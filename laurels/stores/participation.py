"""Participation: which activities count in a program, under which version, on which of its days."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from laurels.stores import working
from laurels.stores.database import driver
from models.values.activity import Kind
from models.values.boards import CountMetric
from models.values.program import Program

_FOREVER = datetime(9999, 12, 31, tzinfo=UTC)

# The zone is named in the statement, so no session's own time zone can decide a day.
_ENROL = """
with enrolled as (
  insert into participation (program_id, activity_id, version_id, member_id, kind, day)
  select %(program)s, a.id, %(version)s, a.member_id, a.kind, (a.occurred_at at time zone %(zone)s)::date
    from activity a {among}
   where a.occurred_at >= %(start)s and a.occurred_at < %(end)s and a.kind = any(%(kinds)s)
     and a.member_id is not null and (a.currency is null or a.currency = %(currency)s)
  on conflict (program_id, activity_id) do update
     set version_id = excluded.version_id, day = excluded.day
   where (participation.version_id, participation.day) is distinct from (excluded.version_id, excluded.day)
  returning activity_id, member_id, kind, day
)
insert into fresh_participation
select e.activity_id, e.member_id, e.kind, e.day, a.occurred_at from enrolled e join activity a on a.id = e.activity_id
"""
_TOUCH_ALL = """
insert into fresh_participation
select p.activity_id, p.member_id, p.kind, p.day, a.occurred_at
  from participation p join activity a on a.id = p.activity_id where p.program_id = %(program)s
"""
_TOUCH_ORDERS = """
insert into dirty_order
select distinct a.order_id from participation p join activity a on a.id = p.activity_id
 where p.program_id = %(program)s and a.order_id is not null
"""
_LEAVE = """
delete from participation p using activity a
 where a.id = p.activity_id and p.program_id = %(program)s and p.version_id = %(version)s
   and (a.occurred_at < %(start)s or a.occurred_at >= %(end)s or a.kind <> all(%(kinds)s))
"""
_OF_BATCH = "join fresh_activity f on f.activity_id = a.id"


@dataclass(frozen=True, slots=True)
class Version:
    """A program version as stored, with when it begins to apply."""

    id: int
    number: int
    effective_from: datetime
    program: Program


def enrol_batch(session: Session, program_id: int, versions: list[Version]) -> int:
    """Enrol the batch's fresh activity under the version effective when each occurred; return how many."""
    return _enrol(session, program_id, versions, _OF_BATCH)


def enrol_history(session: Session, program_id: int, versions: list[Version]) -> int:
    """Enrol all activity there is, under the versions as they are now; all of it counts as touched.

    What no version takes any more is enrolled no longer, and touched for the last time.
    """
    _enrol(session, program_id, versions, "")
    working.clear(session, "fresh_participation")
    connection = driver(session)
    connection.execute(_TOUCH_ALL, {"program": program_id})
    connection.execute(_TOUCH_ORDERS, {"program": program_id})
    for version, end in reaches(versions):
        connection.execute(_LEAVE, _values(program_id, version, end))
    working.counted(session, "fresh_participation")
    return connection.execute("select from fresh_participation").rowcount


def reaches(versions: Iterable[Version]) -> list[tuple[Version, datetime]]:
    """Return each version, in the order they take effect, with the time at which the next one takes over."""
    ordered = sorted(versions, key=lambda version: version.effective_from)
    ends = [version.effective_from for version in ordered[1:]] + [_FOREVER]
    return list(zip(ordered, ends, strict=True))


def kinds_of(program: Program) -> list[str]:
    """Return the kinds that a program's rules or boards take; refunds follow their orders, not a kind."""
    kinds = {rule.on for rule in program.earning}
    for board in program.boards:
        kinds.add(board.metric.count if isinstance(board.metric, CountMetric) else Kind.PURCHASE)
    return sorted(kind.value for kind in kinds)


def _enrol(session: Session, program_id: int, versions: list[Version], among: str) -> int:
    working.clear(session, "fresh_participation")
    rows = 0
    for version, end in reaches(versions):
        values = _values(program_id, version, end)
        rows += driver(session).execute(_ENROL.format(among=among).encode(), values).rowcount
    working.counted(session, "fresh_participation")
    return rows


def _values(program_id: int, version: Version, end: datetime) -> Mapping[str, object]:
    program = version.program
    start = version.effective_from
    if program.season_bounds is not None:
        start, end = max(start, program.season_bounds[0]), min(end, program.season_bounds[1])
    return {
        "program": program_id,
        "version": version.id,
        "zone": program.time_zone,
        "currency": program.currency,
        "kinds": kinds_of(program),
        "start": start,
        "end": end,
    }
