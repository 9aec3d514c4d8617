"""Quarantine, to look at: refused rows one by one, by reason and source, some of them, and refunds that wait."""

from datetime import timedelta
from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, runtime, show, span, table
from laurels.services import quarantine
from laurels.services.quarantine import Selection

app = typer.Typer(no_args_is_help=True)
OfSource = Annotated[str | None, typer.Option("--source", help="Only this source's.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Only with this reason (see `reasons`).")]
OfIntake = Annotated[int | None, typer.Option("--intake", help="Only of this intake.")]
OfFile = Annotated[str | None, typer.Option("--file", help="Only of files with this name.")]
State = Annotated[
    str, typer.Option(help="open, replaying, replayed, superseded, dismissed or expired.", metavar="STATE")
]
Limit = Annotated[int, typer.Option(min=1, max=100_000)]


@app.command("list")
def list_rows(
    source: OfSource = None,
    reason: OfReason = None,
    intake: OfIntake = None,
    file: OfFile = None,
    state: State = "open",
    after: Annotated[int, typer.Option(help="The next page: rows behind this number.")] = 0,
    limit: Limit = 100,
    as_json: JsonFlag = False,
) -> None:
    """List refused rows with file, line and reasons."""
    with runtime() as opened:
        found = quarantine.list_quarantine(
            opened,
            source=source,
            reason=reason,
            state=state,
            intake_id=intake,
            file=file,
            after=after,
            limit=limit,
        )
    rows = [
        (row.id, f"{row.file}:{row.line}", row.source, row.kind, "; ".join(row.sentences)) for row in found
    ]
    note = f"the next page: --after {found[-1].id}" if len(found) == limit else None
    columns = ("id", "place", "source", "kind", "why")
    show(found, as_json, lambda: table("Quarantine", columns, rows, note))


@app.command()
def groups(
    source: OfSource = None,
    reason: OfReason = None,
    intake: OfIntake = None,
    file: OfFile = None,
    by: Annotated[str | None, typer.Option(help="file: tell files apart, too.", metavar="file")] = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Group open rows by reason and source: how many, how long, where first, and what may be done."""
    if by not in {None, "file"}:
        raise typer.BadParameter(f"{by}: groups are by reason and source, and by file", param_hint="--by")
    with runtime() as opened:
        selection = Selection(source, reason, intake, file)
        found = quarantine.groups(opened, selection, by_file=by == "file", as_of=as_of)
    named = ("reason", "source", "file")[: 3 if by else 2]
    rows = [
        (*(getattr(one, name) for name in named), one.rows, f"{one.days} d", one.places, one.advice)
        for one in found
    ]
    columns = (*named, "rows", "oldest", "first", "what to do")
    show(found, as_json, lambda: table("Quarantine by reason and source", columns, rows))


@app.command()
def reasons(as_json: JsonFlag = False) -> None:
    """Count open rows by reason."""
    with runtime() as opened:
        counts = quarantine.count_reasons(opened)
    show(counts, as_json, lambda: table("Quarantine by reason", ("reason", "rows"), list(counts.items())))


@app.command()
def sample(
    source: OfSource = None,
    reason: OfReason = None,
    intake: OfIntake = None,
    file: OfFile = None,
    state: State = "open",
    rows: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed, other rows; the same one, the same.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Show some refused rows with their fields (without personal ones), chosen by chance and a seed."""
    with runtime() as opened:
        selection = Selection(source, reason, intake, file, state)
        found = quarantine.sample(opened, selection, rows=rows, seed=seed)
    lines = [
        (
            one.row.id,
            f"{one.row.file}:{one.row.line}",
            one.row.reasons,
            tuple(f"{name} = {text}" for name, text in one.fields.items()),
        )
        for one in found
    ]
    show(found, as_json, lambda: table("Some refused rows", ("id", "place", "reasons", "fields"), lines))


@app.command("show")
def show_row(row: int, as_json: JsonFlag = False) -> None:
    """Show one refused row: its fields (without personal ones), its place, its reasons, what was done to it."""
    with runtime() as opened:
        detail = quarantine.show(opened, row)
    show(detail, as_json, lambda: "\n".join(detail.lines()))


@app.command()
def parked(
    source: OfSource = None,
    older_than: Annotated[
        timedelta | None, typer.Option(parser=span, metavar="SPAN", help="Only older ones: 14d, say.")
    ] = None,
    limit: Limit = 100,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """List refunds that were taken in and find no purchase to give back, the oldest first."""
    with runtime() as opened:
        found = quarantine.parked_refunds(
            opened, source=source, older_than=older_than, limit=limit, as_of=as_of
        )
    rows = [
        (f"{one.file}:{one.line}", one.source, one.event_id, one.order, f"{one.days} d", one.sentence)
        for one in found
    ]
    columns = ("place", "source", "event", "order", "age", "why")
    show(found, as_json, lambda: table("Parked refunds", columns, rows))
