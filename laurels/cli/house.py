"""The house itself: schema, actors, health, and everything up at once."""

from enum import StrEnum
from typing import Annotated

import typer

from laurels import orchestrator
from laurels.cli.console import JsonFlag, actor, out, runtime, show, table
from laurels.errors import LaurelsError
from laurels.services import actors as actors_service
from laurels.services import schema as schema_service
from laurels.services.checks import check_invariants
from laurels.settings import Settings

schema = typer.Typer(no_args_is_help=True)
actors = typer.Typer(no_args_is_help=True)


class RoleName(StrEnum):
    """What an actor may do."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@schema.command()
def check(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Look at a new database, made for this and dropped again.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compare the database with the models and with the committed catalog. Exit status 1 where they differ."""
    if fresh:
        found = schema_service.check_migrations(Settings())
    else:
        with runtime() as opened:
            found = schema_service.check_schema(opened)
    show(found, as_json, lambda: "\n".join(found) or "schema: models, migrations and catalog agree")
    if found:
        raise typer.Exit(1)


@schema.command()
def upgrade() -> None:
    """Bring the database to the newest migration (every command does)."""
    with runtime():
        out.print("the schema is the newest")


@actors.command()
def add(name: str, role: Annotated[RoleName, typer.Option(help="What they may do.")]) -> None:
    """Let somebody ask for writes."""
    with runtime() as opened:
        actors_service.add_actor(opened, by=actor(opened), name=name, role=role.value)
    out.print(f"{name} is {role.value}", markup=False, highlight=False)


@actors.command("list")
def list_actors(as_json: JsonFlag = False) -> None:
    """List who may ask for writes."""
    with runtime() as opened:
        found = actors_service.list_actors(opened)
    show(found, as_json, lambda: table("Actors", ("name", "role"), list(found.items())))


def doctor(as_json: JsonFlag = False) -> None:
    """Check on the live store what must always hold. Exit status 1 where something does not."""
    with runtime() as opened:
        findings = check_invariants(opened)
    rows = [(finding.name, finding.sentence, ", ".join(finding.examples)) for finding in findings]
    broken = table("What does not hold", ("invariant", "what", "examples"), rows)
    show(findings, as_json, lambda: broken if findings else "Every promise holds.")
    if findings:
        raise typer.Exit(1)


def up() -> None:
    """Start servers, Prefect and a worker; print the links; one Ctrl-C ends all of it."""
    try:
        orchestrator.up(Settings(), typer.echo)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except OSError as error:
        raise LaurelsError(f"could not start: {error}") from error
