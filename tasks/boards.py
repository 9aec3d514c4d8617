"""Ranks, the tiers that follow from them, and what members see."""

from prefect.logging import get_run_logger

from laurels.services import boards, leaders
from laurels.services.boards import BoardsReport
from laurels.services.leaders import Leaders
from tasks.run import Run
from tasks.step import step


@step
def reconcile_boards(run: Run, program: str | None = None, *, republish: bool = False) -> BoardsReport:
    """Decide who holds which tier, write what is owed, publish the ranks. A second pass finds nothing."""
    report = boards.reconcile_boards(run.runtime, program=program, as_of=run.as_of, republish=republish)
    get_run_logger().info(
        "%d windows: %d grants given, %d ended, %d pushes and %d deliveries owed",
        report.windows,
        report.granted,
        report.ended,
        report.pushes,
        report.deliveries,
    )
    return report


@step
def find_leaders(run: Run, program: str | None = None) -> list[Leaders]:
    """Return the first ten ranks of each of a program's boards, or of all."""
    return leaders.leaders(run.runtime, program=program, as_of=run.as_of)
