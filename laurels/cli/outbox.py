"""What is owed to members and shops."""

import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, actor, runtime, short, show, table
from laurels.services import deliveries, discounts

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_outbox(
    state: Annotated[
        str | None, typer.Option(help="pending, sending, accepted, rejected, unknown, superseded.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List messages and pushes with their states."""
    with runtime() as opened:
        messages = deliveries.list_deliveries(opened, state=state, limit=limit)
        pushes = discounts.list_pushes(opened, state=state, limit=limit)
    rows = [(short(m.member_id), m.channel, m.state, m.text) for m in messages]
    rows += [(short(p.member_id), "push", p.state, f"{p.action} {p.percent} %") for p in pushes]
    result = {"deliveries": messages, "pushes": pushes}
    show(result, as_json, lambda: table("Outbox", ("member", "by", "state", "what"), rows))


@app.command()
def send(as_of: AsOf = None, as_json: JsonFlag = False) -> None:
    """Push discounts to the platform and send messages on their channel (both the console, by default)."""
    aside = sys.stderr if as_json else sys.stdout  # the console channel must not stand in the JSON's way
    with runtime() as opened, redirect_stdout(aside):
        pushed = discounts.push_discounts(opened, as_of=as_of, actor=actor(opened))
        sent = deliveries.send_deliveries(opened, as_of=as_of, actor=actor(opened))
    text = f"{pushed.accepted:,} discounts pushed, {sent.accepted:,} messages sent"
    show({"pushes": pushed, "deliveries": sent}, as_json, lambda: text)
