"""How good the files of each source are: their trend, and the weekly report."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from laurels.clock import business_time
from laurels.errors import RuleRefusedError
from laurels.rules import quality_reports, trend_charts
from laurels.rules.quality_reports import QualityReport
from laurels.rules.trend_charts import FileFigures
from laurels.services.runtime import Runtime
from laurels.stores import quality

__all__ = ["FILES_SHOWN", "ZONE", "QualityReport", "chart", "report", "tables", "told", "trend"]

ZONE = "America/New_York"
FILES_SHOWN = 30


def trend(runtime: Runtime, source: str, last: int) -> list[FileFigures]:
    """Return rows and refused rows of a source's 30 files up to one, the oldest of them first."""
    with runtime.database.transaction() as session:
        return [FileFigures(*found) for found in quality.latest_files(session, source, last, FILES_SHOWN)]


def chart(files: list[FileFigures]) -> str:
    """Return a trend as the address of a picture."""
    return trend_charts.trend_chart(files)


def report(
    runtime: Runtime,
    *,
    weeks: int = 1,
    source: str | None = None,
    zone: str = ZONE,
    as_of: datetime | None = None,
) -> QualityReport:
    """Return what the files of the last whole weeks were like, by source. Raises RuleRefusedError for no zone."""
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RuleRefusedError(f"no time zone {zone}: write America/New_York, say") from error
    asked = quality_reports.span(business_time(as_of, runtime.settings.as_of), clock, weeks)
    span = (asked.since, asked.middle, asked.until, source)
    with runtime.database.transaction() as session:
        sources = quality_reports.sources_of(quality.files(session, *span), quality.refused(session, *span))
    return QualityReport(asked.middle, asked.until, sources)


def told(found: QualityReport) -> tuple[str, str, str]:
    """Return title, message and markdown of a report."""
    return quality_reports.title(found), quality_reports.message(found), quality_reports.markdown(found)


def tables(found: QualityReport) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return for each source its name, and rows of what, these weeks, and the weeks before."""
    return [(each.source, quality_reports.figures(each)) for each in found.sources]
