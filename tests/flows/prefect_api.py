"""Prefect's API as a service or a person with curl uses it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
Record = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class PrefectApi:
    client: httpx.Client

    def start(self, deployment: str, parameters: Record) -> httpx.Response:
        """What the README's curl does."""
        found = self.client.get(f"/deployments/name/{deployment}/{deployment}").raise_for_status().json()
        return self.client.post(
            f"/deployments/{found['id']}/create_flow_run", json={"parameters": parameters}
        )

    def run(self, deployment: str, parameters: Record) -> Record:
        return self.finished(self.start(deployment, parameters).raise_for_status().json()["id"])

    def finished(self, run_id: str) -> Record:
        def ended() -> Record | None:
            found: Record = self.client.get(f"/flow_runs/{run_id}").raise_for_status().json()
            return found if found["state"]["type"] in FINAL else None

        return waited_for(ended, f"the end of run {run_id}")

    def runs_of(self, deployment: str) -> list[Record]:
        return self.filtered("flow_runs", {"deployments": {"name": {"any_": [deployment]}}})

    def ingest_of(self, source: str) -> Record | None:
        """The run of ingest-activity for a source of which there is one file."""
        runs = self.runs_of("ingest-activity")
        return next((run for run in runs if run["parameters"]["source"] == source), None)

    def events(self, name: str, resource: str) -> list[Record]:
        wanted = {"event": {"name": [name]}, "resource": {"id": [resource]}}
        asked = {"filter": wanted, "limit": 50}
        found: list[Record] = (
            self.client.post("/events/filter", json=asked).raise_for_status().json()["events"]
        )
        return found

    def filtered(self, what: str, wanted: Record) -> list[Record]:
        found: list[Record] = self.client.post(f"/{what}/filter", json=wanted).raise_for_status().json()
        return found


def waited_for(look: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Return what the look finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < end, f"{what} did not come in {seconds:.0f} s"
        time.sleep(0.1)
