"""Mappings: from a file to what rows are read by."""

from pathlib import Path

from pydantic import ValidationError

from laurels.errors import MappingInvalidError
from laurels.rules.findings import Finding, Place, empties, findings_of
from laurels.services.rulesets import of_the_house
from laurels.stores.yaml_files import YamlDocument, read_yaml_file
from models.values.mapping import Mapping


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in a file.

    Raises MappingInvalidError with a line `FILE:LINE: reason` for every problem.
    """
    try:
        document = read_yaml_file(path)
    except OSError as error:
        raise MappingInvalidError(f"{path}:1: cannot be read: {error.strerror}") from None
    mapping, problems = _judged(document)
    if mapping is None or problems:
        raise MappingInvalidError("\n".join(f"{path}:{line}: {reason}" for line, reason in sorted(problems)))
    return mapping


def _judged(document: YamlDocument) -> tuple[Mapping | None, set[tuple[int, str]]]:
    problems = {(problem.line, problem.reason) for problem in document.problems}
    if problems:
        return None, problems
    findings = list(empties(document.data))
    mapping = None
    try:
        mapping = Mapping.model_validate(document.data)
        findings += of_the_house(mapping.rules)
    except ValidationError as error:
        findings += _new(findings_of(error, document.data, Mapping, {}), findings)
    return mapping, {(document.line_of(_place(finding, document)), str(finding)) for finding in findings}


def _place(finding: Finding, document: YamlDocument) -> Place:
    """Return the place of a finding; one of the whole mapping opens with the name of its part."""
    part = (finding.reason.partition(":")[0],)
    return finding.place or (part if part in document.lines else ())


def _new(findings: list[Finding], told: list[Finding]) -> list[Finding]:
    places = {finding.place for finding in told}
    return [finding for finding in findings if finding.place not in places]
