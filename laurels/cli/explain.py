"""Why a number is what it is: entries, balances, grants and messages down to file and line."""

from typing import Annotated
from uuid import UUID

import typer

from laurels.cli.console import JsonFlag, draw, out, runtime, show, table
from laurels.errors import RuleRefusedError
from laurels.rules.identity import member_ids
from laurels.services import explanations
from laurels.services.explained import Award, BalanceExplanation
from laurels.services.runtime import Runtime

app = typer.Typer(no_args_is_help=True)
DIFFERS = 1


@app.command()
def entry(
    entry_id: Annotated[int, typer.Argument(metavar="ID", help="The entry's number.")],
    as_json: JsonFlag = False,
) -> None:
    """Explain one entry of the ledger. Exit status 1 where it does not come out again."""
    with runtime() as opened:
        told = explanations.explain_entry(opened, entry_id)
    show(told, as_json, told.text)
    _end(told.agrees)


@app.command()
def balance(
    member: Annotated[
        str, typer.Argument(metavar="ID", help="The member's opaque id, or the shop's with --source.")
    ],
    source: Annotated[str | None, typer.Option(help="Whose id it is.")] = None,
    program: Annotated[str | None, typer.Option(help="Only in this program.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a member's points, award by award. Exit status 1 where they do not come out again."""
    with runtime() as opened:
        told = explanations.explain_balance(opened, _member(opened, member, source), program)
    if as_json:
        show(told, as_json, str)
    else:
        for one in told:
            _balance(one)
    _end(all(one.agrees for one in told))


@app.command()
def grant(
    grant_id: Annotated[str, typer.Argument(metavar="ID", help="The grant's id, or how it begins.")],
    as_json: JsonFlag = False,
) -> None:
    """Explain one holding of a tier. Exit status 1 where its score does not come out again."""
    with runtime() as opened:
        told = explanations.explain_grant(opened, grant_id)
    show(told, as_json, told.text)
    _end(told.agrees)


@app.command()
def delivery(
    delivery_id: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or how it begins.")],
    as_json: JsonFlag = False,
) -> None:
    """Explain one message. Exit status 1 where what it tells of does not come out again."""
    with runtime() as opened:
        told = explanations.explain_delivery(opened, delivery_id)
    show(told, as_json, told.text)
    _end(told.agrees)


def _balance(told: BalanceExplanation) -> None:
    rows = [_row(award) for award in told.awards]
    columns = ("entries", "rule", "version", "activity", "place", "points", "again")
    draw(table(f"Member {told.member_id} in {told.program}", columns, rows))
    lost = f"; {told.lost:,} awards have no entry" if told.lost else ""
    out.print(f"balance {told.points:,}; computed again: {told.recomputed:,}{lost}", highlight=False)


def _row(award: Award) -> tuple[object, ...]:
    numbers = ", ".join(f"#{one.id}" for one in award.entries)
    fact = award.fact
    activity = f"{fact.kind} {fact.occurred_at:%Y-%m-%d}" if fact else ""
    place = f"{fact.file}:{fact.line}" if fact else ""
    return numbers, award.rule.rule, award.rule.version, activity, place, award.posted, award.recomputed


def _member(opened: Runtime, given: str, source: str | None) -> UUID:
    if source is not None:
        return member_ids(source, opened.keys.member_id)(given)
    try:
        return UUID(given)
    except ValueError:
        raise RuleRefusedError(
            f"{given} is no opaque id: of the shop's own id say whose, --source SHOP"
        ) from None


def _end(agrees: bool) -> None:
    if not agrees:
        raise typer.Exit(DIFFERS)
