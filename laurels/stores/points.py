"""Points in set SQL: activity in, targets computed by the rules' compiled expressions, differences out.

Every step is one statement over the working tables of `working`; a target equal to what stands writes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

import ibis
from sqlmodel import Session

from laurels.rules import earning, refunds
from laurels.rules.earning import Scope
from laurels.stores import working
from laurels.stores.database import driver
from models.values.activity import Kind
from models.values.program import Program

_ACCEPT = """
with accepted as (
  insert into activity (id, member_id, kind, occurred_at, amount_minor, currency, order_id, referred_id, verified,
                        revision, batch_id)
  select p.key, p.member_id, p.kind, p.occurred_at, p.amount_minor, p.currency, p.order_id, p.referred_id, p.verified,
         p.revision, b.batch_id
    from batch_item b join payload p on p.key = b.key and p.revision = b.revision
   where b.batch_id = %(batch)s
  on conflict (id) do nothing
  returning id, kind, occurred_at, order_id
)
insert into fresh_activity select * from accepted
"""
_DIRTY_ORDERS = """
insert into dirty_order select distinct order_id from fresh_activity where order_id is not null
"""
_ORDER_ACTIVITY = """
insert into dirty_order_activity
select a.order_id, a.id, a.member_id, a.kind, a.occurred_at, a.amount_minor, coalesce(a.currency, '')
  from activity a join dirty_order using (order_id) where a.kind in ('purchase', 'refund')
"""
_SETTLE = """
with moved as (
  merge into settlement s using target_settlement t on (s.activity_id, s.part) = (t.activity_id, t.part)
  when matched and (s.purchase_id, s.matched_minor, s.member_id, s.ordered_at)
    is distinct from (t.purchase_id, t.matched_minor, t.member_id, t.ordered_at) then
    update set purchase_id = t.purchase_id, matched_minor = t.matched_minor, member_id = t.member_id,
               ordered_at = t.ordered_at
  when not matched then insert (activity_id, part, purchase_id, matched_minor, member_id, ordered_at)
    values (t.activity_id, t.part, t.purchase_id, t.matched_minor, t.member_id, t.ordered_at)
  returning new.member_id, new.ordered_at, old.member_id as old_member_id, old.ordered_at as old_ordered_at
), gone as (
  delete from settlement s using (select activity_id, max(part) as last from target_settlement group by 1) t
   where s.activity_id = t.activity_id and s.part > t.last
  returning s.member_id, s.ordered_at
)
insert into moved_refund
select member_id, ordered_at from moved where member_id is not null
union select old_member_id, old_ordered_at from moved where old_member_id is not null
union select member_id, ordered_at from gone
"""
# Each scope's keys once, then what lies in it: a batch of one member's activities would else be paired with them all.
_DIRTY = {
    Scope.EVENT: ("activity_id", "f.activity_id = p.activity_id"),
    Scope.DAY: ("member_id, kind, day", "(f.member_id, f.kind, f.day) = (p.member_id, p.kind, p.day)"),
    Scope.WEEK: (
        "member_id, kind, date_trunc('week', day::timestamp)::date as week",
        "(f.member_id, f.kind) = (p.member_id, p.kind) and p.day >= f.week and p.day < f.week + 7",
    ),
    Scope.HISTORY: ("member_id, kind", "(f.member_id, f.kind) = (p.member_id, p.kind)"),
}
_DIRTY_ACTIVITY = """
insert into dirty_activity
select p.program_id, p.version_id, a.id, a.member_id, a.kind, p.day, date_trunc('week', p.day::timestamp)::date,
       a.occurred_at, a.amount_minor, a.verified, a.order_id
  from (select distinct {keys} from fresh_participation where kind = any(%(kinds)s)) f
  join participation p on p.program_id = %(program)s and p.kind = any(%(kinds)s) and {reach}
  join activity a on a.id = p.activity_id
"""
# What stood for an activity in scope and is no target any more goes to zero: the row stays, as a note that it was.
_AWARD = """
with changed as (
  merge into award a using (
    select program_id, activity_id, rule, version_id, member_id, points from target_award
    union all
    select a.program_id, a.activity_id, a.rule, a.version_id, a.member_id, 0 from award a
     where a.program_id = %(program)s and a.points <> 0 and a.activity_id in ({scope})
       and not exists (select from target_award t where t.activity_id = a.activity_id and t.rule = a.rule)
  ) t on (a.program_id, a.activity_id, a.rule) = (t.program_id, t.activity_id, t.rule)
  when matched and (a.points, a.version_id, a.member_id) is distinct from (t.points, t.version_id, t.member_id) then
    update set points = t.points, version_id = t.version_id, member_id = t.member_id
  when not matched and t.points <> 0 then insert
    values (t.program_id, t.activity_id, t.rule, t.version_id, t.member_id, t.points)
  returning new.activity_id, new.rule, new.version_id, new.member_id, new.points as points,
            old.member_id as old_member_id, coalesce(old.points, 0) as old_points
), moved as (
  select activity_id, rule, version_id, member_id, points from changed
  union all
  select activity_id, rule, version_id, coalesce(old_member_id, member_id), -old_points from changed
)
insert into ledger_entry (program_id, member_id, account, kind, points, activity_id, rule, version_id, batch_id)
select %(program)s, member_id, 'available', %(kind)s, sum(points), activity_id, rule, min(version_id), %(batch)s
  from moved group by activity_id, rule, member_id having sum(points) <> 0
