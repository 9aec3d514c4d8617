"""Activity for tests, in the native form: one line a row, ids as given, everything else by default."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from laurels.services import batches, intake
from laurels.services.batches import DrainReport
from laurels.services.intake import IntakeReport
from laurels.services.runtime import Runtime


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run_rows(
    runtime: Runtime, folder: Path, rows: list[dict[str, Any]], name: str = "rows.jsonl"
) -> DrainReport:
    """Take rows in by the native mapping and work them off."""
    path = write_jsonl(folder / name, rows)
    report = intake.ingest_file(runtime, path, source="test", mapping="activity-jsonl")
    assert report.state == "released", report
    return batches.drain(runtime)


def counts(report: IntakeReport) -> tuple[int, int, int, int, int]:
    """Return rows, and of them accepted, duplicates, conflicts, refused; the parts are the whole."""
    assert report.rows == report.accepted + report.duplicates + report.conflicts + report.refused
    return report.rows, report.accepted, report.duplicates, report.conflicts, report.refused


def journey(rows: int) -> pa.Table:
    """Return lines of baskets in the form of Complete Journey."""
    ids = {name: list(range(rows)) for name in ("household_id", "basket_id", "product_id", "store_id")}
    more = {"quantity": [1] * rows, "sales_value": [number + 0.25 for number in range(rows)]}
    return pa.table({**ids, **more, "transaction_timestamp": ["2017-05-01 10:00:00"] * rows})


def purchase(
    event: str, member: str, amount: str, at: str = "2026-06-10T12:00:00Z", **more: Any
) -> dict[str, Any]:
    return (
        _row(event, "purchase", member, at)
        | {"amount": amount, "currency": "USD", "order_id": f"order-{event}"}
        | more
    )


def refund(
    event: str, order: str, amount: str, at: str = "2026-06-11T12:00:00Z", **more: Any
) -> dict[str, Any]:
    return _row(event, "refund", "m1", at) | {"amount": amount, "currency": "USD", "order_id": order} | more


def referral(
    event: str, member: str, referred: str, at: str = "2026-06-10T12:00:00Z", **more: Any
) -> dict[str, Any]:
    return _row(event, "referral", member, at) | {"referred_id": referred, "verified": "true"} | more


def share(event: str, member: str, at: str = "2026-06-10T12:00:00Z", **more: Any) -> dict[str, Any]:
    return _row(event, "share", member, at) | more


def _row(event: str, kind: str, member: str, at: str) -> dict[str, Any]:
    return {"event_id": event, "kind": kind, "member_id": member, "occurred_at": at}
