"""Standings in set SQL: the windows and members that a batch touched, computed anew, differences marked dirty."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import ibis
from sqlalchemy import ARRAY, Uuid, any_, literal
from sqlmodel import Session, col, select

from laurels.rules import standings
from laurels.stores import working
from laurels.stores.database import driver
from laurels.stores.participation import Version
from laurels.stores.programs import Kept
from models.boards import Standing
from models.values.boards import Board

LEASE = "board:%s"
"""The lease under which one works on a window, by its id."""

_WINDOWS = """
insert into board_window (program_id, board, period, starts_at, ends_at, pass_number)
select %s, board, period, starts_at, ends_at, 0
  from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[]) as w (board, period, starts_at, ends_at)
on conflict (program_id, board, period, starts_at) do update set ends_at = excluded.ends_at
 where board_window.ends_at <> excluded.ends_at
"""
_CURRENT = """
insert into current_window
select id, version_id
  from board_window join unnest(%s::text[], %s::text[], %s::timestamptz[], %s::int[])
    as w (board, period, starts_at, version_id) using (board, period, starts_at)
 where program_id = %s
"""
# A window that ends at another time than before keeps another clock in its scores: Redis needs all of them anew.
_MOVED_END = """
insert into dirty_standing (window_id, member_id)
select s.window_id, s.member_id from standing s join board_window b on b.id = s.window_id
  join unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[]) as w (board, period, starts_at, ends_at)
    using (board, period, starts_at)
 where b.program_id = %s and b.ends_at <> w.ends_at
"""
_CLOSE = """
with gone as (
  delete from standing s using board_window w
   where w.id = s.window_id and w.program_id = %s and not exists (select from current_window c where c.id = w.id)
  returning s.window_id, s.member_id
)
insert into dirty_standing (window_id, member_id) select window_id, member_id from gone
"""
_TOUCHED = """
insert into dirty_window_member
select w.id, f.member_id from current_window join board_window w using (id) join fresh_participation f
    on f.occurred_at >= w.starts_at and f.occurred_at < w.ends_at
 where version_id = %(version)s
union
select w.id, r.member_id from current_window join board_window w using (id) join moved_refund r
    on r.ordered_at >= w.starts_at and r.ordered_at < w.ends_at
 where version_id = %(version)s
"""
# A refund counts where what it gives back counted: a month's net spend is what was bought in it and kept.
_BOARD_ACTIVITY = """
insert into board_activity
select d.window_id, w.board, w.starts_at, w.ends_at, d.member_id, a.kind, a.verified,
       case when a.kind = 'purchase' then a.amount_minor end, a.occurred_at
  from dirty_window_member d join board_window w on w.id = d.window_id
  join activity a on a.member_id = d.member_id and a.occurred_at >= w.starts_at and a.occurred_at < w.ends_at
  join participation p on p.program_id = %(program)s and p.activity_id = a.id
union all
select d.window_id, w.board, w.starts_at, w.ends_at, d.member_id, 'refund', null, -s.matched_minor, a.occurred_at
  from dirty_window_member d join board_window w on w.id = d.window_id
  join settlement s on s.member_id = d.member_id and s.ordered_at >= w.starts_at and s.ordered_at < w.ends_at
  join activity a on a.id = s.activity_id
  join participation p on p.program_id = %(program)s and p.activity_id = s.purchase_id
