"""Tallies and measures: kept once a file is read, and those of the accepted files before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from laurels.stores.database import driver
from models.intake import Intake
from models.measures import Measure

LAST = 750
"""Accepted files that history reaches back to: two years of a daily one."""

_KEEP = """
insert into tally (intake_id, what, item, count)
select %s, what, item, count from unnest(%s::text[], %s::text[], %s::bigint[]) as counted (what, item, count)
"""
_SUM = """
select what, item, sum(count)::bigint from tally where intake_id = any(%s) group by what, item
"""
# Files that came in for good: released, by the gate or by a person. The same content again is no other file.
_ACCEPTED = """
select id, as_of, seen_columns, coalesce(found->'types', '{}'::jsonb) from intake
 where source = %s and mapping = %s and id <> %s and state in ('released', 'done') and replay_of is null
   and not seen_before and id < %s
 order by id desc limit %s
"""
_VALUES = """
select intake_id, name, field, value from measure where intake_id = any(%s) and value is not null
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted file: its columns with the types that are known of them, and its figures."""

    intake_id: int
    as_of: datetime
    columns: tuple[str, ...]
    types: Mapping[str, str]
    values: Mapping[tuple[str, str], float]


def keep_tally(session: Session, intake_id: int, counts: Mapping[tuple[str, str], int]) -> None:
    """Keep the counts of a whole file in place of those that an earlier reading left."""
    connection = driver(session)
    connection.execute("delete from tally where intake_id = %s", (intake_id,))
    items = [(what, item, count) for (what, item), count in counts.items() if count]
    if items:
        connection.execute(_KEEP, (intake_id, *(list(column) for column in zip(*items, strict=True))))


def tally_of(session: Session, intake_ids: Sequence[int]) -> dict[tuple[str, str], int]:
    """Return the counts of some files, added up."""
    rows = driver(session).execute(_SUM, (list(intake_ids),)).fetchall()
    return {(str(what), str(item)): int(str(count)) for what, item, count in rows}


def accepted_before(session: Session, intake: Intake, last: int = LAST) -> list[Accepted]:
    """Return the accepted files of its source and mapping that came before it, the oldest first."""
    asked = (intake.source, intake.mapping, intake.id, intake.id, last)
    rows = driver(session).execute(_ACCEPTED, asked).fetchall()
    values: dict[int, dict[tuple[str, str], float]] = {int(str(row[0])): {} for row in rows}
    for intake_id, name, field, value in driver(session).execute(_VALUES, (list(values),)).fetchall():
        values[int(str(intake_id))][str(name), str(field)] = float(str(value))
    return [_accepted(row, values) for row in reversed(rows)]


def _accepted(row: Sequence[object], values: Mapping[int, Mapping[tuple[str, str], float]]) -> Accepted:
    intake_id, as_of, columns, types = row
    if not isinstance(as_of, datetime) or not isinstance(columns, list) or not isinstance(types, dict):
        raise TypeError("an intake's row is not what its table says")
    known = {str(name): str(kind) for name, kind in types.items() if isinstance(kind, str)}
    number = int(str(intake_id))
    return Accepted(number, as_of, tuple(str(name) for name in columns), known, values[number])


def write(session: Session, intake_id: int, measures: Sequence[Measure]) -> None:
    """Note the measures of a file in place of any that an earlier reading left."""
    driver(session).execute("delete from measure where intake_id = %s", (intake_id,))
    session.add_all(measures)
    session.flush()


def of_intake(session: Session, intake_id: int) -> list[Measure]:
    """Return the measures of a file by name and field."""
    found = select(Measure).where(Measure.intake_id == intake_id)
    return list(session.exec(found.order_by(col(Measure.name), col(Measure.field))).all())
