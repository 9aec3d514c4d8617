"""One member who does the same thing ten thousands of times delays nobody: a batch still ends within its lease."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from laurels.services import points
from laurels.settings import Settings
from tests.battery import histories_programs as programs
from tests.integration.activity import run_rows
from tests.runtimes import fresh_runtime


def test_a_flood_of_one_member_s_reviews_is_worked_within_the_lease(
    settings: Settings, template: None, tmp_path: Path
) -> None:
    begin = datetime(2026, 6, 2, tzinfo=UTC)
    rows = [
        {
            "event_id": f"e{n}",
            "kind": "review",
            "member_id": "m1",
            "occurred_at": (begin + timedelta(seconds=30 * n)).isoformat(),
        }
        for n in range(20_000)
    ]
    # Paired with one another, they took 22 s a batch; PostgreSQL ends a transaction after 0.8 of the lease.
    with fresh_runtime(settings, as_of=datetime(2026, 12, 1, tzinfo=UTC), lease_seconds=15) as runtime:
        programs.apply(runtime, programs.SUMMER)
        report = run_rows(runtime, tmp_path, rows)
        assert (report.passed, report.points) == (20_000, 50)  # 20 each, 50 in the whole program
        assert points.recompute_program(runtime, "summer").changed == 0
