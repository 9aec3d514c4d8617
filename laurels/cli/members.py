"""One member's points, ranks and discounts."""

from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, runtime, short, show, table
from laurels.services import members

app = typer.Typer(no_args_is_help=True)


@app.command("show")
def show_member(
    external_id: Annotated[str, typer.Argument(help="The shop's own id of the member, as text.")],
    source: Annotated[str, typer.Option(help="Whose id it is.")],
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what a member has: points, what they are worth, the next reward, ranks, discounts."""
    with runtime() as opened:
        found = members.member_view(opened, source=source, external_id=external_id, as_of=as_of)
    rows = [
        (
            p.program,
            p.points,
            p.worth,
            p.next_reward or "",
            p.ranks,
            f"{p.percent} %" if p.percent else "",
        )
        for p in found.programs
    ]
    columns = ("program", "points", "worth", "next reward", "ranks", "discount")
    show(found, as_json, lambda: table(f"Member {short(found.member_id)}", columns, rows))
