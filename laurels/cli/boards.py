"""Boards."""

from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, actor, runtime, short, show, table
from laurels.services import audit, boards

app = typer.Typer(no_args_is_help=True)


@app.command("show")
def show_board(
    program: Annotated[str, typer.Argument(help="The program's name.")],
    board: Annotated[str, typer.Argument(help="Board and window: referrals/season.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many ranks.")] = 10,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the first ranks of a board with their tiers."""
    name, _, period = board.partition("/")
    with runtime() as opened:
        found = boards.top(opened, program, name, period or "season", limit=limit, as_of=as_of)
        starts, ends = boards.shown_window(opened, program, name, period or "season", as_of=as_of)
    rows = [
        (f"#{row.rank}", short(row.member_id), row.score, f"{row.percent} %" if row.percent else "")
        for row in found
    ]
    show(
        found,
        as_json,
        lambda: table(
            f"{program}: {board}, {starts:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC",
            ("rank", "member", "score", "discount"),
            rows,
        ),
    )


@app.command()
def reconcile(
    program: Annotated[str | None, typer.Argument(help="Only this program's boards.")] = None,
    republish: Annotated[bool, typer.Option(help="Write every board to Redis anew.")] = False,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Let grants follow ranks and show the ranks in Redis."""
    with runtime() as opened:
        audit.asked(
            opened, actor(opened), "board.reconcile", program or "boards", after={"republish": republish}
        )
        report = boards.reconcile_boards(opened, program=program, as_of=as_of, republish=republish)
    text = (
        f"{report.windows:,} windows, {report.standings:,} standings moved, "
        f"{report.granted:,} grants, {report.ended:,} ended, "
        f"{report.pushes:,} pushes and {report.deliveries:,} messages owed"
    )
    waiting = f"; {report.unpublished} boards wait for Redis" if report.unpublished else ""
    show(report, as_json, lambda: text + waiting)
