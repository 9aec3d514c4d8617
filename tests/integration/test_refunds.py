"""Refunds follow their orders, whatever came in first."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.services import boards, versions
from laurels.services.runtime import Runtime
from laurels.stores.database import driver
from tests.integration.activity import purchase, refund, run_rows

SUMMER = Path("deployments/programs/summer-race.yaml")
JUNE = datetime(2026, 6, 20, tzinfo=UTC)


@pytest.fixture
def summer(runtime: Runtime) -> Runtime:
    versions.apply_program(runtime, SUMMER, actor="ann", effective_from=datetime(2026, 5, 1, tzinfo=UTC))
    return runtime


def points(runtime: Runtime) -> int:
    with runtime.database.transaction() as session:
        row = driver(session).execute("select coalesce(sum(points), 0)::bigint from ledger_entry").fetchone()
        return int(str((row or (0,))[0]))


def spend(runtime: Runtime, period: str = "season") -> list[int]:
    boards.reconcile_boards(runtime, as_of=JUNE)
    return [row.score for row in boards.top(runtime, "summer-race", "spend", period, as_of=JUNE)]


def test_a_part_takes_back_its_share_and_the_rest_the_rest(summer: Runtime, tmp_path: Path) -> None:
    run_rows(summer, tmp_path, [purchase("p", "ada", "12.59")])
    assert points(summer) == 125
    run_rows(summer, tmp_path, [refund("r1", "order-p", "4.20")], "r1.jsonl")
    assert points(summer) == 125 - 125 * 420 // 1259
    assert spend(summer) == [839]
    run_rows(summer, tmp_path, [refund("r2", "order-p", "8.39")], "r2.jsonl")
    assert points(summer) == 0
    assert spend(summer) == []


def test_a_refund_before_its_order_waits_for_it(summer: Runtime, tmp_path: Path) -> None:
    run_rows(summer, tmp_path, [refund("r", "order-p", "5.00")])
    assert points(summer) == 0
    run_rows(summer, tmp_path, [purchase("p", "ada", "20.00")], "p.jsonl")
    assert points(summer) == 150
    assert spend(summer) == [1500]


def test_a_refund_without_a_member_is_its_order_s(summer: Runtime, tmp_path: Path) -> None:
    run_rows(summer, tmp_path, [purchase("p", "ada", "20.00"), refund("r", "order-p", "20.00")])
    with summer.database.transaction() as session:
        rows = driver(session).execute("select distinct member_id from ledger_entry").fetchall()
    assert len(rows) == 1
    assert points(summer) == 0


def test_no_more_is_taken_back_than_the_order_gave(summer: Runtime, tmp_path: Path) -> None:
    run_rows(
        summer,
        tmp_path,
        [
            purchase("p", "ada", "20.00"),
            refund("r1", "order-p", "15.00"),
            refund("r2", "order-p", "15.00", at="2026-06-12T12:00:00Z"),
        ],
    )
    assert points(summer) == 0
    assert spend(summer) == []


def test_a_refund_in_july_counts_against_june(summer: Runtime, tmp_path: Path) -> None:
    rows = [purchase("p", "ada", "20.00"), refund("r", "order-p", "5.00", at="2026-07-15T12:00:00Z")]
    run_rows(summer, tmp_path, rows)
    assert spend(summer, "month") == [1500]


def test_a_refund_after_the_season_still_takes_points_back(summer: Runtime, tmp_path: Path) -> None:
    rows = [purchase("p", "ada", "20.00"), refund("r", "order-p", "20.00", at="2026-10-15T12:00:00Z")]
    run_rows(summer, tmp_path, rows)
    assert points(summer) == 0


def test_an_order_of_several_lines_ends_at_nothing_when_all_is_refunded(
    summer: Runtime, tmp_path: Path
) -> None:
    lines = [purchase(f"p{n}", "ada", "1.59", order_id="basket") for n in range(7)]
    parts = [refund(f"r{n}", "basket", "3.71", at=f"2026-06-1{n}T12:00:00Z") for n in range(3)]
    run_rows(summer, tmp_path, lines + parts)
    assert points(summer) == 0
