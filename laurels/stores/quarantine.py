"""Quarantined rows: found, locked, closed, and queued again as a new revision of their payload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from sqlmodel import Session

from laurels.stores.database import driver
from models.audit import Actor
from models.intake import Intake
from models.values.activity import InboxRow

# A conflict bears the key of the event that stands: that one's payload is not the refused row's.
_SELECT = """
select q.id, q.intake_id, q.key, q.revision, q.batch_id, q.state, q.reasons, q.ruleset, q.line,
       t.source, t.name as file, t.mapping,
       t.state as intake_state, k.event_id, p.kind
  from quarantined_row q join intake t on t.id = q.intake_id left join inbox_key k on k.key = q.key
  left join payload p on p.key = q.key and p.revision = q.revision and q.batch_id is not null
"""
_SELECTED = """
 where q.state = %(state)s and (%(source)s::text is null or t.source = %(source)s)
   and (%(reason)s::text is null or %(reason)s = any(q.reasons))
   and (%(intake)s::bigint is null or q.intake_id = %(intake)s)
   and (%(file)s::text is null or t.name = %(file)s)
"""
_PAGE = " and q.id > %(after)s order by q.id limit %(limit)s"
_DRAWN = " order by md5(%(seed)s || ':' || q.id), q.id limit %(limit)s"
# A row waits since the file came in, or the replay, under which it was refused, or since somebody reopened it.
_WAITING = f"""
select q.id, q.line, q.reasons, t.source, t.name, coalesce(q.reopened_at, bt.as_of, t.as_of) as since
  from quarantined_row q join intake t on t.id = q.intake_id left join batch b on b.id = q.batch_id
  left join intake bt on bt.id = b.intake_id {_SELECTED}
"""
_GROUPS = f"""
with waiting as ({_WAITING}), counted as (
  select reason, source, case when %(by_file)s then name end as file, count(*) as rows, min(since) as since,
         (array_agg(id order by id))[1:{{places}}] as first
    from waiting, unnest(reasons) as reason
   where %(reason)s::text is null or reason = %(reason)s group by 1, 2, 3
)
select reason, source, file, rows, since,
       array(select name || ':' || line from waiting where id = any(first) order by id) as places
  from counted order by rows desc, reason, source, file
