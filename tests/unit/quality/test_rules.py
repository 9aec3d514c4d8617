"""The rules of the gate as text: each reason once, each a sentence, and a version that is that of the text."""

import re
from dataclasses import replace
from itertools import product

import pytest

from laurels.quality import rules
from laurels.quality.rules import INTAKE_FAMILY, LARGEST_AMOUNT, ROW_FAMILIES, Family, Rule, query, ruleset
from models.intake import Intake
from models.values.money import MOST_MINOR
from models.values.problem import Problem, Refusal

FAMILIES = (*ROW_FAMILIES, INTAKE_FAMILY)
RULES = [rule for family in FAMILIES for rule in family.rules]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
CLAIMED_ROW = {
    *("batch_id", "key", "revision", "kind", "member_id", "occurred_at", "amount_minor", "currency"),
    *("order_id", "referred_id", "verified", "problems", "as_of"),
}
WORDS = {
    *("is", "not", "and", "or", "null", "in", "exists", "select", "from", "unnest", "problem", "where"),
    *("distinct", "interval", "cardinality", "bigint", "numeric"),
}


def names(sql: str) -> set[str]:
    """The words of a rule's SQL outside its texts."""
    return set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", sql)))


def test_every_reason_and_every_family_is_there_once() -> None:
    assert len({rule.reason for rule in RULES}) == len(RULES)
    assert len({rule.sentence for rule in RULES}) == len(RULES)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert "volume" not in {family.name for family in FAMILIES}  # the gate's own count goes by that name


@each_rule
def test_a_reason_is_a_word_and_its_sentence_a_sentence(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", rule.reason)  # stands in a list with commas, and between quotes
    assert re.fullmatch(r"[A-Z][^.]*[a-z0-9]( units)?\.", rule.sentence)


@each_rule
def test_a_rule_s_sql_can_be_put_into_a_query(rule: Rule) -> None:
    assert rule.sql.count("(") == rule.sql.count(")")
    assert rule.sql.count("'") % 2 == 0
    assert not {"{", "}"} & set(rule.sql), "Great Expectations takes a brace for a placeholder: double it"
    assert ";" not in rule.sql
    assert "--" not in rule.sql
    assert "now()" not in rule.sql  # the business clock is a column


def test_rules_go_by_the_columns_that_there_are() -> None:
    row_names = {name for family in ROW_FAMILIES for rule in family.rules for name in names(rule.sql)}
    assert row_names - WORDS <= CLAIMED_ROW
    file_names = {name for rule in INTAKE_FAMILY.rules for name in names(rule.sql)}
    assert file_names - WORDS <= set(Intake.model_fields)


def test_what_the_mapping_said_already_is_not_said_again_in_other_words() -> None:
    """`X_missing` of a row leaves out what has a problem of its own field: the start of the problem's name."""
    fields = {str(problem).rpartition("_")[0] for problem in Problem} | {p.split("_")[0] for p in Problem}
    for rule in (
        rule for family in ROW_FAMILIES for rule in family.rules if rule.reason.endswith("_missing")
    ):
        (unread,) = re.findall(r"problem ~ '\^\(([a-z_|]+)\)_'", rule.sql)
        assert set(unread.split("|")) <= fields, rule.reason


def test_a_reason_of_the_gate_is_the_mapping_s_only_where_both_mean_the_same() -> None:
    both = {rule.reason for rule in RULES} & {*Problem, *Refusal}
    assert both == {"kind_missing", "time_missing"}


def test_the_gate_takes_no_amount_that_the_mapping_would_not() -> None:
    """The mapping lets 2^43 itself through, so that the gate's rule has a row to refuse."""
    assert (LARGEST_AMOUNT, MOST_MINOR) == (2**43 - 1, 2**43)


@each_family
def test_one_query_a_family_asks_for_the_rows_that_break_a_rule(family: Family) -> None:
    text = query(family, "key", "batch_id = 7")
    assert text.count("{batch}") == 1
    assert not {"{", "}"} & set(text.replace("{batch}", ""))
    assert text.format(batch="claimed_row").count("from claimed_row where batch_id = 7 offset 0") == 1
    cases = re.findall(r"then '(\w+)' end", text)
    assert cases == [rule.reason for rule in family.rules]
    assert all(f"case when {rule.sql} then '{rule.reason}' end" in text for rule in family.rules)
    assert ("problems || " in text) == (family.lists == "problems")


def test_what_the_mapping_could_not_read_is_listed_by_one_family() -> None:
    assert [family.name for family in ROW_FAMILIES if family.lists] == ["identity"]


def changed() -> dict[str, Family]:
    identity, (first, *others) = ROW_FAMILIES[0], ROW_FAMILIES[0].rules
    return {
        "another condition": replace(identity, rules=(replace(first, sql=first.sql + " "), *others)),
        "another reason": replace(identity, rules=(replace(first, reason="another_one"), *others)),
        "a rule less": replace(identity, rules=tuple(others)),
        "a rule more": replace(identity, rules=(first, *others, Rule("new_one", "It is new.", "false"))),
        "another order": replace(identity, rules=(*others, first)),
        "no list": replace(identity, lists=None),
        "another name": replace(identity, name="who"),
    }


def test_every_change_of_the_rules_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"as they are": ruleset()}
    for what, family in changed().items():
        monkeypatch.setattr(rules, "ROW_FAMILIES", (family, *ROW_FAMILIES[1:]))
        versions[what] = ruleset()
    monkeypatch.setattr(rules, "ROW_FAMILIES", ROW_FAMILIES)
    monkeypatch.setattr(rules, "INTAKE_FAMILY", replace(INTAKE_FAMILY, rules=INTAKE_FAMILY.rules[1:]))
    versions["a rule for files less"] = ruleset()
    same = [(a, b) for a, b in product(versions, versions) if a < b and versions[a] == versions[b]]
    assert same == []
    assert all(re.fullmatch("[0-9a-f]{12}", version) for version in versions.values())


def test_another_sentence_is_no_other_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words may be mended; what is refused stays the same."""
    before, (first, *others) = ruleset(), ROW_FAMILIES[0].rules
    reworded = replace(ROW_FAMILIES[0], rules=(replace(first, sentence="Say what was done."), *others))
    monkeypatch.setattr(rules, "ROW_FAMILIES", (reworded, *ROW_FAMILIES[1:]))
    assert ruleset() == before
