"""Files in, batches worked off, history brought under a program's versions."""

from typing import Annotated

import typer

from laurels.cli.console import (
    AsOf,
    JsonFlag,
    Reason,
    actor,
    at_hand,
    draw,
    err,
    out,
    reading,
    runtime,
    show,
    table,
)
from laurels.cli.tables import printable
from laurels.services import holds, quarantine
from laurels.services.batches import DrainReport, drain
from laurels.services.boards import reconcile_boards
from laurels.services.intake import IntakeReport, ingest_file
from laurels.services.points import recompute_program
from laurels.services.refused_reasons import refused_reasons

HELD = 4
NOT_JUDGED = 5
SOME_QUARANTINED = 7
LISTED = 20
WIDEST = 120

intakes = typer.Typer(no_args_is_help=True)


def ingest(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, JSON (lines, or one document), Parquet or Excel, gzip or not: a path, s3:// or gs://."
        ),
    ],
    source: Annotated[
        str, typer.Option(help="Whose ids these are: the same id of two sources is two events.")
    ],
    mapping: Annotated[str, typer.Option(help="Name in the folder of mappings, or a path to a YAML file.")],
    as_of: AsOf = None,
    work: Annotated[
        bool, typer.Option("--work/--no-work", help="Also gate and work off what came in.")
    ] = True,
    as_json: JsonFlag = False,
) -> None:
    """Take a file in, let the gate judge it, turn the good rows into points, ranks and discounts."""
    with runtime() as opened, at_hand(file) as path:
        with reading(path) as progress:
            report = ingest_file(
                opened,
                path,
                source=source,
                mapping=mapping,
                as_of=as_of,
                actor=actor(opened),
                on_progress=progress,
            )
        worked = drain(opened) if work else None
        boards = reconcile_boards(opened, as_of=as_of) if work else None
        refused = quarantine.of_intake(opened, report.intake_id, limit=LISTED + 1)
        reasons = refused_reasons(opened, report.intake_id)
    result = {
        "intake": report,
        "worked": worked,
        "boards": boards,
        "quarantine": refused,
        "refused": reasons,
    }
    show(result, as_json, lambda: _counts(report, worked))
    if not as_json and refused:
        rows = [
            (row.id, row.line, row.event_id, tuple(row.sentences), tuple(row.reasons))
            for row in refused[:LISTED]
        ]
        draw(table(f"In quarantine ({report.name})", ("id", "line", "event", "why", "reasons"), rows))
        if len(refused) > LISTED:
            out.print(f"these are the first {LISTED}; all of them: `laurels quarantine list`")
            by_reason = [(one.reason, one.rows, one.places(), one.sentence) for one in reasons]
            columns = ("reason", "rows", "first lines", "why")
            draw(table(f"Refused of {report.name}", columns, by_reason))
    _leave(report, worked, some_refused=bool(refused))


def run(as_of: AsOf = None, as_json: JsonFlag = False) -> None:
    """Work off the inbox and let grants and boards follow. Exit status 7 where rows went to quarantine."""
    with runtime() as opened:
        worked = drain(opened, actor=actor(opened))
        boards = reconcile_boards(opened, as_of=as_of)
    show({"worked": worked, "boards": boards}, as_json, lambda: _worked(worked))
    if worked.held:
        raise typer.Exit(NOT_JUDGED)
    if worked.quarantined:
        raise typer.Exit(SOME_QUARANTINED)


