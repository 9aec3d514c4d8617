"""What a file was like, told in pages and reports; outside the way of the rows themselves."""

from dataclasses import dataclass
from typing import Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.logging import get_run_logger

from laurels.errors import LaurelsError, RuleRefusedError
from laurels.services import quality_docs, quality_reports
from laurels.services.quality_docs import Published
from laurels.services.quality_reports import QualityReport
from tasks.run import Run
from tasks.step import step


@dataclass(frozen=True, slots=True)
class Background:
    """What a report on a file is seen against: the last files of its source as a picture, and its page's address."""

    chart: str
    page: str | None


@step
def look_back(run: Run, source: str, intake_id: int) -> Background:
    """Draw the files of a source up to this one, and say where the page of one will be."""
    page = quality_docs.page_url(run.runtime.settings, intake_id)
    return Background(quality_reports.chart(quality_reports.trend(run.runtime, source, intake_id)), page)


@step
def find_pages(run: Run, intake_id: int, *, later: bool) -> list[int]:
    """Return the files whose pages are to be built: this one unless its page is right, and later ones without."""
    found = quality_docs.owed(run.runtime, intake_id, later=later)
    get_run_logger().info("%d pages to build", len(found))
    return found


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


@step
def report_sources(run: Run, weeks: int, source: str | None, zone: str) -> QualityReport:
    """Count what the files of the last weeks were like, and publish it as an artifact."""
    found = quality_reports.report(run.runtime, weeks=weeks, source=source, zone=zone, as_of=run.as_of)
    _, _, markdown = quality_reports.told(found)
    create_markdown_artifact(key="quality-report", markdown=markdown)
    return found


@step
def tell_operators(run: Run, report: QualityReport) -> bool:
    """Send the report by the operators' block, once, and return whether there is one. A failure to send fails it."""
    name = run.runtime.settings.operators_block
    if name is None:
        get_run_logger().info("nobody is told: LAURELS_OPERATORS_BLOCK names no notification block")
        return False
    block = Block.load(name)
    if not isinstance(block, NotificationBlock):
        raise RuleRefusedError(f"the block {name} sends no notifications")
    title, message, _ = quality_reports.told(report)
    if failed := _failure(block, message, title):
        raise LaurelsError(f"the block {name} could not send: {failed}")
    return True


def _failure(sender: Any, message: str, title: str) -> str | None:
    """Send, and return what kind of failure it met: its words may hold the address, which is the secret.

    The sender is no type of Prefect's, which are written as if what runs here had to be awaited.
    """
    try:
        sender.notify(message, title)
    except Exception as error:  # noqa: BLE001  # whatever it is, it goes no further than its kind
        return type(error).__name__
    return None
