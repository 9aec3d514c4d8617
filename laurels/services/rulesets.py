"""Rule sets: what a batch is judged by is the house's rules, its mapping's and those of the programs, as they were."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from pydantic import Field, ValidationError
from sqlmodel import Session

from laurels.errors import GateError
from laurels.rules.findings import Finding
from laurels.rules.reasons import CONFLICT
from laurels.stores import programs, rules
from laurels.stores.yaml_files import read_yaml
from models.intake import Intake
from models.values.mapping import Mapping
from models.values.part import Part
from models.values.problem import Problem, Refusal
from models.values.rules import Applied, Rule, Ruleset


class _RuleFile(Part):
    rules: tuple[Rule, ...] = Field(min_length=1)


@cache
def house_rules() -> tuple[Rule, ...]:
    """Return the rules that hold for every source. Raises GateError where the file is not what it was shipped as."""
    document = read_yaml((files("laurels.quality") / "house.yaml").read_text())
    try:
        return _RuleFile.model_validate(document.data).rules
    except ValidationError as error:
        raise GateError(f"house.yaml: {error.errors()[0]['msg']}") from None


def of_the_house(rules: Iterable[Rule]) -> list[Finding]:
    """Return a finding for each rule that would take something from the house's: a name, a reader's word, a reading."""
    names = {rule.rule for rule in house_rules()}
    words = {*Problem, *Refusal, CONFLICT}
    findings = []
    for at, rule in enumerate(rules):
        if rule.rule in names | words:
            told = f"{rule.rule} is a rule of the house already: choose another name"
            findings.append(Finding(("rules", at, "rule"), told))
        if rule.check.read:
            told = "what can be read is the house's to say: nobody else softens or repeats it"
            findings.append(Finding(("rules", at, "check", "read"), told))
    return findings


def of_mapping(mapping: Mapping) -> Ruleset:
    """Return what the rows of a mapping are judged by, whatever the programs say."""
    return Ruleset(rules=tuple(Applied(rule=rule) for rule in (*house_rules(), *mapping.rules)))


def of_intake(session: Session, intake_id: int | None) -> Ruleset:
    """Return what the rows of an intake are judged by now: the rules it came in under, and the programs'.

    Of a program's versions each judges what occurred while it was in force, as it does with points. Raises GateError
    where the rules that an intake names are gone, or are not what their version says.
    """
    intake = session.get_one(Intake, intake_id)
    base = _stored(session, intake.ruleset) if intake.ruleset else _of_house()
    return Ruleset(rules=base.rules + _of_programs(session))


def _of_house() -> Ruleset:
    return Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))


def _stored(session: Session, version: str) -> Ruleset:
    body = rules.kept(session, version)
    if body is None:
        raise GateError(f"rules {version} are gone")
    found = Ruleset.model_validate(body)
    if found.version != version:
        raise GateError(f"rules {version} are not what they were: they make {found.version}")
    return found


def _of_programs(session: Session) -> tuple[Applied, ...]:
    applied: list[Applied] = []
    for program in programs.stored_programs(session):
        starts = [version.effective_from for version in program.versions]
        ends = [*starts[1:], None]
        for version, start, end in zip(program.versions, starts, ends, strict=True):
            applied += [Applied(rule=rule, since=start, until=end) for rule in version.program.rules]
    return tuple(applied)
