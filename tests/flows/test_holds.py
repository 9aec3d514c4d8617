"""A held file reviewed by plain HTTP, as a person with curl does it: form, refusals, decision, events, one run a file."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from flows.activity import ingest_activity
from flows.nightly import run_nightly
from laurels.services import actors, quarantine
from laurels.services.runtime import Runtime
from tests.flows.files import write_purchases
from tests.flows.prefect_api import PrefectApi, Record, waited_for
from tests.flows.test_activity import AS_OF

pytestmark = pytest.mark.usefixtures("in_process", "program")

Answer = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def _actors(runtime: Runtime) -> None:
    actors.add_actor(runtime, by="ann", name="ann", role="admin")
    actors.add_actor(runtime, by="ann", name="vic", role="viewer")


def held(folder: Path) -> int:
    """Four good rows among six that cannot be told apart, by the flow: it emits what starts a review."""
    path = write_purchases(folder / f"half-{uuid4().hex[:8]}.csv", 4)
    path.write_text(path.read_text() + "too,few\n" * 6)
    done = ingest_activity(path, f"shop-{uuid4().hex[:8]}", "activity", AS_OF)
    assert (done.intake.state, done.intake.reasons) == ("held", ("too_many_refused",))
    return done.intake.intake_id


def reviews(prefect: PrefectApi, intake: int) -> list[Record]:
    return [run for run in prefect.runs_of("review-held") if run["parameters"] == {"intake": intake}]


def suspended(prefect: PrefectApi, intake: int, times: int) -> Record:
    """The review of a file once it waits for its so manieth answer."""

    def look() -> Record | None:
        there = [run for run in reviews(prefect, intake) if run["state"]["name"] == "Suspended"]
        return next((run for run in there if len(run["empirical_policy"]["pause_keys"]) == times), None)

    run = waited_for(look, f"review {times} of intake {intake}", 90)
    form = f"/flow_runs/{run['id']}/input/suspended-decision-{times}-description"  # Prefect saves it a moment later
    waited_for(lambda: prefect.client.get(form).is_success, "the form")
    return run


def answer(prefect: PrefectApi, run: Record, **form: str) -> Record:
    answered = prefect.client.post(f"/flow_runs/{run['id']}/resume", json={"run_input": form})
    return {"code": answered.status_code, **answered.json()}


def form_of(prefect: PrefectApi, run: Record, number: int) -> tuple[str, Record]:
    """The form's words and its fields, as the UI shows them."""
    inputs = f"/flow_runs/{run['id']}/input/suspended-decision-{number}"
    words = prefect.client.get(f"{inputs}-description").raise_for_status().json()
    fields: Record = prefect.client.get(f"{inputs}-schema").raise_for_status().json()
    return words, fields


def decided(prefect: PrefectApi, intake: int, what: str) -> list[Record]:
    return waited_for(lambda: prefect.events(f"laurels.batch.{what}", f"laurels.intake.{intake}"), what)


