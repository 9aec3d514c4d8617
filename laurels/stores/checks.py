"""Promises as SQL: each query returns what breaks one, as short texts of opaque ids; no row is good.

They hold at any moment, between any two transactions, so all run over one snapshot of the live store.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from sqlalchemy import Integer, text
from sqlmodel import Session, col, select

from laurels.stores.boards import LEASE
from laurels.stores.database import driver
from models.boards import BoardWindow

EXAMPLES = 5
"""How many offenders are told; the rest are like them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: its number in the list of invariants, what it says, and the SQL of those who break it."""

    name: str
    sentence: str
    sql: str


@dataclass(frozen=True, slots=True)
class Place:
    """A member's standing."""

    member_id: UUID
    score: int
    reached_at: datetime


_PLACES = """
with place as (
  select id as key from activity
  union all select key from queue_item
  union all select key from batch_item
  union all select key from quarantined_row where batch_id is not null
    and (state in ('open', 'dismissed', 'expired') or moved_to is not null)
), counted as (
  select key, count(*) as places from place group by key
)
select 'event ' || coalesce(k.key, c.key) || ' is in ' || coalesce(c.places, 0) || ' places'
       || case when k.key is null then ', but was never taken in' else '' end
  from inbox_key k full join counted c on c.key = k.key left join intake t on t.id = k.intake_id
 where k.key is null or (coalesce(c.places, 0) <> 1 and not (c.places is null and t.state = 'rejected'))
"""
_STOPPED = """
select 'batch ' || b.id || ' of ' || coalesce(t.name || ' (intake ' || t.id || ')', 'a recompute') || ': '
       || coalesce(b.verdict->>'error', 'no reason kept')
       || '; when that is mended: laurels intake retry-batch ' || b.id
  from batch b left join intake t on t.id = b.intake_id where b.state = 'gate_error' order by b.id
"""
_CAPS = """
with rule as (
  select v.id as version_id, e->>'rule' as rule, e->'cap'->>'per' as per, (e->'cap'->>'points')::bigint as most
    from program_version v, jsonb_array_elements(v.body->'earning') e where e ? 'cap'
), given as (
  select a.program_id, a.member_id, a.rule, p.kind, r.per, a.points, r.most,
         case r.per when 'day' then p.day when 'week' then date_trunc('week', p.day::timestamp)::date end as period
    from award a join rule r using (version_id, rule)
    join participation p using (program_id, activity_id) where a.points > 0
)
select 'member ' || member_id || ' has ' || sum(points) || ' of ' || max(most) || ' by ' || rule || ' in one ' || per
       || coalesce(', ' || period, '')
  from given group by program_id, member_id, rule, kind, per, period having sum(points) > max(most)
"""
_LEDGER = """
with both_sides as (
  select program_id, activity_id, rule, member_id, points as awarded, 0 as posted from award
  union all
  select program_id, activity_id, rule, member_id, 0, points from ledger_entry where kind in ('award', 'clawback')
)
select 'activity ' || activity_id || ' by ' || rule || ' of member ' || member_id || ': ' || sum(awarded)
       || ' awarded, ' || sum(posted) || ' posted'
  from both_sides group by program_id, activity_id, rule, member_id having sum(awarded) <> sum(posted)
"""
_REFUNDS = """
with bought as (
  select order_id, currency, member_id, sum(amount_minor) as minor,
         count(*) over (partition by order_id, currency) as members
    from activity where kind = 'purchase' and order_id is not null group by order_id, currency, member_id
), back as (
  select a.order_id, a.currency, a.member_id, a.amount_minor as asked, sum(s.matched_minor) as matched,
         min(s.matched_minor) as least
    from activity a join settlement s on s.activity_id = a.id where a.kind = 'refund' group by a.id
)
select 'order ' || back.order_id || ': ' || sum(matched) || ' settled of ' || sum(asked) || ' refunded and '
       || coalesce(max(minor), 0) || ' bought'
  from back left join bought on bought.order_id = back.order_id and bought.currency is not distinct from back.currency
   and (bought.members = 1 or bought.member_id = back.member_id)
 group by back.order_id, back.currency, bought.member_id
having min(least) < 0 or sum(matched) <> least(sum(asked), coalesce(max(minor), 0))
"""
_CLAWBACKS = """
with side as (
  select w.program_id, a.order_id, a.currency, w.rule, sum(w.points) filter (where a.kind = 'purchase') as earned,
         -sum(w.points) filter (where a.kind = 'refund') as taken
    from award w join activity a on a.id = w.activity_id where a.order_id is not null
   group by w.program_id, a.order_id, a.currency, w.rule
)
select 'order ' || order_id || ' by ' || rule || ': ' || taken || ' taken back of ' || coalesce(earned, 0) || ' earned'
  from side where taken < 0 or taken > coalesce(earned, 0)
"""
_VERSIONS = """
select 'activity ' || p.activity_id || ' counts under version ' || v.number
  from participation p join activity a on a.id = p.activity_id join program_version v on v.id = p.version_id
 where a.occurred_at < v.effective_from or exists (
   select from program_version later where later.program_id = v.program_id
      and later.effective_from > v.effective_from and later.effective_from <= a.occurred_at)
union all
select 'activity ' || w.activity_id || ' has points by ' || w.rule || ' under another version than it counts'
  from award w join activity a on a.id = w.activity_id
  left join participation p on p.program_id = w.program_id and p.activity_id = w.activity_id
 where w.points <> 0 and a.kind <> 'refund' and w.version_id is distinct from p.version_id
"""
_INTAKES = """
select 'intake ' || id || ': ' || rows || ' rows, ' || accepted || ' accepted, ' || duplicates || ' duplicates, '
       || conflicts || ' conflicts, ' || refused || ' refused'
  from intake where rows <> accepted + duplicates + conflicts + refused
"""
_MET = """
select 'intake ' || met.id || ' took rows of intake ' || broken.id || ' for duplicates: send its file again'
  from intake broken cross join jsonb_array_elements_text(broken.verdict->'met') as m (id)
  join intake met on met.id = m.id::bigint
 where broken.state = 'rejected' and not exists (
   select from intake again where again.id > broken.id and again.id > met.id and again.source = met.source
      and again.digest = met.digest and again.state in ('released', 'done'))
"""
_SETTLED = """
select 'refund ' || a.id || ' is neither settled nor parked' from activity a
 where a.kind = 'refund' and a.order_id is not null and not exists (select from settlement s where s.activity_id = a.id)
"""
_OWED = """
select 'grant ' || g.id || ' owes no push' from tier_grant g
 where not exists (select from push p where p.grant_id = g.id and p.action = 'give')
union all
select 'grant ' || g.id || ' ended and owes no push of that' from tier_grant g
  join push p on p.grant_id = g.id and p.action = 'give' and p.state <> 'superseded'
 where g.ended_at is not null
   and not exists (select from push e where e.grant_id = g.id and e.action = 'end')
union all
select 'grant ' || g.id || ' is a rise that its member is not told of' from tier_grant g
 where not exists (select from delivery d where d.grant_id = g.id)
   and not exists (select from tier_grant f where f.window_id = g.window_id and f.member_id = g.member_id
                      and f.ended_by = 'downgrade' and f.ended_at = g.starts_at and f.id <> g.id)
"""
_ONE_GRANT = """
select 'member ' || member_id || ' holds ' || count(*) || ' grants in window ' || window_id
  from tier_grant where ended_at is null group by window_id, member_id having count(*) > 1
"""
_STUCK = """
select kind || ' ' || id || ' since ' || to_char(claimed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from (select 'push' as kind, id, claimed_at from push where state = 'sending'
        union all select 'delivery', id, claimed_at from delivery where state = 'sending') sending
 where claimed_at is null or claimed_at < clock_timestamp() - interval '1 hour'
"""
_APPEND_ONLY = """
select name || ' can be changed' from unnest(array['ledger_entry', 'audit_entry', 'program_version', 'activity',
                                                   'payload']) as name
 where not exists (select from pg_trigger t where t.tgrelid = to_regclass(name) and t.tgenabled in ('O', 'A')
                      and t.tgname = name || '_is_append_only')
"""

