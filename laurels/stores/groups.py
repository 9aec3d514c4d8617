"""Groups of quarantined rows: how many there are, by reason, source and file, and of one intake."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from sqlmodel import Session

from laurels.stores.database import driver
from laurels.stores.quarantine import SELECTED, WAITING, Selection

_GROUPS = f"""
with waiting as ({WAITING}), counted as (
  select reason, source, case when %(by_file)s then name end as file, count(*) as rows, min(since) as since,
         (array_agg(id order by id))[1:{{places}}] as first
    from waiting, unnest(reasons) as reason
   where %(reason)s::text is null or reason = %(reason)s group by 1, 2, 3
)
select reason, source, file, rows, since,
       array(select name || ':' || line from waiting where id = any(first) order by id) as places
  from counted order by rows desc, reason, source, file
"""
_COUNT = """
select reason, count(*) from quarantined_row, unnest(reasons) as reason where state = 'open'
 group by reason order by count(*) desc, reason
"""
# Of a file with its replays; of a replay only what is its own. Conflicts and lines that are no rows wait with the file.
_GATED = """
with own as (select id from intake where id = %(intake)s or replay_of = %(intake)s)
select (select coalesce(sum(passed), 0)::bigint from batch
         where state in ('passed', 'applied') and intake_id in (select id from own)),
       (select count(*) from quarantined_row q left join batch b on b.id = q.batch_id
         where q.state = 'open' and q.intake_id = coalesce(t.replay_of, t.id)
           and (t.replay_of is null or b.intake_id = t.id))
  from intake t where t.id = %(intake)s
"""


@dataclass(frozen=True, slots=True)
class Gated:
    """How many rows of an intake passed the gate, and how many wait in quarantine now."""

    passed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Open rows of one source that bear one reason; `file` is empty where they are not told apart by file."""

    reason: str
    source: str
    file: str | None
    rows: int
    since: datetime
    places: list[str]


def gated(session: Session, intake_id: int) -> Gated:
    """Return what became of an intake's rows, those of a file with what its replays brought back; zeros of none."""
    rows = driver(session).execute(_GATED, {"intake": intake_id}).fetchall()
    return Gated(*(int(str(count)) for count in rows[0])) if rows else Gated()


def mappings(session: Session, selection: Selection) -> list[str]:
    """Return the names of the mappings by which a selection's rows were read."""
    query = f"select distinct t.mapping from quarantined_row q join intake t on t.id = q.intake_id {SELECTED}"
    rows = driver(session).execute(query.encode(), selection.values()).fetchall()
    return sorted(str(name) for (name,) in rows)


def groups(session: Session, selection: Selection, *, by_file: bool, places: int) -> list[Group]:
    """Return a selection's rows by reason and source, the most first; a row with two reasons counts in both."""
    with driver(session).cursor(row_factory=class_row(Group)) as cursor:
        query = _GROUPS.replace("{places}", str(places))
        return cursor.execute(query.encode(), {**selection.values(), "by_file": by_file}).fetchall()


def met_reasons(session: Session) -> list[str]:
    """Return every reason that any row bears, in whatever state."""
    query = b"select distinct unnest(reasons) from quarantined_row"
    return sorted(str(reason) for (reason,) in driver(session).execute(query))


def counts(session: Session) -> dict[str, int]:
    """Return how many open rows bear each reason, the most frequent first."""
    return {str(reason): int(str(count)) for reason, count in driver(session).execute(_COUNT)}


def stated_reasons(session: Session) -> list[str]:
    """Return the name of every rule that any stored rule set has: of mappings and programs, too."""
    query = b"select distinct jsonb_array_elements(body->'rules')->'rule'->>'rule' from ruleset"
    return sorted(str(reason) for (reason,) in driver(session).execute(query))
