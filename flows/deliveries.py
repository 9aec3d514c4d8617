"""Messages that are due go out."""

from prefect import flow

from flows.parameters import AsOf
from laurels.services.deliveries import OutboxReport
from tasks.deliveries import send_due
from tasks.run import opened


@flow(persist_result=False, result_serializer="json")
def send_deliveries(as_of: AsOf = None) -> OutboxReport:
    """Send the deliveries that are due and say how many the providers took.

    Args:
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        return send_due(run)
