"""Messages, to the members who are owed one."""

from prefect.logging import get_run_logger

from laurels.services import deliveries
from laurels.services.deliveries import OutboxReport
from tasks.run import Run
from tasks.step import step


@step
def send_due(run: Run) -> OutboxReport:
    """Send every delivery that is due. One of unknown outcome is never blindly sent again."""
    report = deliveries.send_deliveries(run.runtime, as_of=run.as_of)
    get_run_logger().info(
        "deliveries: %d accepted, %d rejected, %d unknown, %d pending",
        report.accepted,
        report.rejected,
        report.unknown,
        report.pending,
    )
    return report
