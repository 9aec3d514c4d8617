"""Several records on one physical line: each has its own fate, and all of them the line's number."""

import json
from pathlib import Path
from typing import Any

import pytest

from laurels.services import batches, checks, intake, quarantine, reading
from laurels.services.intake import IntakeReport
from laurels.services.runtime import Runtime
from laurels.stores import inbox
from models.values.activity import RefusedRow
from models.values.problem import Refusal
from tests.battery.gate_rows import ask
from tests.integration.activity import counts


def order(number: int, price: str = "1.00") -> dict[str, Any]:
    return {
        "id": number,
        "created_at": "2026-06-10T12:00:00Z",
        "test": False,
        "customer": {"id": 7},
        "total_price": price,
        "currency": "USD",
    }


def ingest(runtime: Runtime, path: Path, *lines: list[dict[str, Any]]) -> IntakeReport:
    path.write_text("".join(json.dumps({"orders": orders}) + "\n" for orders in lines))
    return intake.ingest_file(runtime, path, source="test", mapping="shopify-orders")


@pytest.mark.parametrize("chunk", [1, 2, 10_000])
def test_of_one_id_twice_on_a_line_the_first_stands_and_the_other_is_a_duplicate_or_a_conflict(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    lines = [order(1), order(2), order(1)], [order(3), order(4), order(4, "9.00")], [order(3)]
    for accepted, duplicates in ((4, 2), (0, 6)):
        report = ingest(runtime, tmp_path / "orders.jsonl", *lines)
        assert (report.state, counts(report)) == ("released", (7, accepted, duplicates, 1, 0))
        (refused,) = quarantine.list_quarantine(runtime)
        assert (refused.line, refused.event_id, refused.reasons) == (2, "order:4", ("conflict",))
    assert batches.drain(runtime).passed == 4
    assert ask(runtime, "select amount_minor, count(*) from activity group by 1") == [(100, 4)]
    assert checks.check_invariants(runtime) == []


def test_ids_of_a_rejected_file_twice_on_a_line_are_taken_over_once(runtime: Runtime, tmp_path: Path) -> None:
    held = ingest(runtime, tmp_path / "held.jsonl", *[[order(1), order(1), order(1)]] * 2)
    assert (held.state, counts(held)) == ("held", (6, 1, 5, 0, 0))
    quarantine.reject_intake(runtime, held.intake_id, actor="ann")
    mended = ingest(runtime, tmp_path / "mended.jsonl", [order(1, "2.00"), order(1), order(2)])
    assert (mended.state, counts(mended)) == ("released", (3, 2, 0, 1, 0))
    assert batches.drain(runtime).passed == 2
    assert ask(runtime, "select sum(amount_minor) from activity") == [(300,)]


def test_what_cannot_be_told_apart_on_one_line_is_listed_as_often_as_it_is_counted(
    runtime: Runtime, tmp_path: Path
) -> None:
    intake_id = ingest(runtime, tmp_path / "orders.jsonl", [order(1)]).intake_id
    refused = [RefusedRow(7, Refusal.JSON_NOT_AN_OBJECT)] * 2 + [RefusedRow(7, Refusal.RECORDS_MISSING)]
    for _ in range(2):  # as a file is read again after a crash
        with runtime.database.transaction() as session:
            inbox.refuse(session, intake_id, [*refused, RefusedRow(8, Refusal.JSON_BROKEN)])
        found = [(one.line, one.reasons[0]) for one in quarantine.list_quarantine(runtime)]
        assert found == [
            *[(7, "json_not_an_object")] * 2,
            (7, "records_missing"),
            (8, "json_broken"),
        ]
