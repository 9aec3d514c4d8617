"""Quality: the pages and reports that tell how good the files are."""

from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, draw, runtime, show, table
from laurels.services import quality_docs, quality_reports

app = typer.Typer(no_args_is_help=True)


@app.command()
def docs(intake: int, as_json: JsonFlag = False) -> None:
    """Build the Data Docs page of one file and print where it lies: rules, counts and lines, no values."""
    with runtime() as opened:
        page = quality_docs.publish(opened, intake)
    show(page, as_json, lambda: str(page.path))


@app.command()
def report(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many whole weeks, Monday to Monday.")] = 1,
    zone: Annotated[str, typer.Option(help="By whose clock a week begins.")] = quality_reports.ZONE,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Say how good each source's files were in the last weeks, beside the weeks before."""
    with runtime() as opened:
        found = quality_reports.report(opened, weeks=weeks, source=source, zone=zone, as_of=as_of)
    title, message, _ = quality_reports.told(found)
    if as_json or not found.sources:
        show(found, as_json, lambda: f"{title}: {message}")
        return
    for name, rows in quality_reports.tables(found):
        draw(table(f"{title}: {name}", ("", "these", "before"), rows))