def recompute(
    program: Annotated[str, typer.Argument(help="The program's name.")],
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Bring a program's points and standings to what its versions say of all history."""
    with runtime() as opened:
        report = recompute_program(opened, program, as_of=as_of, actor=actor(opened))
        boards = reconcile_boards(opened, program=program, as_of=as_of)
    show(
        {"recompute": report, "boards": boards},
        as_json,
        lambda: (
            f"{program}: {report.activities:,} activities looked at, {report.changed:,} awards changed "
            f"({report.points:+,} points), {report.standings:,} standings moved"
        ),
    )


@intakes.command("list")
def list_intakes(
    state: Annotated[str | None, typer.Option(help="reading, held, released, rejected or done.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List files that came in, the newest first."""
    with runtime() as opened:
        found = quarantine.list_intakes(opened, state=state)
    rows = [
        (
            i.intake_id,
            i.name,
            i.source,
            i.state,
            i.rows,
            i.accepted,
            i.duplicates,
            i.conflicts,
            i.refused,
            ", ".join(i.reasons),
        )
        for i in found
    ]
    columns = (
        "id",
        "file",
        "source",
        "state",
        "rows",
        "accepted",
        "duplicates",
        "conflicts",
        "refused",
        "stopped for",
    )
    show(found, as_json, lambda: table("Intakes", columns, rows))


@intakes.command("show")
def show_intake(intake: int, as_json: JsonFlag = False) -> None:
    """Show one file as a whole: why it is held, what it is like beside the files before it, what to do next."""
    with runtime() as opened:
        view = holds.show_intake(opened, intake)
    show(view, as_json, lambda: holds.screen(view, min(out.width, WIDEST)))


@intakes.command("release")
def release_intake(intake: int, reason: Reason = None) -> None:
    """Let a held file's rows go on to the gate."""
    with runtime() as opened:
        quarantine.release_intake(opened, intake, actor=actor(opened), reason=reason or "")
    out.print(f"intake {intake} is released: `laurels run` works it off")


@intakes.command("reject")
def reject_intake(intake: int, reason: Reason = None) -> None:
    """Reject a file that is held, or that broke off: none of its rows will count."""
    with runtime() as opened:
        report = quarantine.reject_intake(opened, intake, actor=actor(opened), reason=reason or "")
    out.print(f"intake {intake} is rejected")
    if report.send_again:
        rows = [(name,) for name in report.send_again]
        draw(table("Send again: some of their rows were duplicates of it", ("file",), rows))


@intakes.command("retry-batch")
def retry_batch(batch: int) -> None:
    """Let the gate judge a batch again that it could not judge."""
    with runtime() as opened:
        quarantine.retry_batch(opened, batch, actor=actor(opened))
    out.print(f"batch {batch} waits to be judged again: `laurels run`")


def _counts(report: IntakeReport, worked: DrainReport | None) -> str:
    lines = [
        (
            f"{report.name}: {report.rows:,} rows: {report.accepted:,} accepted, {report.duplicates:,} duplicates, "
            f"{report.conflicts:,} conflicts, {report.refused:,} refused"
        )
    ]
    if report.found:
        lines.append(f"written as {report.written()}; {_pace(report)}")
    if report.unknown_columns:
        lines.append(f"not in the mapping, so not kept: {', '.join(report.unknown_columns)}")
    if report.state == "held":
        lines.append(f"HELD for {', '.join(report.reasons)}: {_way_on(report)}")
        if report.missing_columns:
            lines.append(f"missing columns: {', '.join(report.missing_columns)}")
        if report.duplicate_columns:
            lines.append(f"columns that are there twice: {', '.join(report.duplicate_columns)}")
    return "\n".join(map(printable, [*lines, _worked(worked)] if worked else lines))


def _pace(report: IntakeReport) -> str:
    return f"looked at and read in {report.seconds or 0:,.1f} s, {report.rows_per_second or 0:,} rows/s"


def _way_on(report: IntakeReport) -> str:
    if report.unread:
        return f"mend file or mapping and send it again; `laurels intake reject {report.intake_id}` closes this one"
    shown = f"`laurels intake show {report.intake_id}` says why"
    return f"{shown}, `laurels intake release {report.intake_id}` lets it go on"


def _worked(worked: DrainReport) -> str:
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in worked.reasons.items())
    line = (
        f"{worked.batches:,} batches: {worked.passed:,} rows passed, {worked.quarantined:,} quarantined"
        f"{f' ({reasons})' if reasons else ''}; {worked.points:+,} points, {worked.standings:,} standings moved"
    )
    return "\n".join([line, *(f"NOT JUDGED: {why}" for why in worked.stopped)])


def _leave(report: IntakeReport, worked: DrainReport | None, *, some_refused: bool) -> None:
    """Exit by what became of this file, whoever worked it off and whatever else was worked off with it."""
    if report.state == "held":
        said = printable(f"laurels: {report.name} is held: {', '.join(report.reasons)}")
        err.print(said, style="red", highlight=False, markup=False)
        raise typer.Exit(HELD)
    if worked and worked.held:
        raise typer.Exit(NOT_JUDGED)
    if some_refused or report.refused or report.conflicts:
        raise typer.Exit(SOME_QUARANTINED)
