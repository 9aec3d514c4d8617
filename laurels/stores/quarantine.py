"""Quarantined rows: found, locked, closed and taken up again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from sqlmodel import Session

from laurels.stores.database import driver
from models.audit import Actor

# A conflict bears the key of the event that stands: that one's payload is not the refused row's.
_SELECT = """
select q.id, q.intake_id, q.key, q.revision, q.batch_id, q.state, q.reasons, q.ruleset, q.line,
       t.source, t.name as file, t.mapping,
       t.state as intake_state, k.event_id, p.kind
  from quarantined_row q join intake t on t.id = q.intake_id left join inbox_key k on k.key = q.key
  left join payload p on p.key = q.key and p.revision = q.revision and q.batch_id is not null
"""
SELECTED = """
 where q.state = %(state)s and (%(source)s::text is null or t.source = %(source)s)
   and (%(reason)s::text is null or %(reason)s = any(q.reasons))
   and (%(intake)s::bigint is null or q.intake_id = %(intake)s)
   and (%(file)s::text is null or t.name = %(file)s)
"""
_PAGE = " and q.id > %(after)s order by q.id limit %(limit)s"
_DRAWN = " order by md5(%(seed)s || ':' || q.id), q.id limit %(limit)s"
# A row waits since the file came in, or the replay, under which it was refused, or since somebody reopened it.
WAITING = f"""
select q.id, q.line, q.reasons, t.source, t.name, coalesce(q.reopened_at, bt.as_of, t.as_of) as since
  from quarantined_row q join intake t on t.id = q.intake_id left join batch b on b.id = q.batch_id
  left join intake bt on bt.id = b.intake_id {SELECTED}
"""
_EXPIRE = f"""
with late as (
  select id from ({WAITING}) waiting where since < %(before)s
), locked as (
  select id from quarantined_row where id in (select id from late) and state = 'open' order by id for update
), closed as (
  update quarantined_row set state = 'expired' from locked where quarantined_row.id = locked.id
  returning quarantined_row.id
)
insert into audit_entry (actor, role, action, subject, before, after, reason)
select %(actor)s, %(role)s, 'quarantine.expire', 'quarantine/' || id, jsonb_build_object('state', 'open'),
       jsonb_build_object('state', 'expired'), %(why)s
  from closed order by id
"""
_MOVE = """
update quarantined_row q set state = 'superseded', moved_to = m.key
  from unnest(%s::bigint[], %s::uuid[]) as m (id, key) where q.id = m.id
"""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One refused row with its place; `key` is None where it could not be told apart into fields."""

    id: int
    intake_id: int
    key: UUID | None
    revision: int
    batch_id: int | None
    state: str
    reasons: list[str]
    ruleset: str | None
    line: int
    source: str
    file: str
    mapping: str
    intake_state: str
    event_id: str | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Refused rows in one state: all of them, or those of a source, a reason, a file's name, an intake."""

    source: str | None = None
    reason: str | None = None
    intake_id: int | None = None
    file: str | None = None
    state: str = "open"

    @property
    def is_all(self) -> bool:
        """Return whether nothing narrows it."""
        return (self.source, self.reason, self.intake_id, self.file) == (None, None, None, None)

    def values(self) -> dict[str, object]:
        """Return it as the parameters of a query."""
        return {
            "source": self.source,
            "reason": self.reason,
            "intake": self.intake_id,
            "file": self.file,
            "state": self.state,
        }


def listed(session: Session, selection: Selection, *, limit: int, after: int = 0) -> list[Quarantined]:
    """Return the rows of a selection behind one's number, in order of arrival."""
    return _rows(session, _SELECT + SELECTED + _PAGE, {**selection.values(), "after": after, "limit": limit})


def drawn(session: Session, selection: Selection, *, limit: int, seed: int) -> list[Quarantined]:
    """Return some rows of a selection: of the same rows and the same seed always the same ones."""
    return _rows(
        session, _SELECT + SELECTED + _DRAWN, {**selection.values(), "seed": str(seed), "limit": limit}
    )


def counted(session: Session, selection: Selection) -> int:
    """Return how many rows a selection has."""
    query = f"select count(*) from quarantined_row q join intake t on t.id = q.intake_id {SELECTED}"
    (row,) = driver(session).execute(query.encode(), selection.values()).fetchall()
    return int(str(row[0]))


def found(session: Session, ids: Sequence[int]) -> list[Quarantined]:
    """Return the rows with these numbers, as many as there are."""
    return _rows(session, _SELECT + " where q.id = any(%(ids)s) order by q.id", {"ids": list(ids)})


def locked(session: Session, ids: Sequence[int]) -> list[Quarantined]:
    """Lock the rows until the transaction's end and return them as they are then."""
    driver(session).execute(
        "select from quarantined_row where id = any(%s) order by id for update", (list(ids),)
    )
    return found(session, ids)


def history(session: Session, key: UUID) -> list[Quarantined]:
    """Return all refusals of one event by the gate, the first one first."""
    where = " where q.key = %(key)s and q.batch_id is not null order by q.revision"
    return _rows(session, _SELECT + where, {"key": key})


def close(session: Session, ids: Sequence[int], state: str) -> None:
    """Move rows to a state."""
    driver(session).execute("update quarantined_row set state = %s where id = any(%s)", (state, list(ids)))


def reopen(session: Session, ids: Sequence[int], at: datetime) -> None:
    """Let closed rows wait again, from a business time on."""
    driver(session).execute(
        "update quarantined_row set state = 'open', reopened_at = %s where id = any(%s)", (at, list(ids))
    )


def expire(session: Session, before: datetime, actor: Actor, why: str) -> int:
    """Close what is open and waits since before a time, each row with its entry in the audit; return how many."""
    told = {"before": before, "actor": actor.name, "role": actor.role, "why": why}
    return driver(session).execute(_EXPIRE.encode(), {**Selection().values(), **told}).rowcount


def dismiss_intake(session: Session, intake_id: int) -> int:
    """Dismiss what waits of one intake, or waited too long; return how many rows."""
    return (
        driver(session)
        .execute(
            "update quarantined_row set state = 'dismissed' where intake_id = %s and state in ('open', 'expired')",
            (intake_id,),
        )
        .rowcount
    )


def move(session: Session, rows: Sequence[tuple[int, UUID]]) -> None:
    """Close rows that stand for other events now, each naming its event."""
    driver(session).execute(_MOVE, ([row_id for row_id, _ in rows], [key for _, key in rows]))


def _rows(session: Session, query: str, values: Mapping[str, object]) -> list[Quarantined]:
    with driver(session).cursor(row_factory=class_row(Quarantined)) as cursor:
        return cursor.execute(query.encode(), values).fetchall()
