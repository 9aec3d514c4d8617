"""What a file was like, told in pages and reports; outside the way of the rows themselves."""

from prefect.artifacts import create_link_artifact
from prefect.logging import get_run_logger

from laurels.services import quality_docs
from laurels.services.quality_docs import Published
from tasks.run import Run
from tasks.step import step


@step
def publish_docs(run: Run, intake_id: int) -> Published:
    """Build the Data Docs page of one file and link it. The same page again replaces itself."""
    page = quality_docs.publish(run.runtime, intake_id)
    get_run_logger().info("the page of intake %d is built; %d old pages are removed", intake_id, page.expired)
    if page.url:
        create_link_artifact(key="quality-docs", link=page.url, link_text=f"Data Docs of intake {intake_id}")
    return page


@step
def expire_docs(run: Run) -> int:
    """Remove the Data Docs pages that are too old."""
    expired = quality_docs.expire(run.runtime)
    get_run_logger().info("%d old pages of Data Docs removed", expired)
    return expired