"""
_MERGE = """
with changed as (
  merge into standing s using (
    select d.window_id, d.member_id, t.score, t.reached_at from dirty_window_member d
      left join target_standing t using (window_id, member_id)
  ) t on s.window_id = t.window_id and s.member_id = t.member_id
  when matched and t.score is null then delete
  when matched and (s.score, s.reached_at) is distinct from (t.score, t.reached_at) then
    update set score = t.score, reached_at = t.reached_at
  when not matched and t.score is not null then insert values (t.window_id, t.member_id, t.score, t.reached_at)
  returning t.window_id, t.member_id
)
insert into dirty_standing (window_id, member_id) select window_id, member_id from changed
"""


def open_windows(session: Session, program_id: int, windows: Iterable[Kept]) -> None:
    """Make sure that the windows exist, each one unique row, and note them as the ones to work on."""
    working.clear(session, "current_window")
    rows = [
        (one.board.board, one.span.period.value, one.span.starts_at, one.span.ends_at, one.version.id)
        for one in windows
    ]
    if rows:
        names, periods, starts, ends, versions = (list(column) for column in zip(*rows, strict=True))
        connection = driver(session)
        connection.execute(_MOVED_END, (names, periods, starts, ends, program_id))
        connection.execute(_WINDOWS, (program_id, names, periods, starts, ends))
        connection.execute(_CURRENT, (names, periods, starts, versions, program_id))


def close_windows(session: Session, program_id: int) -> int:
    """Take everybody off the windows that are not worked on: the version in force at their end has no such ones."""
    return driver(session).execute(_CLOSE, (program_id,)).rowcount


def write_standings(session: Session, program_id: int, version: Version) -> int:
    """Bring the touched standings of a version's windows to their targets and mark them; return how many changed."""
    sql = _standings_sql(version.program.boards)
    connection = driver(session)
    working.clear(session, "dirty_window_member", "board_activity", "target_standing")
    if sql is None or not connection.execute(_TOUCHED, {"version": version.id}).rowcount:
        return 0
    working.counted(session, "dirty_window_member")
    connection.execute(_BOARD_ACTIVITY, {"program": program_id})
    connection.execute(f"insert into target_standing {sql}".encode())
    return connection.execute(_MERGE).rowcount


@lru_cache(maxsize=64)
def _standings_sql(boards: tuple[Board, ...]) -> str | None:
    expression = standings.standings(boards)
    return None if expression is None else str(ibis.to_sql(expression, dialect="postgres"))


def is_due(session: Session, window_id: int, as_of: datetime, *, withdrawn: bool) -> bool:
    """Return whether a window has marks to take, a grant whose fall is being waited out, or, withdrawn, any grant."""
    row = (
        driver(session)
        .execute(
            "select exists (select from dirty_standing where window_id = %(window)s) or exists (select from tier_grant "
            "where window_id = %(window)s and ended_at is null and (%(withdrawn)s or falling_since < %(now)s))",
            {"window": window_id, "now": as_of, "withdrawn": withdrawn},
        )
        .fetchone()
    )
    return bool(row and row[0])


def take_marks(session: Session, window_id: int) -> set[UUID]:
    """Take the window's marks; return whose standings changed."""
    rows = driver(session).execute(
        "delete from dirty_standing where window_id = %s returning member_id", (window_id,)
    )
    return {member for (member,) in rows.fetchall() if isinstance(member, UUID)}


def scores(session: Session, window_id: int, members: set[UUID]) -> dict[UUID, tuple[int, datetime] | None]:
    """Return each member's score and when it was reached; None for one who left the board."""
    found: dict[UUID, tuple[int, datetime] | None] = dict.fromkeys(members)
    # One array, whatever its size: a batch may touch more members than a statement has room for parameters.
    among = literal(list(members), ARRAY(Uuid))
    rows = session.exec(
        select(Standing).where(Standing.window_id == window_id, col(Standing.member_id) == any_(among))
    ).all()
    return found | {row.member_id: (row.score, row.reached_at) for row in rows}


def top(session: Session, window_id: int, limit: int) -> list[tuple[UUID, int]]:
    """Return the first ranks with their scores: score descending, first to reach it, then member id."""
    rows = session.exec(
        select(Standing)
        .where(Standing.window_id == window_id)
        .order_by(col(Standing.score).desc(), col(Standing.reached_at), col(Standing.member_id))
        .limit(limit)
    ).all()
    return [(row.member_id, row.score) for row in rows]


def rank(session: Session, window_id: int, member_id: UUID) -> int | None:
    """Return a member's rank by counting who is ahead, None where the board does not have them."""
    row = (
        driver(session)
        .execute(
            "select 1 + (select count(*) from standing o where o.window_id = s.window_id and "
            "(-o.score, o.reached_at, o.member_id) < (-s.score, s.reached_at, s.member_id)) "
            "from standing s where s.window_id = %s and s.member_id = %s",
            (window_id, member_id),
        )
        .fetchone()
    )
    return row[0] if row and isinstance(row[0], int) else None
