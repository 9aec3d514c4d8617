"""How good the data is, for people: a page a file, a report a week."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parameters import AsOf, Name, Number
from laurels.services.quality_reports import ZONE
from tasks.quality import publish_docs, report_sources, tell_operators
from tasks.run import opened


@flow(flow_run_name="intake-{intake}", persist_result=False, result_serializer="json")
def publish_quality_docs(intake: Number) -> str:
    """Build the Data Docs page of one file and return its path. Pages that are too old go with it.

    Args:
        intake: The file's number, as `laurels intake list` and the artifacts say it.

    """
    with opened() as run:
        return str(publish_docs(run, intake).path)


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
