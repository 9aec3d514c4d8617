"""Quarantine, to work on: rows replayed, fixed, edited by file, closed and taken up again."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, actor, counting, draw, out, runtime, show, span, table
from laurels.cli.quarantine import OfFile, OfIntake, OfReason, OfSource, app
from laurels.services import quarantine
from laurels.services.fixes import FixReport
from laurels.services.quarantine import RepairReport, Selection

__all__ = ["app"]

Ids = Annotated[list[int], typer.Argument(help="Numbers from `laurels quarantine list`.")]
Why = Annotated[str | None, typer.Option("--why", help="Why, for the audit.")]
All = Annotated[bool, typer.Option("--all", help="All open rows.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]
SOME_LEFT = 7
_NEXT = "`laurels run` works them off"


@app.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers from `laurels quarantine list`.")] = None,
    edit: Annotated[list[str] | None, typer.Option("--set", help="COLUMN=VALUE, as often as needed.")] = None,
    reason: OfReason = None,
    source: OfSource = None,
    intake: OfIntake = None,
    file: OfFile = None,
    everything: All = False,
    why: Why = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Read rows again under their own keys, mended by `--set`, through the same gate; by number or by selection."""
    selection = Selection(source, reason, intake, file)
    edits = dict(_pair(text) for text in edit or [])
    if bool(ids) == (everything or not selection.is_all):
        raise typer.BadParameter("give either numbers or a selection (--reason, --source, --intake, --all)")
    if edits and not ids:
        raise typer.BadParameter("--set gives all rows the same text: name them by number, or use `fix`")
    if ids:
        with runtime() as opened:
            report = quarantine.replay(
                opened, ids, edits=edits, actor=actor(opened), reason=why or "", as_of=as_of
            )
        skipped = [f"row {row} is {state}: skipped" for row, state in sorted(report.skipped.items())]
        queued = f"{len(report.queued)} rows queued again" + (f": {_NEXT}" if report.queued else "")
        wrong = [
            f"row {row} still cannot be read ({', '.join(why)}): the gate will refuse it again"
            for row, why in sorted(report.wrong.items())
        ]
        show(report, as_json, lambda: "\n".join([queued, *wrong, *skipped]))
        return
    with runtime() as opened, counting("replayed", quarantine.count(opened, selection)) as progress:
        done = quarantine.replay_selection(
            opened, selection, actor=actor(opened), reason=why or "", as_of=as_of, on_progress=progress
        )
    left = [f"{rows:,} left: each {told}" for told, rows in done.left.items()]
    show(done, as_json, lambda: "\n".join([f"{done.queued:,} rows queued again: {_NEXT}", *left]))


