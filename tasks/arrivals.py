"""Files that are expected, and those that did not come."""

from prefect.events import emit_event
from prefect.logging import get_run_logger

from laurels.services import arrivals
from laurels.services.arrivals import ArrivalsReport, ArrivalView
from tasks.run import Run
from tasks.step import step


@step
def settle_arrivals(run: Run) -> ArrivalsReport:
    """Settle every expected moment that can be settled by now, each once."""
    report = arrivals.check_arrivals(run.runtime, run.as_of)
    log = get_run_logger()
    log.info("%d arrived, %d late, %d missing", report.arrived, report.late, len(report.missing))
    for name in report.unread:
        log.warning("mapping %s cannot be read: what it expects is not checked", name)
    return report


@step
def tell_missing(missing: ArrivalView) -> None:
    """Emit `laurels.file.missing`. The table `arrival` says the same to whoever missed it."""
    emit_event(
        event="laurels.file.missing",
        resource={
            "prefect.resource.id": f"laurels.arrival.{missing.source}.{missing.mapping}",
            "laurels.source": missing.source,
        },
        payload={
            "source": missing.source,
            "mapping": missing.mapping,
            "due_at": missing.due_at.isoformat(),
        },
    )
