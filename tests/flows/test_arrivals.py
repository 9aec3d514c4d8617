"""A file that did not come is told by an event, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from flows.arrivals import check_arrivals
from tests.flows.prefect_api import PrefectApi, waited_for
from tests.mappings import MAPPINGS

DUE = datetime(2026, 7, 1, 10, tzinfo=UTC)


@pytest.mark.usefixtures("in_process", "program", "runtime")
def test_a_missing_file_is_told_once(
    prefect: PrefectApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    declared = (MAPPINGS / "activity.yaml").read_text()
    (tmp_path / "activity.yaml").write_text(
        f'{declared}expect: {{source: {source}, by: "10:00", grace: 1h}}\n'
    )
    monkeypatch.setenv("LAURELS_MAPPINGS", str(tmp_path))
    told = [check_arrivals(DUE + timedelta(hours=hours)) for hours in (-1, 1, 2, 3)]
    assert told == [0, 0, 1, 0]
    [event] = waited_for(
        lambda: prefect.events("laurels.file.missing", f"laurels.arrival.{source}.activity"), "the event"
    )
    assert event["payload"] == {
        "source": source,
        "mapping": "activity",
        "due_at": "2026-07-01T10:00:00+00:00",
    }
