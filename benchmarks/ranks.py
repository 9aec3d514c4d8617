"""Rank lookup in Redis beside counting in SQL, on a board of a million members, in one run."""

import random
import time
from collections.abc import Callable
from uuid import UUID

from benchmarks.measure import finish, own_runtime, percentile, say, seconds
from laurels.services.boards import reconcile_boards
from laurels.services.runtime import Runtime
from laurels.stores import boards
from laurels.stores.database import driver

MEMBERS = 1_000_000
LOOKUPS, SQL_LOOKUPS = 5_000, 60
LIMIT = 500.0

FILL = f"""
insert into program (name) values ('bench');
insert into program_version (program_id, number, effective_from, digest, body)
select id, 1, '2020-01-01', '', '{{"program": "bench", "time_zone": "UTC", "currency": "USD",
  "points_value": {{"points": 100, "worth": "5.00"}},
  "boards": [{{"board": "referrals", "metric": {{"count": "referral"}}, "windows": ["month"]}}]}}' from program;
insert into board_window (program_id, board, period, starts_at, ends_at, pass_number)
select id, 'referrals', 'month', '2026-06-01', '2026-07-01', 0 from program;
insert into standing (window_id, member_id, score, reached_at)
select w.id, gen_random_uuid(), 1 + (random() ^ 3 * 100000)::bigint,
       '2026-06-01'::timestamptz + make_interval(secs => floor(random() * 2591999))
  from board_window w, generate_series(1, {MEMBERS});
analyze standing
"""


def timed(lookups: int, members: list[UUID], look: Callable[[UUID], object]) -> list[float]:
    found = []
    for _ in range(lookups):
        member = random.choice(members)
        began = time.perf_counter()
        look(member)
        found.append(time.perf_counter() - began)
    return found


def main() -> None:
    with own_runtime() as runtime:
        with runtime.database.transaction() as session:
            driver(session).execute(FILL.encode())
            row = driver(session).execute("select id, view from board_window").fetchone()
            members = [
                m for (m,) in driver(session).execute("select member_id from standing limit 20000").fetchall()
            ]
        assert row is not None
        window, view = int(str(row[0])), UUID(str(row[1]))
        say(f"publishing {MEMBERS} members")
        publish = seconds(lambda: reconcile_boards(runtime, republish=True))
        figures = compare(runtime, window, view, [m for m in members if isinstance(m, UUID)])
    finish("ranks", members=MEMBERS, publish_members_per_s=MEMBERS / publish, **figures, limit=LIMIT)


def compare(runtime: Runtime, window: int, view: UUID, members: list[UUID]) -> dict[str, float]:
    with runtime.database.transaction() as session:
        for member in members[:50]:
            shown = runtime.views.rank(view, member)
            assert shown is not None
            assert shown.rank == boards.rank(session, window, member)
        redis = timed(LOOKUPS, members, lambda member: runtime.views.rank(view, member))
        sql = timed(SQL_LOOKUPS, members, lambda member: boards.rank(session, window, member))
    p50, sql_p50 = percentile(redis, 0.5), percentile(sql, 0.5)
    return {
        "redis_p50_ms": p50 * 1000,
        "redis_p99_ms": percentile(redis, 0.99) * 1000,
        "sql_count_p50_ms": sql_p50 * 1000,
        "ratio": sql_p50 / p50,
    }


if __name__ == "__main__":
    main()
