"""The command `laurels` and what holds for all of it: errors in one line, an exit status that says which kind."""

import signal
import sys
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from laurels.cli import (
    activity,
    arrivals,
    boards,
    explain,
    house,
    members,
    outbox,
    programs,
    quality,
    repairs,
    state,
)
from laurels.cli.console import err
from laurels.errors import LaurelsError


class _Commands(TyperGroup):
    """Turn our errors into one line on stderr and their exit status; a traceback is for faults of ours only."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        before = signal.signal(signal.SIGTERM, _leave)
        try:
            return super().invoke(ctx)
        except LaurelsError as error:
            err.print(f"laurels: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
            sys.exit(error.exit_status)
        finally:
            signal.signal(signal.SIGTERM, before)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)  # so that `finally` runs and embedded servers are let go


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Promotions and loyalty as data pipelines. Exit status: 0 done, 1 a check found something, 2 wrong usage, "
    "3 refused by a rule, 4 a file held or unreadable, 5 the gate could not judge, 6 try again later, "
    "7 done but some rows are in quarantine.",
)
app.add_typer(programs.app, name="program", help="Program files: check, apply, list, schema.")
app.add_typer(
    repairs.app,
    name="quarantine",
    help="Rows that the gate refused: groups, list, show; fix, export and repair, replay; dismiss, expire.",
)
app.add_typer(quality.app, name="quality", help="How good the files are: docs, report.")
app.add_typer(activity.intakes, name="intake", help="Files that came in: list, show, release, reject.")
app.add_typer(arrivals.app, name="arrivals", help="Files that are expected by a time: list.")
app.add_typer(boards.app, name="board", help="Boards: show, reconcile.")
app.add_typer(members.app, name="member", help="One member: points, ranks, discounts.")
app.add_typer(
    explain.app, name="explain", help="Why a number is what it is: entry, balance, grant, delivery."
)
app.add_typer(outbox.app, name="outbox", help="Messages and pushes owed: list, send.")
app.add_typer(state.app, name="state", help="The views' hash and their export.")
app.add_typer(house.schema, name="schema", help="The database's schema: check, upgrade.")
app.add_typer(house.actors, name="actor", help="Who may ask for writes.")
app.command("ingest")(activity.ingest)
app.command("run")(activity.run)
app.command("recompute")(activity.recompute)
app.command("doctor")(house.doctor)
app.command("up")(house.up)
