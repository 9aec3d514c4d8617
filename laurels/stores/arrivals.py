"""Arrivals: one row for each moment at which a file was expected, written once and settled once."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from laurels.stores.database import driver
from models.intake import Intake
from models.measures import Arrival

_EXPECT = """
insert into arrival (source, mapping, due_at, state)
select %s, %s, due_at, 'awaited' from unnest(%s::timestamptz[]) as due (due_at) on conflict do nothing
"""
# A file stands for one moment; one that was rejected, or that brought the same content again, for none.
_FILES = """
select id, as_of from intake t
 where source = %s and mapping = %s and as_of > %s and as_of <= %s and state in ('held', 'released', 'done')
   and replay_of is null and not seen_before
   and not exists (select from arrival a where a.intake_id = t.id)
 order by as_of, id
"""


def last_due(session: Session, source: str, mapping: str) -> datetime | None:
    """Return the last moment that is known of a source."""
    asked = select(func.max(Arrival.due_at)).where(Arrival.source == source, Arrival.mapping == mapping)
    return session.exec(asked).one()


def expect(session: Session, source: str, mapping: str, due: Sequence[datetime]) -> None:
    """Note moments, each once."""
    driver(session).execute(_EXPECT, (source, mapping, list(due)))


def open_ones(session: Session, source: str, mapping: str, since: datetime) -> list[Arrival]:
    """Return a source's moments that are awaited or missing, from a time on, locked until the transaction ends."""
    found = select(Arrival).where(
        Arrival.source == source, Arrival.mapping == mapping, Arrival.due_at > since
    )
    found = found.where(col(Arrival.state).in_(["awaited", "missing"])).order_by(col(Arrival.due_at))
    return list(session.exec(found.with_for_update()).all())


def files(
    session: Session, source: str, mapping: str, after: datetime, until: datetime
) -> list[tuple[int, datetime]]:
    """Return the files of a source that came in (after, until] and stand for no moment yet."""
    rows = driver(session).execute(_FILES, (source, mapping, after, until)).fetchall()
    return [(int(str(number)), at) for number, at in rows if isinstance(at, datetime)]


def forget_awaited(session: Session, source: str, mapping: str, keep: Sequence[datetime] = ()) -> None:
    """Drop moments that are awaited and no longer declared."""
    stale = delete(Arrival).where(
        col(Arrival.source) == source, col(Arrival.mapping) == mapping, col(Arrival.state) == "awaited"
    )
    session.exec(stale.where(col(Arrival.due_at).not_in(keep)))


def awaiting(session: Session) -> set[tuple[str, str]]:
    """Return each source and mapping of which something is awaited."""
    found = select(Arrival.source, Arrival.mapping).where(Arrival.state == "awaited").distinct()
    return set(session.exec(found).all())


def listed(session: Session, source: str | None, limit: int) -> list[tuple[Arrival, str | None]]:
    """Return moments, the newest first, each with the name of its file."""
    found = select(Arrival, Intake.name).join(Intake, col(Intake.id) == Arrival.intake_id, isouter=True)
    if source is not None:
        found = found.where(Arrival.source == source)
    rows = session.exec(found.order_by(col(Arrival.due_at).desc(), Arrival.source).limit(limit)).all()
    return [(arrival, name) for arrival, name in rows]
