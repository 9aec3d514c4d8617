"""Quality: the pages and reports that tell how good the files are."""

import typer

from laurels.cli.console import JsonFlag, runtime, show
from laurels.services import quality_docs

app = typer.Typer(no_args_is_help=True)


@app.command()
def docs(intake: int, as_json: JsonFlag = False) -> None:
    """Build the Data Docs page of one file and print where it lies: rules, counts and lines, no values."""
    with runtime() as opened:
        page = quality_docs.publish(opened, intake)
    show(page, as_json, lambda: str(page.path))
