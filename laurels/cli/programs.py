"""Program files."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from laurels.cli.console import AsOf, JsonFlag, actor, err, runtime, show, table
from laurels.services.boards import reconcile_boards
from laurels.services.programs import check_program, program_schema, unknown_attributes
from laurels.services.versions import apply_program, list_programs
from laurels.settings import Settings

app = typer.Typer(no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The program's YAML file.")]


@app.command()
def check(file: File, as_json: JsonFlag = False) -> None:
    """Say what is wrong with a program file, each with its line, or that nothing is."""
    program = check_program(file)
    shown = {"program": program.program, "rules": [rule.rule for rule in program.earning]}
    show(
        shown,
        as_json,
        lambda: (
            f"{file}: {program.program} is right: {len(program.earning)} rules, {len(program.boards)} boards, "
            f"{len(program.rules)} rules of quality"
        ),
    )
    for name in unknown_attributes(program, Settings().mappings):
        err.print(
            f"laurels: no mapping keeps attributes.{name}: a rule that requires it would refuse every row"
        )


@app.command()
def apply(
    file: File,
    effective_from: AsOf = None,
    as_of: AsOf = None,
    as_json: JsonFlag = False,
) -> None:
    """Store a program as an immutable version; history since `--effective-from` is brought under it."""
    with runtime() as opened:
        report = apply_program(opened, file, actor=actor(opened), effective_from=effective_from, as_of=as_of)
        reconcile_boards(opened, program=report.program, as_of=as_of)
    word = "stored" if report.new else "is there already"
    text = f"{report.program} version {report.version} {word}, effective from {report.effective_from.isoformat()}"
    if report.recompute and report.recompute.changed:
        text += f"; {report.recompute.changed:,} awards changed ({report.recompute.points:+,} points)"
    show(report, as_json, lambda: text)


@app.command("list")
def list_versions(as_json: JsonFlag = False) -> None:
    """List programs and their versions."""
    with runtime() as opened:
        found = list_programs(opened)
    rows = [
        (program.name, version.number, version.effective_from.isoformat())
        for program in found
        for version in program.versions
    ]
    plain = [{"program": name, "version": number, "effective_from": since} for name, number, since in rows]
    show(plain, as_json, lambda: table("Programs", ("program", "version", "effective from"), rows))


@app.command()
def schema() -> None:
    """Print the JSON Schema by which an editor completes and checks program files."""
    sys.stdout.write(json.dumps(program_schema(), indent=2) + "\n")
