"""Members hold tiers; shops are to know."""

from prefect import flow

from flows.parameters import AsOf, Name
from laurels.services.discounts import OutboxReport
from tasks.boards import reconcile_boards
from tasks.discounts import push_discounts
from tasks.run import opened


@flow(flow_run_name="{program}", persist_result=False, result_serializer="json")
def assign_discounts(program: Name, as_of: AsOf = None) -> OutboxReport:
    """Bring a program's grants up to date with its ranks and push the discounts that are due to the shops.

    Args:
        program: The program whose tiers are decided, such as summer-race.
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        reconcile_boards(run, program)
        return push_discounts(run)