@app.command()
def fix(
    transform: Annotated[
        list[str],
        typer.Option(
            help="One after the other: zone=AREA/CITY, date-order=dmy, decimal-comma, trim:COLUMN, currency=USD, "
            "kind=WORD:WORD."
        ),
    ],
    reason: OfReason = None,
    source: OfSource = None,
    intake: OfIntake = None,
    file: OfFile = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    why: Why = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Mend rows by declared transformations: shown before and after, then queued under their own keys."""
    selection = Selection(source, reason, intake, file)
    if selection.is_all and not everything:
        raise typer.BadParameter("say which rows: --reason, --source, --intake, --file or --all")
    if as_json and not (dry_run or yes):
        raise typer.BadParameter("--json asks nobody: add --dry-run or --yes")
    with runtime() as opened:
        rows = quarantine.count(opened, selection)
        if dry_run or not yes:
            with counting("looked at", rows) as progress:
                report = quarantine.preview_fix(
                    opened, selection, transform, as_of=as_of, on_progress=progress
                )
            if not as_json:
                _preview(report)
            if not dry_run and (not report.fixed or not typer.confirm(f"Mend {report.fixed:,} rows?")):
                raise typer.Exit(0)
        if not dry_run:
            with counting("mended", rows) as progress:
                report = quarantine.fix(
                    *(opened, selection, transform),
                    actor=actor(opened),
                    reason=why or "",
                    as_of=as_of,
                    on_progress=progress,
                )
    if as_json or not dry_run:
        show(report, as_json, lambda: "\n".join([f"{report.fixed:,} rows mended: {_NEXT}", *_left(report)]))


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="A CSV file that is not there yet.", metavar="FILE")],
    column: Annotated[
        list[str] | None, typer.Option(help="A personal column to fill in: it is written empty.")
    ] = None,
    reason: OfReason = None,
    source: OfSource = None,
    intake: OfIntake = None,
    file: OfFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Write open rows as CSV to edit in a spreadsheet; no personal column's text is in it."""
    selection = Selection(source, reason, intake, file)
    with runtime() as opened, counting("written", quarantine.count(opened, selection)) as progress:
        report = quarantine.export_sheet(opened, path, selection, columns=column or [], on_progress=progress)
    left = f"; {report.left:,} that cannot be edited are not in it" if report.left else ""
    show(report, as_json, lambda: f"{path}: {report.rows:,} rows{left}: edit it, `laurels quarantine repair`")


@app.command()
def repair(
    path: Annotated[Path, typer.Argument(help="A file of `laurels quarantine export`.", metavar="FILE")],
    dry_run: DryRun = False,
    why: Why = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Take edited cells back and queue their rows under their own keys. Exit status 7 where some are still wrong."""
    with runtime() as opened:
        report = quarantine.repair_sheet(
            opened, path, actor=actor(opened), reason=why or "", as_of=as_of, dry_run=dry_run
        )
    if not as_json:
        _edited(report, path)
    show(report, as_json, lambda: "\n".join(_repaired(report, dry_run=dry_run)))
    if report.left:
        raise typer.Exit(SOME_LEFT)


@app.command()
def dismiss(ids: Ids, why: Why = None) -> None:
    """Close rows that nobody will mend."""
    with runtime() as opened:
        report = quarantine.dismiss(opened, ids, actor=actor(opened), reason=why or "")
    out.print(f"{len(report.dismissed)} rows dismissed")


@app.command()
def expire(
    older_than: Annotated[
        timedelta, typer.Option(parser=span, metavar="SPAN", help="By the business clock: 90d, say.")
    ],
    why: Why = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Close open rows that wait too long (the nightly flow does by LAURELS_QUARANTINE_DAYS)."""
    with runtime() as opened:
        report = quarantine.expire(
            opened, older_than=older_than, actor=actor(opened), reason=why, as_of=as_of
        )
    show(report, as_json, lambda: f"{report.expired:,} rows of before {report.before.isoformat()} expired")


@app.command()
def reopen(ids: Ids, why: Why = None, as_of: AsOf = None, as_json: JsonFlag = False) -> None:
    """Take expired or dismissed rows up again; they wait anew from now on."""
    with runtime() as opened:
        report = quarantine.reopen(opened, ids, actor=actor(opened), reason=why or "", as_of=as_of)
    skipped = [f"row {row} is {state}: skipped" for row, state in sorted(report.skipped.items())]
    show(report, as_json, lambda: "\n".join([f"{len(report.reopened)} rows are open again", *skipped]))


def _preview(report: FixReport) -> None:
    rows = [
        (one.id, one.place, column, one.before[column], text)
        for one in report.sample
        for column, text in one.after.items()
    ]
    draw(table(", ".join(report.transformations), ("id", "place", "column", "before", "after"), rows))
    told = f"{report.fixed:,} of {report.rows:,} rows could be read then"
    out.print("\n".join([told, *_left(report)]), markup=False, highlight=False, soft_wrap=True)


def _left(report: FixReport) -> list[str]:
    return [
        f"{rows:,} stay as they are: {why} (row {report.examples[why]}, say)"
        for why, rows in report.left.most_common()
    ]


def _edited(report: RepairReport, path: Path) -> None:
    """Print what is still wrong, each row with its place, and then the others before and after."""
    if report.left:
        wrong = [f"{path}:{one.line}: row {one.id}: {' '.join(one.wrong)}" for one in report.left]
        show(report, as_json=False, table=lambda: "\n".join(["Still wrong:", *wrong, ""]))
    if report.edited:
        stops = f" (the first {len(report.edited)} of {report.queued:,})"
        title = "Edited rows" + (stops if len(report.edited) < report.queued else "")
        edits = [
            (one.line, one.id, column, one.before[column], text)
            for one in report.edited
            for column, text in one.after.items()
        ]
        draw(table(title, ("line", "id", "column", "before", "after"), edits))


def _repaired(report: RepairReport, *, dry_run: bool) -> list[str]:
    done = "rows would be queued again" if dry_run else f"rows queued again: {_NEXT}"
    lines = [f"{report.queued:,} {done}; {report.unchanged:,} are as they were"]
    lines += [f"{rows:,} edited in {column}" for column, rows in report.columns.most_common()]
    if report.left:
        lines.append(f"{len(report.left):,} still wrong: they stay as they are")
    lines += [f"  {rows:,} {reason}" for reason, rows in report.wrong.most_common()]
    return lines + [f"row {row} is {state}: skipped" for row, state in report.stale.items()]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text}: write COLUMN=VALUE")
    return name, value
