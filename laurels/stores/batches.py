"""Claims: queue rows move to a fenced batch in one short commit, and the gate's verdict is recorded beside them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session, col, select

from laurels.errors import GateError
from laurels.stores.database import driver
from models.batches import Batch
from models.intake import Intake

PARTITION = "inbox"
"""The one partition of the spine; its lease carries the fencing token of every batch."""

_CLAIM = """
with taken as (
  delete from queue_item where id in (
    select id from queue_item where intake_id = %(intake)s order by id limit %(limit)s for update skip locked
  ) returning key, revision
)
insert into batch_item (batch_id, key, revision) select %(batch)s, key, revision from taken
"""
# The digest is over content, not over keys: a payload swapped after the verdict does not pass for the one judged.
_DIGEST = """
select md5(string_agg(md5(concat_ws('|', key, revision, kind, member_id, extract(epoch from occurred_at),
       amount_minor, currency, order_id, referred_id, verified)), '' order by key))
  from claimed_row where batch_id = %s
"""
_QUARANTINE = """
with refused as (
  delete from batch_item b using unnest(%(keys)s::uuid[], %(reasons)s::text[]) as r (key, reasons)
   where b.batch_id = %(batch)s and b.key = r.key returning b.key, b.revision, r.reasons
), superseded as (
  update quarantined_row q set state = 'superseded' from refused r
   where q.key = r.key and q.revision < r.revision and q.state = 'replaying'
)
insert into quarantined_row (intake_id, line, key, revision, digest, batch_id, ruleset, reasons, state)
select k.intake_id, k.line, r.key, r.revision, k.digest, %(batch)s, %(ruleset)s,
       string_to_array(r.reasons, ','), 'open'
  from refused r join inbox_key k using (key)
on conflict (key, revision, digest) do nothing
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch in one holder's hands."""

    batch_id: int
    intake_id: int
    token: int
    rows: int
    passed: bool


def next_claim(session: Session, token: int, limit: int, holder: str | None = None) -> Claim | None:
    """Take over the oldest unfinished batch, else claim up to `limit` rows of the oldest released intake."""
    open_batch = session.exec(
        select(Batch).where(col(Batch.state).in_(["claimed", "passed"])).order_by(col(Batch.id)).limit(1)
    ).first()
    if open_batch is not None:
        open_batch.token, open_batch.holder = token, holder
        return _claim_of(open_batch)
    while (intake := _oldest_released(session)) is not None:
        batch = Batch(intake_id=intake.id, token=token, holder=holder)
        session.add(batch)
        session.flush()
        batch.rows = _move(session, intake, batch, limit)
        if batch.rows:
            session.flush()
            return _claim_of(batch)
        session.delete(batch)
        intake.state = "done"
        session.flush()
    return None


def digest(session: Session, batch_id: int) -> str | None:
    """Return the MD5 over the batch's present content, None where it is empty."""
    row = driver(session).execute(_DIGEST, (batch_id,)).fetchone()
    return str(row[0]) if row and row[0] is not None else None


def record_verdict(
    session: Session,
    claim: Claim,
    ruleset: str,
    refused: Mapping[UUID, Sequence[str]],
    counts: Mapping[str, Mapping[str, int]],
) -> None:
    """Move refused rows to quarantine and mark the rest as passed, with the digest of what passed."""
    driver(session).execute(
        _QUARANTINE,
        {
            "batch": claim.batch_id,
            "ruleset": ruleset,
            "keys": list(refused),
            "reasons": [",".join(reasons) for reasons in refused.values()],
        },
    )
    driver(session).execute(
        "update batch set state = 'passed', token = %s, ruleset = %s, digest = %s, verdict = %s, passed = rows - %s, "
        "quarantined = %s where id = %s",
        (
            *(
                claim.token,
                ruleset,
                digest(session, claim.batch_id),
                Jsonb({name: dict(of) for name, of in counts.items()}),
            ),
            *(len(refused), len(refused), claim.batch_id),
        ),
    )


@contextmanager
def refusing(batch_id: int) -> Iterator[None]:
    """Raise GateError where the store refuses what passed the gate: such a batch waits for a person, and alone.

    The database's own words would quote the row.
    """
    try:
        yield
    except (psycopg.IntegrityError, psycopg.DataError, IntegrityError, DataError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise GateError(
            f"batch {batch_id}: passed the gate, and the store refuses a row of it: {kind}"
        ) from None


def stop(session: Session, claim: Claim, reason: str) -> None:
    """Mark a batch that the gate could not judge: it waits for a person, apart from bad data."""
    driver(session).execute(
        "update batch set state = 'gate_error', verdict = %s "
        "where id = %s and state in ('claimed', 'passed')",
        (Jsonb({"error": reason}), claim.batch_id),
    )


def reopen(batch: Batch) -> None:
    """Let a stopped batch be claimed as it is now; what an earlier verdict took out of it is not missing."""
    batch.state, batch.verdict, batch.digest = "claimed", None, None
    batch.rows, batch.passed, batch.quarantined = batch.rows - batch.quarantined, 0, 0


def check_passed(session: Session, batch_id: int, token: int) -> None:
    """Raise GateError unless this very content passed the gate under this token."""
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None or batch.state != "passed" or batch.token != token:
        state = batch and f"{batch.state} under token {batch.token}"
        raise GateError(f"batch {batch_id}: not passed under token {token}, but {state or 'absent'}")
    if batch.digest != digest(session, batch_id):
        raise GateError(f"batch {batch_id}: its rows changed after the gate judged them")


def finish(session: Session, batch_id: int) -> None:
    """Leave the terminal state; rows that were repaired and have passed now leave the quarantine."""
    connection = driver(session)
    connection.execute(
        "update quarantined_row q set state = 'replayed' from batch_item b "
        "where b.batch_id = %s and q.key = b.key and q.state = 'replaying'",
        (batch_id,),
    )
    connection.execute("delete from batch_item where batch_id = %s", (batch_id,))
    connection.execute("update batch set state = 'applied' where id = %s", (batch_id,))


def _oldest_released(session: Session) -> Intake | None:
    return session.exec(
        select(Intake).where(Intake.state == "released").order_by(col(Intake.id)).limit(1)
    ).first()


def _move(session: Session, intake: Intake, batch: Batch, limit: int) -> int:
    values = {"intake": intake.id, "batch": batch.id, "limit": limit}
    return driver(session).execute(_CLAIM, values).rowcount


def _claim_of(batch: Batch) -> Claim:
    if batch.id is None or batch.intake_id is None:
        raise GateError("a batch without an id or an intake cannot be claimed")
    return Claim(batch.id, batch.intake_id, batch.token, batch.rows, passed=batch.state == "passed")
