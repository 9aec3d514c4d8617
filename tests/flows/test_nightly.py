"""The night: what nobody mended in time expires, by an actor of its own, and is counted in the log."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from flows.nightly import run_nightly
from laurels.services import batches, intake, quarantine
from laurels.services.runtime import Runtime
from tests.battery.gate_rows import ask
from tests.flows.files import write_purchases
from tests.flows.prefect_api import PrefectApi, waited_for

pytestmark = pytest.mark.usefixtures("in_process", "program")


def test_what_waited_too_long_expires(tmp_path: Path, prefect: PrefectApi, runtime: Runtime) -> None:
    source, path = f"shop-{uuid4().hex[:8]}", write_purchases(tmp_path / "old.csv", 2)
    path.write_text(path.read_text().replace(",12.50,", ",12;50,"))
    for name, at in (
        ("old", datetime(2026, 4, 2, 7, tzinfo=UTC)),
        ("young", datetime(2026, 4, 4, tzinfo=UTC)),
    ):
        copy = tmp_path / f"{name}.csv"
        copy.write_text(path.read_text())
        intake.ingest_file(runtime, copy, source=f"{source}-{name}", mapping="activity", as_of=at)
    batches.drain(runtime)
    run_nightly(datetime(2026, 7, 2, 7, 30, tzinfo=UTC))
    expired = quarantine.list_quarantine(runtime, source=f"{source}-old", state="expired")
    assert [row.line for row in expired] == [2, 3]
    assert len(quarantine.list_quarantine(runtime, source=f"{source}-young")) == 2
    who = "select actor, role, count(*) from audit_entry where subject = any(%s) group by actor, role"
    assert ask(runtime, who, [f"quarantine/{row.id}" for row in expired]) == [("laurels.nightly", "flow", 2)]
    assert waited_for(
        lambda: [
            log
            for log in prefect.filtered("logs", {"sort": "TIMESTAMP_DESC"})
            if log["message"] == "2 refused rows expired"
        ],
        "the count of what expired",
    )
