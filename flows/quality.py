"""How good the data is, for people: a page a file."""

from prefect import flow

from flows.parameters import Number
from tasks.quality import publish_docs
from tasks.run import opened


@flow(flow_run_name="intake-{intake}", persist_result=False, result_serializer="json")
def publish_quality_docs(intake: Number) -> str:
    """Build the Data Docs page of one file and return its path. Pages that are too old go with it.

    Args:
        intake: The file's number, as `laurels intake list` and the artifacts say it.

    """
    with opened() as run:
        return str(publish_docs(run, int(intake)).path)
