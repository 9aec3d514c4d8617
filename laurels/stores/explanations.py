"""Explanations: where an activity came in, the entries that it made, and what counted in a window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from sqlmodel import Session

from laurels.stores import working
from laurels.stores.database import driver

_FACTS = """
select a.id as activity_id, a.kind, a.occurred_at, a.amount_minor, a.currency, a.verified, a.revision,
       a.batch_id, b.holder, t.id as intake_id, t.source, t.name as file, k.line
  from activity a join inbox_key k on k.key = a.id join intake t on t.id = k.intake_id
  left join batch b on b.id = a.batch_id
 where a.id = any(%s) order by a.occurred_at, a.id
"""
_ENTRIES = """
select id, account, kind, points, activity_id, rule, version_id, batch_id, recorded_at
  from ledger_entry where program_id = %(program)s and member_id = %(member)s
   and (%(activity)s::uuid is null or activity_id = %(activity)s) and (%(rule)s::text is null or rule = %(rule)s)
 order by id
"""
_COVERED = """
select activity_id, purchase_id from settlement
 where activity_id = any(%s) and purchase_id is not null order by activity_id, part
"""
# The same two ways in which a standing is added up: what the member did in the window, less what was given back of it.
_COUNTED = """
select a.id as activity_id from board_window w
  join activity a on a.member_id = %(member)s and a.occurred_at >= w.starts_at and a.occurred_at < w.ends_at
  join participation p on p.program_id = w.program_id and p.activity_id = a.id
 where w.id = %(window)s
union
select s.activity_id from board_window w
  join settlement s on s.member_id = %(member)s and s.ordered_at >= w.starts_at and s.ordered_at < w.ends_at
  join participation p on p.program_id = w.program_id and p.activity_id = s.purchase_id
 where w.id = %(window)s
"""
_TOUCH_MEMBER = """
insert into fresh_participation
select p.activity_id, p.member_id, p.kind, p.day, a.occurred_at
  from participation p join activity a on a.id = p.activity_id
 where p.program_id = %(program)s and p.member_id = %(member)s
"""
_TOUCH_ORDERS = """
insert into dirty_order
select distinct order_id from activity where member_id = %(member)s and order_id is not null
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """An activity with its file and line; `revision` is not 0 where its row was mended, `holder` is who worked it."""

    activity_id: UUID
    kind: str
    occurred_at: datetime
    amount_minor: int | None
    currency: str | None
    verified: bool | None
    revision: int
    batch_id: int
    holder: str | None
    intake_id: int
    source: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger."""

    id: int
    account: str
    kind: str
    points: int
    activity_id: UUID
    rule: str
    version_id: int
    batch_id: int
    recorded_at: datetime


def facts(session: Session, ids: Sequence[UUID]) -> list[Fact]:
    """Return activities with where they came in, as they occurred."""
    with driver(session).cursor(row_factory=class_row(Fact)) as cursor:
        return cursor.execute(_FACTS, (list(ids),)).fetchall()


def entries(
    session: Session,
    program_id: int,
    member_id: UUID,
    activity_id: UUID | None = None,
    rule: str | None = None,
) -> list[Entry]:
    """Return a member's entries, or those of one activity by one rule, in the order written."""
    values = {"program": program_id, "member": member_id, "activity": activity_id, "rule": rule}
    with driver(session).cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(_ENTRIES, values).fetchall()


def covered(session: Session, refunds: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the purchases that cover each refund, the oldest first; what is none has none."""
    found: dict[UUID, list[UUID]] = {}
    for refund, purchase in driver(session).execute(_COVERED, (list(refunds),)):
        if isinstance(refund, UUID) and isinstance(purchase, UUID):
            found.setdefault(refund, []).append(purchase)
    return found


def counted(session: Session, window_id: int, member_id: UUID) -> list[UUID]:
    """Return what a member did in a window, and what was given back of it: of these is a score made."""
    rows = driver(session).execute(_COUNTED, {"window": window_id, "member": member_id}).fetchall()
    return [activity for (activity,) in rows if isinstance(activity, UUID)]


def touch_member(session: Session, program_id: int, member_id: UUID) -> None:
    """Let all that a member did in a program count as touched, so that it is computed again."""
    working.prepare(session)
    names = (
        "fresh_participation",
        "dirty_order",
        "dirty_order_activity",
        "target_settlement",
        "moved_refund",
    )
    working.clear(session, *names)
    values = {"program": program_id, "member": member_id}
    driver(session).execute(_TOUCH_MEMBER, values)
    driver(session).execute(_TOUCH_ORDERS, values)
