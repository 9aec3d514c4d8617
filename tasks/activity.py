"""From a file to points and standings."""

from collections.abc import Callable
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
        on_progress=by_tenths(path, lambda percent: log.info("%d %% of the file read", percent)),
    )
    log.info(
        "intake %d is %s: %d of %d rows new", report.intake_id, report.state, report.accepted, report.rows
    )
    return report


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
