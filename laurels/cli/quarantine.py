"""Quarantine."""

from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, Reason, actor, out, runtime, show, table
from laurels.services import quarantine

app = typer.Typer(no_args_is_help=True)
Ids = Annotated[list[int], typer.Argument(help="Numbers from `laurels quarantine list`.")]


@app.command("list")
def list_rows(
    source: Annotated[str | None, typer.Option(help="Only this source's.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only with this reason.")] = None,
    state: Annotated[str, typer.Option(help="open, replaying, replayed, superseded or dismissed.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List refused rows with file, line and reasons."""
    with runtime() as opened:
        found = quarantine.list_quarantine(opened, source=source, reason=reason, state=state, limit=limit)
    rows = [
        (row.id, f"{row.file}:{row.line}", row.source, row.kind, "; ".join(row.sentences)) for row in found
    ]
    show(found, as_json, lambda: table("Quarantine", ("id", "place", "source", "kind", "why"), rows))


@app.command()
def reasons(as_json: JsonFlag = False) -> None:
    """Count open rows by reason."""
    with runtime() as opened:
        counts = quarantine.count_reasons(opened)
    show(counts, as_json, lambda: table("Quarantine by reason", ("reason", "rows"), list(counts.items())))


@app.command("show")
def show_row(row: int, as_json: JsonFlag = False) -> None:
    """Show one refused row: its fields (without personal ones), its place, its reasons, what was done to it."""
    with runtime() as opened:
        detail = quarantine.show(opened, row)
    show(detail, as_json, lambda: "\n".join(detail.lines()))


@app.command()
def replay(
    ids: Ids,
    edit: Annotated[list[str] | None, typer.Option("--set", help="COLUMN=VALUE, as often as needed.")] = None,
    reason: Reason = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Read rows again under their own keys, mended by `--set`, through the same gate."""
    edits = dict(_pair(text) for text in edit or [])
    with runtime() as opened:
        report = quarantine.replay(
            opened, ids, edits=edits, actor=actor(opened), reason=reason or "", as_of=as_of
        )
    show(report, as_json, lambda: f"{len(report.queued)} rows queued again: `laurels run` works them off")


@app.command()
def dismiss(ids: Ids, reason: Reason = None) -> None:
    """Close rows that nobody will mend."""
    with runtime() as opened:
        quarantine.dismiss(opened, ids, actor=actor(opened), reason=reason or "")
    out.print(f"{len(ids)} rows dismissed")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text}: write COLUMN=VALUE")
    return name, value
