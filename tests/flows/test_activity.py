"""A file to ranks, by the flow called in this process as the demo calls it."""

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from flows.activity import ingest_activity
from flows.boards import refresh_boards
from laurels.errors import NotFoundError, RuleRefusedError
from laurels.services import intake
from laurels.services.runtime import Runtime
from models.batches import Batch
from tasks import activity
from tests.flows.files import write_purchases
from tests.flows.prefect_api import PrefectApi, waited_for

AS_OF = datetime(2026, 7, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("in_process", "program")


def test_a_batch_keeps_the_run_that_worked_it(tmp_path: Path, prefect: PrefectApi, runtime: Runtime) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    done = ingest_activity(write_purchases(tmp_path / "one.csv", 2), source, "activity", AS_OF)
    [run] = prefect.filtered("flow_runs", {"flow_runs": {"name": {"any_": [f"{source}-activity"]}}})
    with runtime.database.transaction() as session:
        [batch] = session.exec(select(Batch).where(Batch.intake_id == done.intake.intake_id)).all()
    assert batch.holder == f"flow-run:{run['id']}"


def test_a_file_comes_in_once(tmp_path: Path) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    path = write_purchases(tmp_path / "one.csv", 3)
    first = ingest_activity(path, source, "activity", AS_OF)
    assert (first.intake.rows, first.intake.accepted, first.drain.passed) == (3, 3, 3)
    again = ingest_activity(path, source, "activity", AS_OF)
    assert (again.intake.seen_before, again.intake.accepted, again.drain.rows) == (True, 0, 0)
    assert again.drain.points == 0


def test_what_came_in_can_be_read_in_prefect(tmp_path: Path, prefect: PrefectApi) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    done = ingest_activity(write_purchases(tmp_path / "one.csv", 2), source, "activity", AS_OF)
    [run] = prefect.filtered("flow_runs", {"flow_runs": {"name": {"any_": [f"{source}-activity"]}}})
    assert run["state"]["type"] == "COMPLETED"
    artifacts = prefect.filtered("artifacts", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    assert {(one["key"], one["type"]) for one in artifacts} == {
        ("activity", "table"),
        ("activity-reasons", "markdown"),
    }
    [event] = waited_for(
        lambda: prefect.events("laurels.activity.applied", f"laurels.intake.{done.intake.intake_id}"),
        "the event that activity was applied",
    )
    assert event["payload"]["new"] == 2


def reasons(prefect: PrefectApi, source: str) -> list[str]:
    """What the artifacts say of refused rows, for each run over a file of a source, the first one first."""
    runs = prefect.filtered("flow_runs", {"flow_runs": {"name": {"any_": [f"{source}-activity"]}}})
    asked = {"flow_run_id": {"any_": [run["id"] for run in runs]}, "key": {"any_": ["activity-reasons"]}}
    found = prefect.filtered("artifacts", {"artifacts": asked})
    return [one["data"] for one in sorted(found, key=lambda one: one["created"])]


def test_what_was_refused_is_told_by_reason_and_line_and_without_a_value(
    tmp_path: Path, prefect: PrefectApi, runtime: Runtime
) -> None:
    """Of this file alone: rows of another one that wait in the inbox are worked off, and refused, by the same run."""
    source, other = f"shop-{uuid4().hex[:8]}", write_purchases(tmp_path / "other.csv", 9)
    other.write_text(other.read_text().replace(",12.50,", ",-12.50,"))
    intake.ingest_file(runtime, other, source=source, mapping="activity", as_of=AS_OF)
    path = write_purchases(tmp_path / "bad.csv", 8)
    header, first, *rows = path.read_text().splitlines()
    rows[:6] = [row.replace(",12.50,", ",12;50,") for row in rows[:6]]
    conflict, ragged = first.replace(",12.50,", ",99.00,"), "too,few"
    path.write_text("\n".join([header, first, *rows, conflict, ragged]) + "\n")
    done = ingest_activity(path, source, "activity", AS_OF)
    assert (done.intake.rows, done.drain.quarantined) == (10, 9 + 6)
    [told] = reasons(prefect, source)
    assert told.partition("\n[Data Docs")[0] == (
        f"""\
### Intake {done.intake.intake_id}

| reason | why | rows | lines |
| --- | --- | ---: | --- |
| `amount_unreadable` | The amount is not a plain number. | 6 | 3, 4, 5, 6, 7, ... |
| `conflict` | The same event id came earlier with other content; the first one stands. | 1 | 10 |
| `row_ragged` | The line has more or fewer fields than the header. | 1 | 11 |
"""
    )
    link, trend = told.partition("\n[Data Docs")[2].split("\n\n#### ")
    assert (
        link
        == f" of this file](http://pages.example/intake-{done.intake.intake_id}/) (a minute after the run)"
    )
    heading, picture = trend.split("\n\n")
    assert heading == f"The last files of {source}"
    drawn = b64decode(picture.rstrip(")\n").partition("base64,")[2]).decode()
    assert "2 files; refused of the last one: 80.0 %, at most: 100.0 %" in drawn


def test_of_a_good_file_nothing_was_refused_and_of_a_known_one_nothing_new(
    tmp_path: Path, prefect: PrefectApi
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    good, bad = (write_purchases(tmp_path / f"{name}.csv", 2) for name in ("good", "bad"))
    bad.write_text(bad.read_text() + "too,few\n")
    for path in (good, bad, bad):
        ingest_activity(path, source, "activity", AS_OF)
    told = [text.partition("\n\n[Data Docs")[0] for text in reasons(prefect, source)]
    first, second, third = (text.partition("\n\n")[2] for text in told)
    assert first == "Nothing was refused."
    assert "| `row_ragged` |" in second
    assert third == "Nothing was refused that was not refused before."


def test_an_unknown_mapping_fails_for_good_and_at_once(tmp_path: Path, prefect: PrefectApi) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    path = write_purchases(tmp_path / "one.csv", 1)
    state = ingest_activity(path, source, "no-such-mapping", AS_OF, return_state=True)
    with pytest.raises(NotFoundError, match="no mapping no-such-mapping"):
        state.result()
    assert path.exists()
    [run] = prefect.filtered("flow_runs", {"flow_runs": {"name": {"any_": [f"{source}-no-such-mapping"]}}})

    def reading() -> list[dict[str, object]]:
        asked = {"flow_runs": {"id": {"any_": [run["id"]]}}, "task_runs": {"name": {"like_": "read_file"}}}
        return prefect.filtered("task_runs", asked)

    [step] = waited_for(reading, "the record of the step")
    assert step["run_count"] == 1


def test_boards_are_shown_as_tables(tmp_path: Path, prefect: PrefectApi) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    ingest_activity(write_purchases(tmp_path / "one.csv", 3), source, "activity", AS_OF)
    report = refresh_boards("summer-race", recompute=True, as_of=AS_OF)
    assert report.windows > 0
    [artifact] = prefect.filtered(
        "artifacts/latest", {"artifacts": {"key": {"any_": ["board-summer-race-spend-season"]}}}
    )
    assert '"rank": 1' in artifact["data"]


def test_boards_of_no_program_are_refused(runtime: Runtime) -> None:
    with pytest.raises(NotFoundError, match="no-such-program"):
        refresh_boards("no-such-program", as_of=AS_OF)


def test_of_a_large_file_a_bar_shows_how_far_it_is_read(
    tmp_path: Path, prefect: PrefectApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LARGE", 1_000)
    source = f"shop-{uuid4().hex[:8]}"
    path = write_purchases(tmp_path / "one.csv", 20)
    ingest_activity(path.as_posix(), source, "activity", AS_OF)
    [run] = prefect.filtered("flow_runs", {"flow_runs": {"name": {"any_": [f"{source}-activity"]}}})
    asked = {"flow_run_id": {"any_": [run["id"]]}, "key": {"any_": ["activity-progress"]}}
    [bar] = prefect.filtered("artifacts", {"artifacts": asked})
    assert (bar["type"], float(bar["data"])) == ("progress", 100.0)
    assert bar["description"] == f"Reading a file of {source}"


def test_a_place_that_holds_credentials_is_refused_at_once(prefect: PrefectApi) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    with pytest.raises(RuleRefusedError, match="credentials do not belong in a place"):
        ingest_activity("s3://key:secret@bucket/a.csv", source, "activity", AS_OF)
