"""The rules of the house as their file declares them: each reason once, a sentence, an owner; nothing left unjudged."""

from collections import Counter
from itertools import product

import pytest

from laurels.quality import compiled
from laurels.rules.reasons import SENTENCES
from laurels.services.rulesets import house_rules
from models.values.money import MOST_MINOR
from models.values.problem import Problem, Refusal
from models.values.rules import Applied, Rule, Ruleset, Severity

HOUSE = Ruleset(rules=tuple(Applied(rule=rule) for rule in house_rules()))
FAMILIES = {"identity", "time", "money", "origin", "referral", "order", "profile"}


def test_every_rule_is_there_once_with_a_sentence_and_an_owner() -> None:
    assert len({rule.rule for rule in house_rules()}) == len({rule.sentence for rule in house_rules()}) == 23
    assert all(rule.owner for rule in house_rules())
    assert {rule.family for rule in house_rules()} == FAMILIES


def test_what_rests_on_money_and_identity_is_critical_and_what_a_profile_lacks_is_not() -> None:
    severities = {(rule.family, rule.severity) for rule in house_rules()}
    assert severities == {(family, Severity.CRITICAL) for family in FAMILIES - {"profile"}} | {
        ("profile", Severity.WARNING)
    }


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_of_a_reader_is_one_rule_s(problem: Problem) -> None:
    reads = [rule.check.read for rule in house_rules() if rule.check.read]
    assert [read for read in reads if problem == read or problem.startswith(f"{read}_")] == [
        max((read for read in reads if problem.startswith(read)), key=len)
    ]


def test_a_reason_of_the_gate_is_the_mapping_s_only_where_both_mean_the_same() -> None:
    assert {rule.rule for rule in house_rules()} & {*Problem, *Refusal} == {"kind_missing", "time_missing"}


def test_the_gate_takes_no_amount_that_the_mapping_would_not() -> None:
    """The mapping lets 2^43 itself through, so that the gate's rule has a row to refuse."""
    (rule,) = [rule for rule in house_rules() if rule.rule == "amount_too_large"]
    assert rule.check.between
    assert rule.check.between.max == 2**43 - 1 == MOST_MINOR - 1


def test_families_hold_every_critical_rule_that_is_judged_once() -> None:
    judged = Counter(clause.reason for family in compiled.families(HOUSE) for clause in family.clauses)
    critical = [
        rule.rule for rule in house_rules() if rule.severity is Severity.CRITICAL and not rule.check.read
    ]
    assert judged == Counter(critical)
    assert [family.name for family in compiled.families(HOUSE) if family.lists] == [
        compiled.families(HOUSE)[0].name
    ]


def changed() -> dict[str, tuple[Rule, ...]]:
    first, *others = house_rules()
    milder = first.model_copy(update={"severity": Severity.INFO})
    new = first.model_copy(update={"rule": "new_one"})
    return {
        "as they are": house_rules(),
        "a rule less": tuple(others),
        "a rule more": (first, *others, new),
        "another severity": (milder, *others),
        "another name": (new, *others),
    }


def test_every_change_of_what_is_refused_is_another_version() -> None:
    versions = {
        what: Ruleset(rules=tuple(Applied(rule=r) for r in rules)).version
        for what, rules in changed().items()
    }
    assert [(a, b) for a, b in product(versions, versions) if a < b and versions[a] == versions[b]] == []


def test_another_sentence_owner_or_order_is_no_other_version() -> None:
    """Words may be mended; what is refused stays the same."""
    first, *others = house_rules()
    reworded = first.model_copy(update={"sentence": "Say what was done.", "owner": "somebody else"})
    assert Ruleset(rules=tuple(Applied(rule=rule) for rule in (*others, reworded))).version == HOUSE.version


def test_a_version_outlives_json() -> None:
    again = Ruleset.model_validate(HOUSE.model_dump(mode="json"))
    assert again == HOUSE
    assert again.version == HOUSE.version
    assert HOUSE.sentences["self_referral"] == "Nobody refers themselves."
    assert set(HOUSE.sentences) & set(SENTENCES) == {"kind_missing", "time_missing"}
