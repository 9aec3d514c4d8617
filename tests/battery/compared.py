"""What the store holds, in the oracle's terms."""

from typing import Any

from laurels.services.runtime import Runtime
from laurels.stores.database import driver
from tests.oracle import Awards, Part, Standings

_AWARDS = """
select a.activity_id, a.rule, v.number, a.member_id, a.points from award a
  join program p on p.id = a.program_id join program_version v on v.id = a.version_id
 where p.name = %s and a.points <> 0
"""
_BALANCES = """
select e.member_id, sum(e.points)::bigint from ledger_entry e join program p on p.id = e.program_id
 where p.name = %s group by e.member_id having sum(e.points) <> 0
"""
_STANDINGS = """
select w.board, w.period, w.starts_at, s.member_id, s.score, s.reached_at from standing s
  join board_window w on w.id = s.window_id join program p on p.id = w.program_id where p.name = %s
"""


def stored_awards(runtime: Runtime, program: str) -> Awards:
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in _rows(runtime, _AWARDS, program)}


def stored_balances(runtime: Runtime, program: str) -> dict[Any, int]:
    return dict(_rows(runtime, _BALANCES, program))


def stored_standings(runtime: Runtime, program: str) -> Standings:
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in _rows(runtime, _STANDINGS, program)}


def stored_settlements(runtime: Runtime) -> dict[Any, list[Part]]:
    rows = _rows(
        runtime,
        "select activity_id, purchase_id, matched_minor, member_id, ordered_at from settlement order by activity_id, part",
    )
    return {key: [Part(*row[1:]) for row in rows if row[0] == key] for key in {row[0] for row in rows}}


def _rows(runtime: Runtime, sql: str, *values: Any) -> list[Any]:
    with runtime.database.transaction() as session:
        return driver(session).execute(sql.encode(), values or None).fetchall()
