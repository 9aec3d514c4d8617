"""How good the data is, for people: a page a file, a report a week."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parameters import AsOf, Name, Number
from laurels.services.quality_reports import ZONE
from tasks.quality import find_pages, publish_docs, report_sources, tell_operators
from tasks.run import opened


@flow(flow_run_name="intake-{intake}", persist_result=False, result_serializer="json")
def publish_quality_docs(intake: Number, later: bool = False) -> int:
    """Build the Data Docs page of a file, unless it is right as it is, and return how many pages were built.

    Args:
        intake: The file's number, as `laurels intake list` and the artifacts say it.
        later: Also of the files after it that have none: of many that come at once one run does the work.

    """
    with opened() as run:
        found = find_pages(run, intake, later=later)
        for each in found:
            publish_docs(run, each)
    return len(found)


@flow(persist_result=False, result_serializer="json")
def report_quality(
    weeks: Annotated[int, Field(ge=1, le=52)] = 1,
    source: Name | None = None,
    zone: str = ZONE,
    as_of: AsOf = None,
) -> bool:
    """Say how good each source's files were, beside the weeks before, and tell the operators; return whether told.

    Args:
        weeks: How many whole weeks, Monday to Monday.
        source: Only this source.
        zone: By whose clock a week begins, such as America/New_York.
        as_of: The business time, with a zone; now if left out.

    """
    with opened(as_of) as run:
        return tell_operators(run, report_sources(run, weeks, source, zone))
