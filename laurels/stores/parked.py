"""Parked refunds: those that found no purchase to settle against, with the reason, read from the settlement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from sqlmodel import Session

from laurels.stores.database import driver

_LIST = """
select a.id as activity_id, t.source, t.name as file, k.line, k.event_id, p.raw->>'order' as order_text,
       a.occurred_at, a.amount_minor, a.currency,
       case when bought.rows = 0 then 'no_order' when bought.alike = 0 then 'other_currency'
            when bought.members > 1 and bought.own = 0 then 'several_members' else 'given_back' end as why
  from settlement s join activity a on a.id = s.activity_id join inbox_key k on k.key = a.id
  join intake t on t.id = k.intake_id left join payload p on p.key = a.id and p.revision = a.revision
 cross join lateral (
   select count(*) as rows, count(*) filter (where alike) as alike,
          count(distinct member_id) filter (where alike) as members,
          count(*) filter (where alike and member_id is not distinct from a.member_id) as own
     from (select b.member_id, b.currency is not distinct from a.currency as alike from activity b
            where b.order_id = a.order_id and b.kind = 'purchase') purchase
 ) bought
 where s.purchase_id is null and (%(source)s::text is null or t.source = %(source)s)
   and (%(before)s::timestamptz is null or a.occurred_at < %(before)s)
 order by a.occurred_at, a.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class ParkedRefund:
    """A refund that waits for a purchase. `order_text` is the producer's id of the order, if it is still kept."""

    activity_id: UUID
    source: str
    file: str
    line: int
    event_id: str
    order_text: str | None
    occurred_at: datetime
    amount_minor: int
    currency: str | None
    why: str


def parked(
    session: Session, *, source: str | None, before: datetime | None, limit: int
) -> list[ParkedRefund]:
    """Return parked refunds, the oldest first."""
    values = {"source": source, "before": before, "limit": limit}
    with driver(session).cursor(row_factory=class_row(ParkedRefund)) as cursor:
        return cursor.execute(_LIST.encode(), values).fetchall()
