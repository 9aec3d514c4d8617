"""Quarantined rows: found, locked, closed, and queued again as a new revision of their payload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from sqlmodel import Session

from laurels.stores.database import driver
from models.intake import Intake
from models.values.activity import InboxRow

# A conflict bears the key of the event that stands: that one's payload is not the refused row's.
_SELECT = """
select q.id, q.intake_id, q.key, q.revision, q.batch_id, q.state, q.reasons, q.ruleset, q.line,
       t.source, t.name as file, t.mapping, k.event_id, p.kind
  from quarantined_row q join intake t on t.id = q.intake_id left join inbox_key k on k.key = q.key
  left join payload p on p.key = q.key and p.revision = q.revision and q.batch_id is not null
"""
_LIST = """
 where q.state = %(state)s and (%(source)s::text is null or t.source = %(source)s)
   and (%(reason)s::text is null or %(reason)s = any(q.reasons))
   and (%(intake)s::bigint is null or q.intake_id = %(intake)s)
 order by q.id limit %(limit)s
"""
_COUNT = """
select reason, count(*) from quarantined_row, unnest(reasons) as reason where state = 'open'
 group by reason order by count(*) desc, reason
"""
_PAYLOADS = """
select p.key, p.revision, p.kind, p.member_id, p.occurred_at, p.amount_minor, p.currency, p.order_id,
       p.referred_id, p.verified, p.problems, p.raw
  from payload p where p.key = any(%s) order by p.key, p.revision
"""
_REVISE = """
insert into payload (key, revision, kind, member_id, occurred_at, amount_minor, currency, order_id,
                     referred_id, verified, problems, raw)
select %(key)s, max(revision) + 1, %(kind)s, %(member_id)s, %(occurred_at)s, %(amount_minor)s, %(currency)s,
       %(order_id)s, %(referred_id)s, %(verified)s, %(problems)s, %(raw)s
  from payload where key = %(key)s
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
    event_id: str | None
    kind: str | None


def listed(
    session: Session,
    *,
    state: str,
    limit: int,
    source: str | None = None,
    reason: str | None = None,
    intake_id: int | None = None,
) -> list[Quarantined]:
    """Return rows in one state, in order of arrival."""
    values = {"state": state, "source": source, "reason": reason, "intake": intake_id, "limit": limit}
    return _rows(session, _SELECT + _LIST, values)


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


def dismiss_intake(session: Session, intake_id: int) -> int:
    """Dismiss what is open of one intake; return how many rows."""
    return (
        driver(session)
        .execute(
            "update quarantined_row set state = 'dismissed' where intake_id = %s and state = 'open'",
            (intake_id,),
        )
        .rowcount
    )


def queue_again(
    session: Session,
    intake_id: int,
    rows: Sequence[tuple[UUID, InboxRow]],
    as_of: datetime,
    ruleset: str | None = None,
) -> int:
    """Add a revision to each event and queue it, under a replay of their intake with a time of its own.

    Return the number of that replay. Its counts stay zero: nothing came in that was not counted before.
    """
    origin = session.get_one(Intake, intake_id)
    replay = Intake(
        source=origin.source,
        name=origin.name,
        digest=f"replay:{intake_id}",
        mapping=origin.mapping,
        replay_of=intake_id,
        as_of=as_of,
        ruleset=ruleset,
        state="released",
    )
    session.add(replay)
    session.flush()
    driver(session).cursor().executemany(_REVISE, [_revision(key, row) for key, row in rows])
    driver(session).execute(_QUEUE, (replay.id, [key for key, _ in rows]))
    return replay.id or 0


def _rows(session: Session, query: str, values: Mapping[str, object]) -> list[Quarantined]:
    with driver(session).cursor(row_factory=class_row(Quarantined)) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def _revision(key: UUID, row: InboxRow) -> dict[str, object]:
    return {
        "key": key,
        "kind": row.kind,
        "member_id": row.member_id,
        "occurred_at": row.occurred_at,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "order_id": row.order_id,
        "referred_id": row.referred_id,
        "verified": row.verified,
        "problems": list(row.problems),
        "raw": Jsonb(row.raw),
    }
