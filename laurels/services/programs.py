"""Programs: from a file to what the business goes by."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from laurels.errors import MappingInvalidError, NotFoundError, ProgramInvalidError
from laurels.rules.findings import Finding, empties, findings_of
from laurels.rules.lint import lint_program
from laurels.rules.program_schema import editor_schema
from laurels.rules.stand_ins import sound_parts
from laurels.services.mappings import load_mapping
from laurels.services.rulesets import of_the_house
from laurels.stores.yaml_files import YamlDocument, read_yaml, read_yaml_file
from models.values.program import PLANNED, Program

MOST_LISTED = 100


def check_program(path: Path) -> Program:
    """Return the program in a file.

    Raises ProgramInvalidError with a line `FILE:LINE: reason` for every problem (the first 100 of them),
    NotFoundError where there is no file.
    """
    if not path.exists():
        raise NotFoundError(f"no program file {path}")
    if not path.is_file():
        raise ProgramInvalidError(f"{path}:1: not a file")
    try:
        document = read_yaml_file(path)
    except OSError as error:
        raise ProgramInvalidError(f"{path}:1: cannot be read: {error.strerror}") from None
    return _checked(document, str(path))


def parse_program(text: str, name: str) -> Program:
    """Return the program in a YAML text, as check_program does; `name` stands for the file."""
    return _checked(read_yaml(text), name)


def unknown_attributes(program: Program, mappings: Path) -> list[str]:
    """Return the attributes that a program's rules look at and no mapping in a folder keeps: misspelt, or to come."""
    kept: set[str] = set()
    for path in sorted(mappings.glob("*.yaml")):
        try:
            kept |= set(load_mapping(path).attributes)
        except MappingInvalidError:
            continue  # said where it is used
    looked_at = {name for rule in program.rules for name in rule.attributes}
    return sorted(looked_at - kept)


def program_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) by which editors complete and check program files."""
    return editor_schema(Program)


def _checked(document: YamlDocument, name: str) -> Program:
    problems = {(problem.line, problem.reason) for problem in document.problems}
    refused_lines = {line for line, _reason in problems}
    program, findings = _judged(document.data) if document.lines else (None, [])
    for finding in findings:
        line = document.line_of(finding.place)
        if line not in refused_lines:  # what YAML refused on that line explains it already
            problems.add((line, str(finding)))
    if program is None or problems:
        raise ProgramInvalidError(_listed(sorted(problems), name))
    return program


def _judged(data: object) -> tuple[Program | None, list[Finding]]:
    """Return the program, if it is one, and all findings: form first, then whether the sound parts agree."""
    program = None
    findings = list(empties(data))
    empty = {finding.place for finding in findings}
    try:
        program = Program.model_validate(data)
    except ValidationError as error:
        findings += [
            found for found in findings_of(error, data, Program, PLANNED) if found.place not in empty
        ]
    judged = program if not findings else sound_parts(data, findings)
    return program, findings + (lint_program(judged) + of_the_house(judged.rules) if judged else [])


def _listed(problems: list[tuple[int, str]], name: str) -> str:
    lines = [f"{name}:{line}: {reason}" for line, reason in problems[:MOST_LISTED]]
    if len(problems) > MOST_LISTED:
        lines.append(f"{name}: and {len(problems) - MOST_LISTED} more")
    return "\n".join(lines)