"""
_EXPIRE = f"""
with late as (
  select id from ({_WAITING}) waiting where since < %(before)s
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
_PAYLOADS = """
select p.key, p.revision, p.kind, p.member_id, p.occurred_at, p.amount_minor, p.currency, p.order_id,
       p.referred_id, p.verified, p.problems, p.raw
  from payload p where p.key = any(%s) order by p.key, p.revision
"""
_REVISE = """
insert into payload (key, revision, kind, member_id, occurred_at, amount_minor, currency, order_id,
                     referred_id, verified, problems, raw)
select r.key, (select max(p.revision) + 1 from payload p where p.key = r.key), r.kind, r.member_id, r.occurred_at,
       r.amount_minor, r.currency, r.order_id, r.referred_id, r.verified,
       coalesce(string_to_array(nullif(r.problems, ''), ','), '{}'), r.raw
  from unnest(%(key)s::uuid[], %(kind)s::text[], %(member_id)s::uuid[], %(occurred_at)s::timestamptz[],
              %(amount_minor)s::bigint[], %(currency)s::text[], %(order_id)s::uuid[], %(referred_id)s::uuid[],
              %(verified)s::boolean[], %(problems)s::text[], %(raw)s::jsonb[])
       as r (key, kind, member_id, occurred_at, amount_minor, currency, order_id, referred_id, verified, problems, raw)
"""
_MOVE = """
update quarantined_row q set state = 'superseded', moved_to = m.key
  from unnest(%s::bigint[], %s::uuid[]) as m (id, key) where q.id = m.id
"""
_QUEUE = """
insert into queue_item (intake_id, key, revision)
select %s, key, max(revision) from payload where key = any(%s) group by key order by key
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


def listed(session: Session, selection: Selection, *, limit: int, after: int = 0) -> list[Quarantined]:
    """Return the rows of a selection behind one's number, in order of arrival."""
    return _rows(session, _SELECT + _SELECTED + _PAGE, {**selection.values(), "after": after, "limit": limit})


def drawn(session: Session, selection: Selection, *, limit: int, seed: int) -> list[Quarantined]:
    """Return some rows of a selection: of the same rows and the same seed always the same ones."""
    return _rows(
        session, _SELECT + _SELECTED + _DRAWN, {**selection.values(), "seed": str(seed), "limit": limit}
    )


def counted(session: Session, selection: Selection) -> int:
    """Return how many rows a selection has."""
    query = f"select count(*) from quarantined_row q join intake t on t.id = q.intake_id {_SELECTED}"
    (row,) = driver(session).execute(query.encode(), selection.values()).fetchall()
    return int(str(row[0]))


def gated(session: Session, intake_id: int) -> Gated:
    """Return what became of an intake's rows, those of a file with what its replays brought back; zeros of none."""
    rows = driver(session).execute(_GATED, {"intake": intake_id}).fetchall()
    return Gated(*(int(str(count)) for count in rows[0])) if rows else Gated()


def mappings(session: Session, selection: Selection) -> list[str]:
    """Return the names of the mappings by which a selection's rows were read."""
    query = (
        f"select distinct t.mapping from quarantined_row q join intake t on t.id = q.intake_id {_SELECTED}"
    )
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


def found(session: Session, ids: Sequence[int]) -> list[Quarantined]:
    """Return the rows with these numbers, as many as there are."""
    return _rows(session, _SELECT + " where q.id = any(%(ids)s) order by q.id", {"ids": list(ids)})


def locked(session: Session, ids: Sequence[int]) -> list[Quarantined]:
    """Lock the rows until the transaction's end and return them as they are then."""
    driver(session).execute(
        "select from quarantined_row where id = any(%s) order by id for update", (list(ids),)
    )
    return found(session, ids)


def counts(session: Session) -> dict[str, int]:
    """Return how many open rows bear each reason, the most frequent first."""
    return {str(reason): int(str(count)) for reason, count in driver(session).execute(_COUNT)}


def stated_reasons(session: Session) -> list[str]:
    """Return the name of every rule that any stored rule set has: of mappings and programs, too."""
    query = b"select distinct jsonb_array_elements(body->'rules')->'rule'->>'rule' from ruleset"
    return sorted(str(reason) for (reason,) in driver(session).execute(query))


def history(session: Session, key: UUID) -> list[Quarantined]:
    """Return all refusals of one event by the gate, the first one first."""
    where = " where q.key = %(key)s and q.batch_id is not null order by q.revision"
    return _rows(session, _SELECT + where, {"key": key})


def payloads(session: Session, keys: Sequence[UUID]) -> dict[tuple[UUID, int], InboxRow]:
    """Return what is kept of events by key and revision, without personal data, which is not there."""
    with driver(session).cursor(row_factory=dict_row) as cursor:
        cursor.execute(_PAYLOADS, (list(keys),))
        return {
            (row.pop("key"), row.pop("revision")): InboxRow(
                line=0, source="", event_id=None, digest=b"", **{**row, "problems": tuple(row["problems"])}
            )
            for row in cursor.fetchall()
        }


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


def open_replay(session: Session, intake_id: int, as_of: datetime, ruleset: str | None = None) -> Intake:
    """Return a new replay of an intake, with a time of its own.

    Its counts stay zero: nothing came in that was not counted before. A replay of a replay is one of the file.
    """
    origin = session.get_one(Intake, intake_id)
    root = origin.replay_of or intake_id
    replay = Intake(
        source=origin.source,
        name=origin.name,
        digest=f"replay:{root}",
        mapping=origin.mapping,
        replay_of=root,
        as_of=as_of,
        ruleset=ruleset,
        state="released",
    )
    session.add(replay)
    session.flush()
    return replay


def queue_again(session: Session, replay: int, rows: Sequence[tuple[UUID, InboxRow]]) -> None:
    """Add a revision to each event and queue it under a replay."""
    driver(session).execute(_REVISE, _revisions(rows))
    driver(session).execute(_QUEUE, (replay, [key for key, _ in rows]))


def move(session: Session, rows: Sequence[tuple[int, UUID]]) -> None:
    """Close rows that stand for other events now, each naming its event."""
    driver(session).execute(_MOVE, ([row_id for row_id, _ in rows], [key for _, key in rows]))


def _rows(session: Session, query: str, values: Mapping[str, object]) -> list[Quarantined]:
    with driver(session).cursor(row_factory=class_row(Quarantined)) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def _revisions(rows: Sequence[tuple[UUID, InboxRow]]) -> dict[str, list[object]]:
    names = (
        *("kind", "member_id", "occurred_at", "amount_minor", "currency", "order_id", "referred_id"),
        "verified",
    )
    return {
        "key": [key for key, _ in rows],
        **{name: [getattr(row, name) for _, row in rows] for name in names},
        "problems": [",".join(row.problems) for _, row in rows],
        "raw": [Jsonb(row.raw) for _, row in rows],
    }