CHECKS = (
    Check("I3", "A balance is the sum of what the ledger says, and that is what was awarded.", _LEDGER),
    Check("I5", "Facts are append-only, by triggers that are present and enabled.", _APPEND_ONLY),
    Check("I8", "Refunds of an order settle what was asked for, up to what was bought.", _REFUNDS),
    Check("I8", "A clawback takes no more than its order earned.", _CLAWBACKS),
    Check("I9", "Every refund is settled or parked.", _SETTLED),
    Check("I14", "Nobody has more points by a rule in one period than its cap.", _CAPS),
    Check("I16", "An activity counts under the version that was effective when it occurred.", _VERSIONS),
    Check("I17", "Every event that was taken in is in exactly one place.", _PLACES),
    Check("I17", "Every row of a file was accepted, a duplicate, a conflict or refused.", _INTAKES),
    Check("I38", "The gate can judge every batch, and the store takes what passed.", _STOPPED),
    Check("I17", "A file that was read beside one that broke off is sent again.", _MET),
    Check("I20", "A member holds one grant of a window at most.", _ONE_GRANT),
    Check("I27", "Every grant owes its push, its end another, and a rise a message.", _OWED),
    Check("I28", "Nothing is being sent for longer than an hour.", _STUCK),
)

_AT_REST = f"""
select id from board_window w
 where pass_number > 0 and not exists (select from dirty_standing d where d.window_id = w.id)
   and not exists (select from lease where name = format('{LEASE}', w.id) and expires_at > clock_timestamp())
"""
_RANKING = """
select member_id, score, reached_at from standing where window_id = %s order by score desc, reached_at, member_id
"""
_FETCHED_ROWS = 5_000


def offenders(session: Session, check: Check) -> list[str]:
    """Return the first of those who break a promise, in a fixed order."""
    sql = f"select offender from ({check.sql}) as found (offender) order by 1 limit {EXAMPLES}"
    return [str(offender) for (offender,) in driver(session).execute(sql.encode()).fetchall()]


def windows_at_rest(session: Session) -> list[BoardWindow]:
    """Return the windows on which nobody works or has to: Redis must show them as they stand here."""
    at_rest = text(_AT_REST).columns(id=Integer)
    return list(
        session.exec(
            select(BoardWindow).where(col(BoardWindow.id).in_(at_rest)).order_by(col(BoardWindow.id))
        ).all()
    )


def ranking(session: Session, window_id: int) -> Iterator[Place]:
    """Yield a window's standings in order of rank."""
    with driver(session).cursor("ranking", row_factory=class_row(Place)) as cursor:
        cursor.itersize = _FETCHED_ROWS
        yield from cursor.execute(_RANKING, (window_id,))
