"""What people are told of quality, by a real server: pages, messages of held and missing files, the week's report."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from flows.activity import ingest_activity
from flows.in_process import hand_over
from flows.quality import report_quality
from laurels.errors import LaurelsError
from laurels.orchestrator import tell_operators
from laurels.settings import Settings
from tasks.reports import report_rejected, report_released
from tests.flows.channel import TOKEN, Channel, channel
from tests.flows.files import write_purchases
from tests.flows.prefect_api import PrefectApi, Record, waited_for

AS_OF = datetime(2026, 7, 1, 12, tzinfo=UTC)
BLOCK = "custom-webhook/operators"

pytestmark = pytest.mark.usefixtures("in_process", "program")


@pytest.fixture(scope="module")
def slack() -> Iterator[Channel]:
    with channel() as found:
        yield found


@pytest.fixture
def operators(prefect: PrefectApi, slack: Channel) -> Channel:
    """The operators' channel, with a block of Prefect's that posts to it."""
    block = CustomWebhookNotificationBlock(
        name="operators",
        url=slack.url.replace(TOKEN, "{{token}}"),
        json_data={"text": "{{subject}}\n{{body}}"},
        secrets={"token": TOKEN},
    )
    block.save("operators", overwrite=True)
    slack.posted.clear()
    slack.refuses = False
    return slack


def automations(prefect: PrefectApi) -> list[Record]:
    found = prefect.filtered("automations", {})
    return [one for one in found if one["name"].startswith("laurels: ")]


def test_operators_are_told_of_a_held_file_and_how_to_go_on(
    prefect: PrefectApi, deployed: str, operators: Channel, tmp_path: Path
) -> None:
    for _ in range(2):  # as two starts do
        assert tell_operators(deployed, BLOCK) == f"Operators are told of held and missing files by {BLOCK}."
    assert sorted(one["name"] for one in automations(prefect)) == [
        *("laurels: a file is held", "laurels: a file is missing")
    ]
    source = f"shop-{uuid4().hex[:8]}"
    path = tmp_path / "empty.csv"
    path.write_text("event_id,kind,member_id,occurred_at,amount,currency,order_id\n")
    done = ingest_activity(path, source, "activity", AS_OF)
    assert done.intake.state == "held"
    hand_over()
    waited_for(lambda: operators.posted, "a message of the held file", 90)
    number = done.intake.intake_id
    [told] = operators.posted
    assert told == (
        f"Laurels: a file of {source} is held\n"
        f"Intake {number} waits for a person: no_rows.\n"
        f"Let it go on: laurels intake release {number}\n"
        f"Or not: laurels intake reject {number}\n"
    )


def test_operators_are_told_of_a_missing_file(prefect: PrefectApi, deployed: str, operators: Channel) -> None:
    tell_operators(deployed, BLOCK)
    event = {
        "event": "laurels.file.missing",
        "resource": {"prefect.resource.id": "laurels.arrival.shop-9", "laurels.source": "shop-9"},
        "payload": {"mapping": "activity", "due_at": "2026-07-01T06:00:00+00:00"},
    }
    sent = 0.0

    def told_of_it() -> list[str]:
        """Send it every half minute: a new automation hears nothing of what came before it was loaded."""
        nonlocal sent
        if time.monotonic() > sent + 30:
            sent, now = time.monotonic(), datetime.now(UTC).isoformat()
            prefect.client.post(
                "/events", json=[event | {"id": str(uuid4()), "occurred": now}]
            ).raise_for_status()
        return operators.posted

    told = waited_for(told_of_it, "a message of the missing file", 90)[0]
    assert told.startswith(
        "Laurels: a file of shop-9 is missing\nA file of shop-9 was expected and has not come: "
    )
    assert json.loads(told.partition("has not come: ")[2]) == event["payload"]


def test_a_good_file_and_a_released_one_disturb_nobody(
    prefect: PrefectApi, deployed: str, operators: Channel, tmp_path: Path
) -> None:
    tell_operators(deployed, BLOCK)
    source = f"shop-{uuid4().hex[:8]}"
    done = ingest_activity(write_purchases(tmp_path / "one.csv", 1), source, "activity", AS_OF)
    resource = f"laurels.intake.{done.intake.intake_id}"
    report_released(done.intake.intake_id, source, ["too_few_rows"])
    report_rejected(done.intake.intake_id, source, ["no_rows"])
    hand_over()
    [released] = waited_for(lambda: prefect.events("laurels.batch.released", resource), "the event")
    [rejected] = waited_for(lambda: prefect.events("laurels.batch.rejected", resource), "the event")
    assert released["payload"] == {"intake": done.intake.intake_id, "reasons": ["too_few_rows"]}
    assert rejected["payload"]["reasons"] == ["no_rows"]
    assert released["resource"]["laurels.source"] == source
    assert operators.posted == []


def test_without_a_block_nobody_is_told_and_that_is_said(
    prefect: PrefectApi, deployed: str, operators: Channel
) -> None:
    tell_operators(deployed, BLOCK)
    assert len(automations(prefect)) == 2
    assert tell_operators(deployed, None) == (
        "Operators are not told: LAURELS_OPERATORS_BLOCK names no block."
    )
    assert automations(prefect) == []
    assert tell_operators(deployed, "slack-webhook/nobody") == (
        "Operators are not told: no block slack-webhook/nobody on this Prefect: make it in the UI under Blocks, "
        "then start again."
    )
    with pytest.raises(LaurelsError, match=r"Prefect at http://127.0.0.1:9/api cannot be reached"):
        tell_operators("http://127.0.0.1:9/api", None)


def test_the_week_is_told_and_kept_as_an_artifact(
    prefect: PrefectApi, operators: Channel, tmp_path: Path
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    path = write_purchases(tmp_path / "one.csv", 8)
    path.write_text(path.read_text().replace(",12.50,", ",-12.50,", 2))
    ingest_activity(path, source, "activity", AS_OF)
    assert report_quality(source=source, as_of=datetime(2026, 7, 6, 11, tzinfo=UTC)) is True
    [told] = operators.posted
    assert told == (
        f"Quality by source, 2026-06-29 to 2026-07-05\n{source}: 1 files, 8 rows, "
        "2 refused (25.0 %, before -), 0 repaired, 2 waiting"
    )
    asked = {"artifacts": {"key": {"any_": ["quality-report"]}}}
    [artifact] = prefect.filtered("artifacts/latest", asked)
    assert f"## {source}\n" in artifact["data"]
    assert "| refused | 2 (25.0 %) | 0 (-) |" in artifact["data"]


def test_a_report_that_nobody_hears_fails_and_is_not_sent_again(
    prefect: PrefectApi, operators: Channel
) -> None:
    operators.refuses = True
    with pytest.raises(
        LaurelsError, match=r"^the block custom-webhook/operators could not send: HTTPStatusError$"
    ):
        report_quality(as_of=datetime(2026, 7, 6, 11, tzinfo=UTC))
    assert operators.posted == []


def test_a_page_is_built_after_a_file_came_in(
    prefect: PrefectApi, flow_settings: Settings, tmp_path: Path
) -> None:
    source = f"shop-{uuid4().hex[:8]}"
    done = ingest_activity(write_purchases(tmp_path / "one.csv", 2), source, "activity", AS_OF)
    hand_over()
    number = done.intake.intake_id

    def started() -> Record | None:
        runs = prefect.runs_of("publish-quality-docs")
        return next((run for run in runs if run["parameters"] == {"intake": number, "later": True}), None)

    begun = waited_for(started, "a run of publish-quality-docs", 90)
    page = flow_settings.quality_docs / f"intake-{number}" / "index.html"
    waited_for(page.is_file, "the page", 120)
    run = prefect.finished(begun["id"])
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert f"<h1>Intake {number} of {source}</h1>" in page.read_text()
    links = prefect.filtered("artifacts", {"artifacts": {"key": {"any_": ["quality-docs"]}}})
    assert f"[Data Docs of intake {number}](http://pages.example/intake-{number}/)" in [
        one["data"] for one in links
    ]


def test_the_webhook_s_secret_shows_nowhere(prefect: PrefectApi, operators: Channel) -> None:
    """Runs last in this file."""
    rooms = ("automations", "artifacts", "flow_runs", "logs", "block_documents")
    said = [json.dumps(prefect.filtered(room, {})) for room in rooms]
    said.append(prefect.client.post("/events/filter", json={"limit": 50}).raise_for_status().text)
    assert "operators" in "".join(said)
    assert TOKEN not in "".join(said)
