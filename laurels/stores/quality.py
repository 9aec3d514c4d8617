"""Figures of files and their refused rows, counted where they are."""

from collections.abc import Mapping
from datetime import datetime

from psycopg.rows import dict_row
from sqlmodel import Session

from laurels.stores.database import driver

# A row that a replay brought back belongs to the file that it came in; a superseded refusal stands open elsewhere.
_LATEST = """
with file as (
  select id, rows from intake where source = %(source)s and id <= %(last)s and replay_of is null
   order by id desc limit %(limit)s
)
select file.id as intake_id, file.rows,
       (select count(distinct (line, part)) from quarantined_row where intake_id = file.id) as refused
  from file order by file.id
"""
_FILES = """
select source, as_of >= %(middle)s as this, count(*) as files, sum(rows)::bigint as rows,
       sum(accepted)::bigint as accepted, sum(duplicates)::bigint as duplicates,
       count(*) filter (where was_held) as held,
       count(*) filter (where was_held and state in ('released', 'done')) as released,
       count(*) filter (where state = 'rejected') as rejected,
       (percentile_cont(0.5) within group (order by extract(epoch from as_of - last_at)))::float8 as freshness
  from intake, lateral (
    select jsonb_array_length(verdict->'reasons') > 0 and not verdict->'reasons' ? 'broken_off' as was_held
  ) stopped
 where replay_of is null and state <> 'reading' and as_of >= %(since)s and as_of < %(until)s
   and (%(source)s::text is null or source = %(source)s)
 group by 1, 2 order by 1, 2
"""
_REFUSED = """
with refused as (
  select file.source, file.as_of >= %(middle)s as this, q.state, q.reasons
    from quarantined_row q join intake t on t.id = q.intake_id
    join intake file on file.id = coalesce(t.replay_of, t.id)
   where q.state <> 'superseded' and file.as_of >= %(since)s and file.as_of < %(until)s
     and (%(source)s::text is null or file.source = %(source)s)
)
select source, this, 'state' as what, state as name, count(*) as rows from refused group by 1, 2, 4
union all
select source, this, 'reason', reason, count(*) from refused, unnest(reasons) as reason group by 1, 2, 4
"""


def latest_files(session: Session, source: str, last: int, limit: int) -> list[tuple[int, int, int]]:
    """Return number, rows and refused rows of a source's files up to one, the oldest of them first."""
    found = driver(session).execute(_LATEST, {"source": source, "last": last, "limit": limit})
    return [(int(str(intake)), int(str(rows)), int(str(refused))) for intake, rows, refused in found]


def files(
    session: Session, since: datetime, middle: datetime, until: datetime, source: str | None
) -> list[dict[str, object]]:
    """Return the counts of files by source, `this` for those that came in after the middle."""
    return _rows(session, _FILES, {"since": since, "middle": middle, "until": until, "source": source})


def refused(
    session: Session, since: datetime, middle: datetime, until: datetime, source: str | None
) -> list[dict[str, object]]:
    """Return how many refused rows of these files are in each state, and bear each reason."""
    return _rows(session, _REFUSED, {"since": since, "middle": middle, "until": until, "source": source})


def _rows(session: Session, query: str, values: Mapping[str, object]) -> list[dict[str, object]]:
    with driver(session).cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()
