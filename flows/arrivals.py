"""A file that was expected may not have come."""

from prefect import flow

from flows.parameters import AsOf
from tasks.arrivals import settle_arrivals, tell_missing
from tasks.run import opened


@flow(persist_result=False, result_serializer="json")
def check_arrivals(as_of: AsOf = None) -> int:
    """Note of every expected file whether it arrived, came late or is missing; return how many are missing since.

    Each missing one is told once, by the event `laurels.file.missing`.

    Args:
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        found = settle_arrivals(run)
        for missing in found.missing:
            tell_missing(missing)
    return len(found.missing)
