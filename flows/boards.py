"""The ranks are to be right again, now."""

from prefect import flow

from flows.parameters import AsOf, Name
from laurels.services.boards import BoardsReport
from tasks.boards import find_leaders, reconcile_boards
from tasks.points import recompute_points
from tasks.reports import report_leaders
from tasks.run import opened


@flow(flow_run_name="{program}", persist_result=False, result_serializer="json")
def refresh_boards(program: Name, recompute: bool = False, as_of: AsOf = None) -> BoardsReport:
    """Reconcile tiers with ranks and publish every board of a program afresh, as after a loss of Redis.

    Args:
        program: The program whose boards are refreshed, such as summer-race.
        recompute: Award every activity again first: slow on a long history, and no change if all was right.
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        if recompute:
            recompute_points(run, program)
        ranked = reconcile_boards(run, program, republish=True)
        report_leaders(find_leaders(run, program))
    return ranked