returning points
"""
_IN_SCOPE = "select activity_id from dirty_activity union select activity_id from fresh_participation"
_REFUNDS_IN_SCOPE = "select activity_id from dirty_settlement"
_DIRTY_SETTLEMENT = """
with orders as (
  select order_id from dirty_order union select order_id from dirty_activity where order_id is not null
)
insert into dirty_settlement
select a.id, a.occurred_at, s.purchase_id, s.matched_minor from orders
  join activity a using (order_id) join settlement s on s.activity_id = a.id where a.kind = 'refund'
"""
_PURCHASE_AWARDS = """
insert into dirty_purchase_award
select w.program_id, a.id, w.rule, w.version_id, w.member_id, w.points, a.amount_minor
  from (select distinct purchase_id from dirty_settlement) d
  join activity a on a.id = d.purchase_id
  join award w on w.program_id = %(program)s and w.activity_id = a.id and w.points <> 0
"""


def accept_batch(session: Session, batch_id: int) -> int:
    """Turn a batch's rows into activity; return how many are new. Settles the refunds of every order it touches."""
    accepted = driver(session).execute(_ACCEPT, {"batch": batch_id}).rowcount
    driver(session).execute(_DIRTY_ORDERS)
    settle(session)
    return accepted


def settle(session: Session) -> None:
    """Bring the refunds of all orders in `dirty_order` to their targets."""
    connection = driver(session)
    if connection.execute("select from dirty_order limit 1").fetchone() is not None:
        working.counted(session, "dirty_order")
        connection.execute(_ORDER_ACTIVITY)
        connection.execute(f"insert into target_settlement {_settlements_sql()}".encode())
        connection.execute(_SETTLE)


def touched_days(session: Session, zone: str) -> list[date]:
    """Return the days, in a program's zone, whose windows this batch touches."""
    rows = driver(session).execute(
        "select (occurred_at at time zone %(zone)s)::date from fresh_participation "
        "union select (ordered_at at time zone %(zone)s)::date from moved_refund",
        {"zone": zone},
    )
    return [day for (day,) in rows.fetchall() if isinstance(day, date)]


def write_awards(
    session: Session, program_id: int, versions: Mapping[int, Program], batch_id: int
) -> list[int]:
    """Bring awards in the batch's scopes to their targets; return the ledger's new entries, in points."""
    working.clear(session, "dirty_activity", "target_award", "dirty_settlement", "dirty_purchase_award")
    for scope, kinds in _by_scope(earning.scopes(versions)).items():
        keys, reach = _DIRTY[scope]
        statement = _DIRTY_ACTIVITY.format(keys=keys, reach=reach)
        driver(session).execute(statement.encode(), {"program": program_id, "kinds": kinds})
    working.counted(session, "dirty_activity")
    sql = awards_sql(tuple(sorted(versions.items())))
    entries: list[int] = []
    if sql is not None:
        driver(session).execute(f"insert into target_award {sql}".encode())
        entries += _post(session, program_id, batch_id, "award", _IN_SCOPE)
    return entries + _claw_back(session, program_id, batch_id)


def _claw_back(session: Session, program_id: int, batch_id: int) -> list[int]:
    working.clear(session, "target_award")
    driver(session).execute(_DIRTY_SETTLEMENT)
    driver(session).execute(_PURCHASE_AWARDS, {"program": program_id})
    driver(session).execute(f"insert into target_award {_clawbacks_sql()}".encode())
    return _post(session, program_id, batch_id, "clawback", _REFUNDS_IN_SCOPE)


def _post(session: Session, program_id: int, batch_id: int, kind: str, scope: str) -> list[int]:
    values = {"program": program_id, "batch": batch_id, "kind": kind}
    rows = driver(session).execute(_AWARD.format(scope=scope).encode(), values).fetchall()
    return [points for (points,) in rows if isinstance(points, int)]


def _by_scope(scopes: Mapping[Kind, Scope]) -> dict[Scope, list[str]]:
    grouped: dict[Scope, list[str]] = {}
    for kind, scope in scopes.items():
        grouped.setdefault(scope, []).append(kind.value)
    return grouped


@lru_cache(maxsize=64)
def awards_sql(versions: Sequence[tuple[int, Program]]) -> str | None:
    """Return the earning rules of all versions as one PostgreSQL query, compiled once."""
    expression = earning.awards(dict(versions))
    return None if expression is None else str(ibis.to_sql(expression, dialect="postgres"))


@lru_cache(maxsize=1)
def _settlements_sql() -> str:
    return str(ibis.to_sql(refunds.settlements(), dialect="postgres"))


@lru_cache(maxsize=1)
def _clawbacks_sql() -> str:
    return str(ibis.to_sql(refunds.clawbacks(), dialect="postgres"))


def balance(session: Session, program_id: int, member_id: UUID) -> int:
    """Return a member's points: the sum of the ledger's entries."""
    row = (
        driver(session)
        .execute(
            "select coalesce(sum(points), 0)::bigint from ledger_entry where program_id = %s and member_id = %s",
            (program_id, member_id),
        )
        .fetchone()
    )
    return row[0] if row and isinstance(row[0], int) else 0
