"""Arrivals."""

from typing import Annotated

import typer

from laurels.cli.console import JsonFlag, runtime, show, table
from laurels.services import arrivals

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_arrivals(
    source: Annotated[str | None, typer.Option(help="Only this source's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List the moments at which files are expected, the newest first: awaited, arrived, late or missing."""
    with runtime() as opened:
        found = arrivals.list_arrivals(opened, source, limit=limit)
    rows = [(f"{one.due_at:%Y-%m-%d %H:%MZ}", one.source, one.mapping, one.state, one.file) for one in found]
    show(found, as_json, lambda: table("Arrivals", ("due", "source", "mapping", "state", "file"), rows))
