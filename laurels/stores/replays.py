"""Replays: refused rows queued again as a new revision of their payload, under an intake of their own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlmodel import Session

from laurels.stores.database import driver
from models.intake import Intake
from models.values.activity import InboxRow

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
_QUEUE = """
insert into queue_item (intake_id, key, revision)
select %s, key, max(revision) from payload where key = any(%s) group by key order by key
"""


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
