"""From a file to points and standings."""

from pathlib import Path

from prefect.logging import get_run_logger

from laurels.services import batches, intake
from laurels.services.batches import DrainReport
from laurels.services.intake import IntakeReport
from tasks.run import Run
from tasks.step import step


@step
def read_file(run: Run, path: Path, source: str, mapping: str) -> IntakeReport:
    """Accept the file's rows durably, before anything is decided about them. Equal rows come in once."""
    log = get_run_logger()
    report = intake.ingest_file(
        run.runtime,
        path,
        source=source,
        mapping=mapping,
        as_of=run.as_of,
        on_progress=lambda rows: log.info("%d rows read", rows),
    )
    log.info(
        "intake %d is %s: %d of %d rows new", report.intake_id, report.state, report.accepted, report.rows
    )
    return report


@step
def apply_batches(run: Run) -> DrainReport:
    """Gate and apply everything that waits; a batch that somebody else holds is left to them."""
    report = batches.drain(run.runtime)
    get_run_logger().info(
        "%d batches: %d rows passed, %d quarantined", report.batches, report.passed, report.quarantined
    )
    return report