@pytest.mark.usefixtures("_actors")
def test_a_file_is_released_by_http_after_answers_that_were_none(
    prefect: PrefectApi, runtime: Runtime, tmp_path: Path
) -> None:
    intake = held(tmp_path)
    run = suspended(prefect, intake, 1)
    words, fields = form_of(prefect, run, 1)
    assert f"Intake {intake}:" in words
    assert (
        "60% of its lines cannot be told apart into fields (expected at most 50%, declared by the mapping"
        in " ".join(words.split())
    )
    assert sorted(fields["properties"]) == ["actor", "decision", "reason"]
    assert all(field["description"] for field in fields["properties"].values())
    [artifact] = prefect.filtered("artifacts", {"artifacts": {"key": {"any_": [f"held-{intake}"]}}})
    assert artifact["data"] == words

    for bad in (
        {"decision": "perhaps", "actor": "ann", "reason": "x"},
        {"decision": "release"},
        {"decision": "release", "actor": "", "reason": "x"},
    ):
        said = answer(prefect, run, **bad)
        assert (said["code"], said["status"]) == (200, "REJECT")
    assert suspended(prefect, intake, 1)["id"] == run["id"]

    assert answer(prefect, run, decision="release", actor="nobody", reason="x")["code"] == 201
    run = suspended(prefect, intake, 2)
    assert "Not done: nobody is no actor here" in form_of(prefect, run, 2)[0]
    assert answer(prefect, run, decision="release", actor="vic", reason="x")["code"] == 201
    run = suspended(prefect, intake, 3)
    assert "Not done: vic is viewer: this takes editor" in form_of(prefect, run, 3)[0]
    actors.add_actor(runtime, by="ann", name="vic", role="editor")  # what vic said before stays unsaid
    assert quarantine.list_intakes(runtime, "held")[0].intake_id == intake

    first = answer(prefect, run, decision="release", actor="ann", reason="known noise")
    second = answer(prefect, run, decision="reject", actor="vic", reason="no")
    assert (first["code"], second["code"], second["status"]) == (201, 200, "ABORT")
    assert prefect.finished(run["id"])["state"]["type"] == "COMPLETED"
    [event] = decided(prefect, intake, "released")
    assert event["payload"] == {"intake": intake, "reasons": ["too_many_refused"]}
    found = {one.intake_id: one.state for one in quarantine.list_intakes(runtime)}
    assert found[intake] == "done"
    assert len(reviews(prefect, intake)) == 1


@pytest.mark.usefixtures("_actors")
def test_a_file_is_rejected_and_has_one_review_however_often_one_is_asked_for(
    prefect: PrefectApi, runtime: Runtime, tmp_path: Path
) -> None:
    intake = held(tmp_path)
    run = suspended(prefect, intake, 1)
    other = prefect.run("review-held", {"intake": intake})
    assert (other["state"]["type"], other["id"] != run["id"]) == ("COMPLETED", True)
    assert [one["state"]["name"] for one in reviews(prefect, intake) if one["id"] == run["id"]] == [
        "Suspended"
    ]
    assert answer(prefect, run, decision="reject", actor="ann", reason="half of it")["code"] == 201
    assert prefect.finished(run["id"])["state"]["type"] == "COMPLETED"
    decided(prefect, intake, "rejected")
    assert {one.intake_id: one.state for one in quarantine.list_intakes(runtime)}[intake] == "rejected"


@pytest.mark.usefixtures("_actors")
def test_a_decision_by_the_command_line_stands_and_the_review_ends_well(
    prefect: PrefectApi, runtime: Runtime, tmp_path: Path
) -> None:
    intake = held(tmp_path)
    run = suspended(prefect, intake, 1)
    quarantine.release_intake(runtime, intake, actor="ann", reason="known noise")
    assert answer(prefect, run, decision="reject", actor="ann", reason="late")["code"] == 201
    assert prefect.finished(run["id"])["state"]["type"] == "COMPLETED"
    decided(prefect, intake, "released")
    assert {one.intake_id: one.state for one in quarantine.list_intakes(runtime)}[intake] == "done"
    done = prefect.run("review-held", {"intake": intake})
    assert done["state"]["type"] == "COMPLETED"
    assert len(prefect.events("laurels.batch.released", f"laurels.intake.{intake}")) == 1


@pytest.mark.usefixtures("_actors")
def test_the_night_ends_the_review_of_a_file_that_somebody_decided_elsewhere(
    prefect: PrefectApi, runtime: Runtime, tmp_path: Path
) -> None:
    decided_one, open_one = held(tmp_path), held(tmp_path)
    run, other = suspended(prefect, decided_one, 1), suspended(prefect, open_one, 1)
    quarantine.reject_intake(runtime, decided_one, actor="ann", reason="known noise")
    run_nightly(AS_OF)
    state = prefect.finished(run["id"])["state"]
    assert (state["type"], state["message"]) == ("COMPLETED", "decided by the command line")
    decided(prefect, decided_one, "rejected")
    assert prefect.client.get(f"/flow_runs/{other['id']}").json()["state"]["name"] == "Suspended"
