"""Refunds follow their orders, whatever came in first."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.services import batches, boards, intake, versions
from laurels.services.runtime import Runtime
from laurels.stores.database import driver
from tests.integration.activity import purchase, refund, run_rows, write_jsonl

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


def held(runtime: Runtime) -> list[int]:
    """Return the members' points, the fewest first."""
    with runtime.database.transaction() as session:
        sql = "select sum(points)::int from ledger_entry group by member_id order by 1"
        return [int(str(points)) for (points,) in driver(session).execute(sql).fetchall()]


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


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize(("one", "other"), [("ada", "bob"), ("bob", "ada")])
def test_an_order_id_that_two_members_share_takes_from_the_one_whom_the_refund_names(
    summer: Runtime, tmp_path: Path, first: int, one: str, other: str
) -> None:
    """Two tills with the same receipt numbers; whatever of it comes in first."""
    rows = [
        purchase("p1", one, "10.00", order_id="o"),
        purchase("p2", other, "90.00", order_id="o"),
        refund("r", "o", "90.00", member_id=other),
    ]
    for number, row in enumerate(rows[first:] + rows[:first]):
        run_rows(summer, tmp_path, [row], f"{number}.jsonl")
    assert held(summer) == [0, 100]
    assert spend(summer) == [1000]


def test_a_refund_of_nobody_s_waits_where_the_order_is_of_two(summer: Runtime, tmp_path: Path) -> None:
    run_rows(summer, tmp_path, [purchase("p1", "ada", "10.00", order_id="o")])
    native = Path("deployments/mappings/activity-jsonl.yaml").read_text()
    (tmp_path / "nobody.yaml").write_text(native.replace("member: {column: member_id}", ""))
    path = write_jsonl(tmp_path / "r.jsonl", [refund("r", "o", "5.00")])
    intake.ingest_file(summer, path, source="test", mapping=str(tmp_path / "nobody.yaml"))
    batches.drain(summer)
    assert held(summer) == [50]
    run_rows(summer, tmp_path, [purchase("p2", "bob", "90.00", order_id="o")], "p2.jsonl")
    assert held(summer) == [100, 900]
    assert spend(summer) == [9000, 1000]
    with summer.database.transaction() as session:
        rows = driver(session).execute("select matched_minor, purchase_id, member_id from settlement")
        assert rows.fetchall() == [(0, None, None)]


@pytest.mark.parametrize("late", ["p1", "p2", "r"])
def test_a_refund_over_two_months_takes_from_each_no_more_than_was_bought_in_it(
    summer: Runtime, tmp_path: Path, late: str
) -> None:
    rows = [
        purchase("p1", "ada", "50.00", at="2026-06-30T12:00:00Z", order_id="o"),
        purchase("p2", "ada", "30.00", at="2026-07-02T12:00:00Z", order_id="o"),
        refund("r", "o", "60.00", at="2026-07-05T12:00:00Z"),
        purchase("other", "ada", "1.00", at="2026-06-29T12:00:00Z"),
    ]
    run_rows(summer, tmp_path, [row for row in rows if row["event_id"] != late])
    run_rows(summer, tmp_path, [row for row in rows if row["event_id"] == late], "late.jsonl")
    assert held(summer) == [210]
    assert spend(summer) == [2100]
    with summer.database.transaction() as session:
        sql = "select s.score from standing s join board_window w on w.id = s.window_id where w.period = 'month' "
        months = driver(session).execute(f"{sql} and w.board = 'spend' order by w.starts_at".encode())
        assert months.fetchall() == [(100,), (2000,)]


def test_a_part_of_an_order_that_does_not_count_takes_from_nothing_that_does(
    summer: Runtime, tmp_path: Path
) -> None:
    """The first line is older than the program: what is given back of it is no spend of June's."""
    rows = [
        purchase("p1", "ada", "50.00", at="2026-04-30T12:00:00Z", order_id="o"),
        purchase("p2", "ada", "30.00", order_id="o"),
        refund("r", "o", "60.00"),
    ]
    run_rows(summer, tmp_path, rows)
    assert held(summer) == [200]
    assert spend(summer) == [2000]
