"""The whole way: a real server, our deployments, a worker, and flow runs in processes of their own."""

import json
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from laurels.orchestrator.worker import SECRETS
from laurels.services.runtime import Runtime
from laurels.settings import Settings
from models.intake import Intake
from tests.flows.files import write_purchases
from tests.flows.prefect_api import PrefectApi, Record, waited_for

LOG = logging.getLogger(__name__)

pytestmark = pytest.mark.usefixtures("program")


def land(settings: Settings, source: str) -> Path:
    path = write_purchases(settings.landing / source / "activity" / "purchases.csv", 2)
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))
    return path


def intake_of(runtime: Runtime, source: str) -> Intake | None:
    with runtime.database.transaction() as session:
        return session.exec(select(Intake).where(Intake.source == source)).one_or_none()


def test_a_file_that_lands_is_ingested(
    prefect: PrefectApi, flow_settings: Settings, runtime: Runtime
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    landed = land(flow_settings, source)
    assert prefect.run("watch-landing", {})["state"]["type"] == "COMPLETED"

    run = prefect.finished(waited_for(lambda: prefect.ingest_of(source), "a run of ingest-activity")["id"])
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert run["parameters"]["mapping"] == "activity"
    intake = intake_of(runtime, source)
    assert intake is not None
    assert (intake.name, intake.accepted) == ("purchases.csv", 2)
    assert not landed.exists()
    assert len(list((flow_settings.landing / ".taken" / source).rglob("purchases.csv"))) == 1
    [event] = prefect.events("laurels.file.landed", f"laurels.file.{intake.digest}")
    waited = datetime.fromisoformat(run["start_time"]) - datetime.fromisoformat(event["occurred"])
    LOG.info("event to first line: %.1f s", waited.total_seconds())
    assert waited < timedelta(seconds=60)


def test_a_run_is_started_by_plain_http(prefect: PrefectApi, tmp_path: Path, runtime: Runtime) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    path = write_purchases(tmp_path / "purchases.csv", 2)
    run = prefect.run(
        "ingest-activity",
        {"path": str(path), "source": source, "mapping": "activity", "as_of": "2026-07-01T12:00:00Z"},
    )
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    intake = intake_of(runtime, source)
    assert intake is not None
    assert intake.as_of == datetime(2026, 7, 1, 12, tzinfo=UTC)
    waited = datetime.fromisoformat(run["start_time"]) - datetime.fromisoformat(run["created"])
    LOG.info("API to first line: %.1f s", waited.total_seconds())
    assert waited < timedelta(seconds=60)


@pytest.mark.parametrize(
    ("deployment", "parameters", "word"),
    [
        ("ingest-activity", {"path": "/a.csv", "source": "Bad Source!", "mapping": "activity"}, "source"),
        ("ingest-activity", {"path": "/a.csv", "source": "shop"}, "mapping"),
        ("refresh-boards", {"program": "summer-race", "recompute": "perhaps"}, "recompute"),
        ("refresh-boards", {"program": "summer-race", "as_of": "yesterday"}, "as_of"),
        ("assign-discounts", {"program": 7}, "program"),
        ("send-deliveries", {"as_of": "2026-07-01T12:00:00"}, "as_of"),
    ],
)
def test_a_bad_parameter_is_refused_and_nothing_runs(
    prefect: PrefectApi, deployment: str, parameters: Record, word: str
) -> None:
    before = {run["id"] for run in prefect.runs_of(deployment) if not run["auto_scheduled"]}
    answer = prefect.start(deployment, parameters)
    assert answer.status_code in {httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}
    assert word in answer.text
    assert {run["id"] for run in prefect.runs_of(deployment) if not run["auto_scheduled"]} == before


def test_an_event_sent_by_hand_starts_a_run_and_a_file_that_cannot_be_taken_is_put_aside(
    prefect: PrefectApi, flow_settings: Settings
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    folder = flow_settings.landing / ".announced" / source / "no-such-mapping" / ("0" * 16)
    path = write_purchases(folder / "purchases.csv", 1)
    event = {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "laurels.file.landed",
        "resource": {"prefect.resource.id": "laurels.file.by-hand"},
        "payload": {"path": str(path), "source": source, "mapping": "no-such-mapping"},
    }
    prefect.client.post("/events", json=[event]).raise_for_status()
    run = prefect.finished(waited_for(lambda: prefect.ingest_of(source), "a run of ingest-activity")["id"])
    assert run["state"]["type"] == "FAILED"
    assert "no mapping no-such-mapping" in run["state"]["message"]
    assert not path.exists()
    assert len(list((flow_settings.landing / ".refused" / source).rglob("purchases.csv"))) == 1


def test_the_night_changes_nothing_twice(prefect: PrefectApi) -> None:
    for _ in range(2):
        run = prefect.run("run-nightly", {"as_of": "2026-07-02T07:30:00Z"})
        assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    healths = prefect.filtered("artifacts", {"artifacts": {"key": {"any_": ["health"]}}})
    assert len({one["data"] for one in healths}) == 1
    assert "Every promise holds" in healths[0]["data"]


def test_no_secret_shows_in_records_or_logs(
    prefect: PrefectApi, flow_settings: Settings, flow_environment_names: dict[str, str]
) -> None:
    """Runs last in this file: by now every kind of record is there."""
    rooms = (
        "flow_runs",
        "task_runs",
        "logs",
        "deployments",
        "work_pools",
        "artifacts",
        "automations",
        "block_documents",
    )
    said = [json.dumps(prefect.filtered(room, {})) for room in rooms]
    said.append(prefect.client.post("/events/filter", json={"limit": 50}).raise_for_status().text)
    said += [log.read_text() for log in (flow_settings.home / "prefect").glob("*.log")]
    assert "Beginning flow run" in "".join(said)
    for name in SECRETS:
        assert flow_environment_names[name] not in "".join(said), f"{name} shows"


@pytest.mark.parametrize("deployment", ["watch-landing", "send-deliveries", "run-nightly"])
def test_schedules_make_runs(prefect: PrefectApi, deployment: str) -> None:
    """A schedule that is only shown and never makes a run would fail nothing else here."""

    def scheduled() -> list[Record] | None:
        return [run for run in prefect.runs_of(deployment) if run["auto_scheduled"]] or None

    assert waited_for(scheduled, f"a scheduled run of {deployment}", seconds=90)


def test_a_worker_keeps_its_files_in_its_own_home(prefect: PrefectApi, flow_settings: Settings) -> None:
    """Prefect's folder in the machine's temporary one belongs to whoever made it first."""
    prefect.run("watch-landing", {})
    assert (flow_settings.home / "prefect" / "tmp" / "runner_storage").is_dir()
