"""CDNOW to the cent and to the point: 69,659 real rows against the published figures."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from laurels.rules.identity import member_ids
from laurels.services import batches, boards, intake, versions
from laurels.services.batches import DrainReport
from laurels.services.intake import IntakeReport
from laurels.services.programs import parse_program
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from laurels.stores.database import driver
from tests.runtimes import fresh_runtime

PROGRAM = """
program: cdnow
time_zone: America/New_York
currency: USD
season: {starts: 1997-01-01, ends: 1998-07-01}
points_value: {points: 100, worth: 5.00}
earning:
  - {rule: floored, on: purchase, points_per_unit: 1}
  - {rule: carried, on: purchase, points_per_unit: 1, rounding: carry}
boards:
  - {board: spend, metric: {sum: amount, of: purchase, net: refunds}, windows: [month, season]}
"""
JUNE = datetime(1998, 6, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def cdnow(settings: Settings, template: None, shared_data: Path):
    with fresh_runtime(settings) as runtime:
        versions.apply_version(
            runtime,
            parse_program(PROGRAM, "cdnow"),
            actor="ann",
            effective_from=datetime(1996, 1, 1, tzinfo=UTC),
        )
        report = intake.ingest_file(
            runtime, shared_data / "cdnow" / "cdnow_master.txt.gz", source="cdnow", mapping="cdnow"
        )
        drained = batches.drain(runtime)
        boards.reconcile_boards(runtime, as_of=JUNE)
        yield runtime, report, drained


Cdnow = tuple[Runtime, IntakeReport, DrainReport]


def one(runtime: Runtime, query: str) -> tuple[object, ...]:
    with runtime.database.transaction() as session:
        return driver(session).execute(query.encode()).fetchone() or ()


def test_every_row_is_taken_in(cdnow: Cdnow) -> None:
    _, report, drained = cdnow
    assert (report.rows, report.accepted, report.duplicates, report.conflicts, report.refused) == (
        69_659,
        69_659,
        0,
        0,
        0,
    )
    assert (drained.passed, drained.quarantined) == (69_659, 0)


def test_money_to_the_cent(cdnow: Cdnow) -> None:
    assert one(
        cdnow[0],
        "select sum(amount_minor), count(distinct member_id), count(*) filter (where amount_minor = 0) from activity",
    ) == (250_031_563, 23_570, 80)


def test_points_to_the_point_floored_by_row_and_carried(cdnow: Cdnow) -> None:
    query = "select sum(points) filter (where rule = 'floored'), sum(points) filter (where rule = 'carried') from {}"
    assert one(cdnow[0], query.format("award")) == (2_453_159, 2_486_122)
    assert one(cdnow[0], query.format("ledger_entry")) == (2_453_159, 2_486_122)
    assert cdnow[2].points == 2_453_159 + 2_486_122


@pytest.mark.parametrize("shown_by", ["Redis", "PostgreSQL"])
def test_the_top_ten_in_order(cdnow: Cdnow, shown_by: str, figures: dict) -> None:
    runtime = cdnow[0]
    member_id = member_ids("cdnow", runtime.keys.member_id)
    if shown_by == "PostgreSQL":
        with runtime.database.transaction() as session:
            window = boards.find_window(
                session, boards.programs.stored_program(session, "cdnow"), "spend", "season", JUNE
            )
            found = boards.boards.top(session, window.id or 0, 10)
    else:
        found = [
            (row.member_id, row.score) for row in boards.top(runtime, "cdnow", "spend", "season", as_of=JUNE)
        ]
    assert found == [
        (member_id(customer), round(usd * 100))
        for customer, usd in figures["cdnow_master"]["top10_spend_usd"]
    ]


def test_a_month_s_board(cdnow: Cdnow, figures: dict) -> None:
    member_id = member_ids("cdnow", cdnow[0].keys.member_id)
    found = boards.top(cdnow[0], "cdnow", "spend", "month", limit=3, as_of=datetime(1997, 12, 20, tzinfo=UTC))
    expected = figures["cdnow_master"]["top3_1997_12_usd"]
    assert [(row.member_id, row.score) for row in found] == [
        (member_id(c), round(usd * 100)) for c, usd in expected
    ]


def test_redis_ranks_all_members_as_postgresql_does(cdnow: Cdnow) -> None:
    """16,243 customers share a total with somebody, so ties decide most of the order."""
    runtime = cdnow[0]
    with runtime.database.transaction() as session:
        window = boards.find_window(
            session, boards.programs.stored_program(session, "cdnow"), "spend", "season", JUNE
        )
        truth = [member for member, _ in boards.boards.top(session, window.id or 0, 30_000)]
    assert [place.member_id for place in runtime.views.top(window.view, 30_000)] == truth
    assert len(truth) == 23_502  # 23,570 customers less those whose purchases are all free


def test_the_same_file_under_another_name_adds_nothing(
    cdnow: Cdnow, shared_data: Path, tmp_path: Path
) -> None:
    runtime = cdnow[0]
    before = one(runtime, "select count(*), sum(points) from ledger_entry")
    copy = tmp_path / "renamed.gz"
    copy.write_bytes((shared_data / "cdnow" / "cdnow_master.txt.gz").read_bytes())
    report = intake.ingest_file(runtime, copy, source="cdnow", mapping="cdnow")
    assert (report.state, report.accepted, report.duplicates, report.seen_before) == (
        "released",
        0,
        69_659,
        True,
    )
    assert batches.drain(runtime).rows == 0
    assert one(runtime, "select count(*), sum(points) from ledger_entry") == before
