"""Discounts, to the shops that honour them."""

from prefect.logging import get_run_logger

from laurels.services import discounts
from laurels.services.discounts import OutboxReport
from tasks.run import Run
from tasks.step import step


@step
def push_discounts(run: Run) -> OutboxReport:
    """Hand over every push that is due, each under a key that makes a second try harmless."""
    report = discounts.push_discounts(run.runtime, as_of=run.as_of)
    get_run_logger().info(
        "pushes: %d accepted, %d rejected, %d pending", report.accepted, report.rejected, report.pending
    )
    return report
