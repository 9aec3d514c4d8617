"""Trend and weekly report: exact counts from real files, refused, mended, dismissed, held and released."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from laurels.errors import RuleRefusedError
from laurels.rules.quality_reports import Weeks
from laurels.rules.trend_charts import FileFigures
from laurels.services import batches, intake, quality_reports, quarantine
from laurels.services.runtime import Runtime
from tests.integration.activity import purchase, write_jsonl

MONDAY = datetime(2026, 7, 6, 11, tzinfo=UTC)  # 07:00 in New York
WEEK = {"this": datetime(2026, 7, 1, 12, tzinfo=UTC), "before": datetime(2026, 6, 24, 12, tzinfo=UTC)}


def send(runtime: Runtime, folder: Path, source: str, week: str, rows: list[dict[str, Any]]) -> int:
    path = write_jsonl(folder / f"{source}-{week}-{len(list(folder.iterdir()))}.jsonl", rows)
    report = intake.ingest_file(runtime, path, source=source, mapping="activity-jsonl", as_of=WEEK[week])
    batches.drain(runtime)
    return report.intake_id


def rows(prefix: str, good: int, negative: int = 0, unreadable: int = 0) -> list[dict[str, Any]]:
    at = "2026-06-20T12:00:00Z"
    return [
        *(purchase(f"{prefix}-good-{number}", "ada", "1.00", at) for number in range(good)),
        *(purchase(f"{prefix}-negative-{number}", "ada", "-1.00", at) for number in range(negative)),
        *(purchase(f"{prefix}-unreadable-{number}", "ada", "1;00", at) for number in range(unreadable)),
    ]


@pytest.fixture
def house(runtime: Runtime, tmp_path: Path) -> Runtime:
    send(runtime, tmp_path, "shop", "before", rows("a", 9, 1))
    send(runtime, tmp_path, "shop", "this", rows("b", 6, 3, 1))
    send(runtime, tmp_path, "shop", "this", rows("c", 4))
    send(runtime, tmp_path, "other", "this", rows("d", 1, 0, 1))
    return runtime


def test_the_last_files_of_a_source_with_what_was_refused_of_each(house: Runtime) -> None:
    assert quality_reports.trend(house, "shop", 4) == [
        FileFigures(1, 10, 1),
        FileFigures(2, 10, 4),
        FileFigures(3, 4, 0),
    ]
    assert quality_reports.trend(house, "shop", 2) == [FileFigures(1, 10, 1), FileFigures(2, 10, 4)]
    assert quality_reports.trend(house, "nobody", 4) == []


def test_a_row_that_was_mended_was_still_refused(house: Runtime) -> None:
    found = quarantine.list_quarantine(house, source="shop", state="open", limit=10)
    quarantine.replay(house, [row.id for row in found[1:3]], edits={"amount": "1.00"}, actor="ann")
    batches.drain(house)
    assert quality_reports.trend(house, "shop", 4)[1] == FileFigures(2, 10, 4)


def test_the_week_of_each_source_beside_the_one_before(house: Runtime) -> None:
    ids = [row.id for row in quarantine.list_quarantine(house, source="shop", state="open", limit=10)]
    quarantine.replay(house, ids[1:3], edits={"amount": "1.00"}, actor="ann")  # mended
    quarantine.replay(house, ids[3:4], edits={"amount": "-2.00"}, actor="ann")  # refused again: one row still
    batches.drain(house)
    quarantine.dismiss(house, ids[4:], actor="ann")
    report = quality_reports.report(house, as_of=MONDAY)
    assert [(each.source, each.these.files, each.before.files) for each in report.sources] == [
        ("other", 1, 0),
        ("shop", 2, 1),
    ]
    shop = report.sources[1]
    assert shop.these == Weeks(
        files=2,
        rows=14,
        accepted=14,
        refused=4,
        repaired=2,
        dismissed=1,
        waiting=1,
        freshness=shop.these.freshness,
        reasons={"purchase_negative": 3, "amount_unreadable": 1},
    )
    assert shop.these.recall == 0.5
    assert shop.before == Weeks(
        files=1,
        rows=10,
        accepted=10,
        refused=1,
        waiting=1,
        freshness=shop.before.freshness,
        reasons={"purchase_negative": 1},
    )
    one = quality_reports.report(house, source="other", as_of=MONDAY)
    assert [each.source for each in one.sources] == ["other"]
    none = quality_reports.report(house, as_of=datetime(2026, 8, 3, 11, tzinfo=UTC))
    assert none.sources == ()


def test_files_held_released_and_rejected_are_counted(house: Runtime, tmp_path: Path) -> None:
    held = [
        intake.ingest_file(
            house, write_empty(tmp_path, name), source="shop", mapping="activity", as_of=WEEK["this"]
        )
        for name in ("x", "y")
    ]
    assert {one.state for one in held} == {"held"}
    quarantine.release_intake(house, held[0].intake_id, actor="ann")
    with house.database.transaction() as session:
        session.connection().execute(
            text("update intake set last_at = as_of - interval '36 hours' where source = 'shop'")
        )
    shop = quality_reports.report(house, source="shop", as_of=MONDAY).sources[0].these
    assert (shop.files, shop.held, shop.released, shop.rejected) == (4, 2, 1, 0)
    assert shop.freshness == 36 * 3600
    quarantine.reject_intake(house, held[1].intake_id, actor="ann")
    shop = quality_reports.report(house, source="shop", as_of=MONDAY).sources[0].these
    assert (shop.held, shop.released, shop.rejected) == (2, 1, 1)


def write_empty(folder: Path, name: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(f"event_id,kind,member_id,occurred_at,amount,currency,order_id,{name}\n")
    return path


def test_a_zone_that_is_none_is_refused(runtime: Runtime) -> None:
    with pytest.raises(RuleRefusedError, match="no time zone Mars/Olympus"):
        quality_reports.report(runtime, zone="Mars/Olympus")
