"""The views' hash, and their export."""

from pathlib import Path
from typing import Annotated

import typer

from laurels.cli.console import JsonFlag, runtime, show
from laurels.services import statehash

app = typer.Typer(no_args_is_help=True)


@app.command("hash")
def show_hash(
    exported: Annotated[
        Path | None,
        typer.Option("--export", help="Check an export against its manifest and hash it by DuckDB instead."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print the hash over awards, settlements, standings and balances; equal state, equal hash."""
    if exported is not None:
        found = statehash.check_export(exported)
    else:
        with runtime() as opened:
            found = statehash.state_hash(opened)
    rows = [(name, part.rows) for name, part in found.tables.items()]
    text = "\n".join([found.hash, *(f"  {name}: {count:,} rows" for name, count in rows)])
    show(found, as_json, lambda: text)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    as_json: JsonFlag = False,
) -> None:
    """Write the views as Parquet with a manifest, from one snapshot."""
    with runtime() as opened:
        report = statehash.export_views(opened, folder)
    show(report, as_json, lambda: f"{folder}: {report.state.hash}")
