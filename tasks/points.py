"""Points again from the start."""

from prefect.logging import get_run_logger

from laurels.services import points
from laurels.services.points import RecomputeReport
from tasks.run import Run
from tasks.step import step


@step
def recompute_points(run: Run, program: str) -> RecomputeReport:
    """Award every activity of the program again and write only what differs: nothing, if all was right."""
    report = points.recompute_program(run.runtime, program, as_of=run.as_of)
    get_run_logger().info("%d of %d activities changed", report.changed, report.activities)
    return report
