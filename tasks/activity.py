"""From a file to points and standings."""

from collections.abc import Callable
from pathlib import Path
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger

from laurels.services import batches, intake
from laurels.services.batches import DrainReport
from laurels.services.fetching import fetched
from laurels.services.intake import IntakeReport
from tasks.run import Run
from tasks.step import step

LARGE = 64 << 20
"""Bytes of a file whose progress is worth a bar in the UI beside the log."""


@step
def read_file(run: Run, place: Path | str, source: str, mapping: str) -> IntakeReport:
    """Accept the file's rows durably, before anything is decided about them. Equal rows come in once."""
    log = get_run_logger()
    with fetched(place) as path:
        report = intake.ingest_file(
            run.runtime,
            path,
            source=source,
            mapping=mapping,
            as_of=run.as_of,
            on_progress=by_tenths(path, _teller(path, source)),
        )
    log.info(
        "intake %d is %s: %d of %d rows new; %s, read in %.1f s",
        *(report.intake_id, report.state, report.accepted, report.rows),
        *(report.written(), report.seconds or 0),
    )
    return report


def _teller(path: Path, source: str) -> Callable[[int], None]:
    """Return what tells how far a file is read: in the log, and of a large one by a bar in the UI."""
    log = get_run_logger()
    if not path.is_file() or path.stat().st_size < LARGE:
        return lambda percent: log.info("%d %% of the file read", percent)
    description = f"Reading a file of {source}"
    bar = cast("UUID", create_progress_artifact(0.0, key="activity-progress", description=description))

    def tell(percent: int) -> None:
        log.info("%d %% of the file read", percent)
        update_progress_artifact(bar, float(percent))

    return tell


def by_tenths(path: Path, tell: Callable[[int], None]) -> Callable[[int], None]:
    """Return what hears of bytes read and tells each tenth of the file once, in percent: a log, not a flood."""
    told = 0

    def hear(read: int) -> None:
        nonlocal told
        tenths = 10 * read // max(path.stat().st_size, 1)
        if tenths > told:
            told = tenths
            tell(10 * tenths)

    return hear


@step
def apply_batches(run: Run) -> DrainReport:
    """Gate and apply everything that waits; a batch that somebody else holds is left to them."""
    report = batches.drain(run.runtime)
    get_run_logger().info(
        "%d batches: %d rows passed, %d quarantined", report.batches, report.passed, report.quarantined
    )
    return report
