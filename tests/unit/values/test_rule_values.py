"""A rule as a file states it: one check, known fields, a sentence; anything else is refused with its place."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models.values.rules import ProgramRules, Rule, Rules, Severity
from tests.mappings import mapping_of

WHOLE: dict[str, Any] = {
    "rule": "amount_small",
    "sentence": "An amount is small.",
    "family": "money",
    "owner": "finance",
    "check": {"between": {"field": "amount", "max": 5}},
}


def rule(**parts: Any) -> Rule:
    return Rule.model_validate(WHOLE | parts)


def refused(**parts: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        rule(**parts)
    return caught.value.errors()[0]["msg"]


def test_a_rule_is_critical_and_about_every_row_unless_it_says_otherwise() -> None:
    plain = rule()
    assert (plain.severity, plain.when.kind, plain.when.has) == (Severity.CRITICAL, (), ())
    assert rule(severity="info").severity is Severity.INFO
    tolerant = rule(check={"not_after_now": {"field": "occurred_at", "tolerance": "5m"}})
    assert tolerant.check.not_after_now
    assert tolerant.check.not_after_now.tolerance == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"check": {}}, "check: say one of required, between"),
        ({"check": {"required": "amount", "read": "amount"}}, "check: say one of"),
        ({"check": {"required": "price"}}, "price is no field: write kind, member"),
        ({"check": {"required": "attributes.Big"}}, "attributes.Big is no field"),
        ({"check": {"between": {"field": "amount"}}}, "between: name min, max or both"),
        ({"check": {"between": {"field": "amount", "min": 10, "max": 1}}}, "nothing is between 10 and 1"),
        ({"check": {"differ": ["member", "member"]}}, "differ: member never differs from itself"),
        (
            {"check": {"one_of": {"field": "verified", "values": ["yes"]}}},
            "verified is read as false or true",
        ),
        ({"check": {"one_of": {"field": "kind", "values": ["Order"]}}}, "kind is read as login or"),
        ({"check": {"between": {"field": "currency", "min": 1}}}, "between: currency is no number"),
        ({"check": {"between": {"field": "amount", "min": 2**53 + 1}}}, "must stay within 2^53"),
        ({"check": {"matches": {"field": "kind", "pattern": "(a"}}}, "'(a' is no pattern"),
        ({"check": {"matches": {"field": "kind", "pattern": "(?=a)"}}}, "no lookaround"),
        ({"check": {"matches": {"field": "kind", "pattern": "(a)\\1"}}}, "no lookaround, back reference"),
        ({"check": {"matches": {"field": "kind", "pattern": "\\Aa"}}}, "or other escape"),
        (
            {"check": {"matches": {"field": "kind", "pattern": "^a{1,300}$"}}},
            "repeats more than 255 times in all",
        ),
        (
            {"check": {"matches": {"field": "kind", "pattern": "^((a{1,16}){16}){2}$"}}},
            "repeats more than 255",
        ),
        ({"check": {"matches": {"field": "kind", "pattern": "^a*+$"}}}, "no possessive repetition"),
        (
            {"check": {"between": {"field": "amount", "max": 50.5}}},
            "amounts are in minor units, so 50.00 is 5000",
        ),
        ({"rule": "Amount"}, "'Amount': two words or more in small letters"),
        ({"rule": "amount"}, "'amount': two words or more"),
        ({"sentence": "small"}, "at least 10 characters"),
        ({"sentence": "an amount is small."}, "should match pattern"),
        ({"severity": "fatal"}, "'critical', 'warning' or 'info'"),
        ({"family": "#rows"}, "should match pattern"),
        ({"when": {"kind": ["gift"]}}, "'purchase'"),
        ({"owner": ""}, "at least 1 character"),
    ],
)
def test_what_nobody_could_mean_is_refused(parts: dict[str, Any], words: str) -> None:
    assert words in refused(**parts)


@pytest.mark.parametrize(
    "pattern", ["^[A-Z]{2,200}[0-9]{2}_[A-Z]{2,200}$", "^([a-z]{1,15}){1,17}[{300}]$", "^a+\\.b*$"]
)
def test_patterns_that_both_engines_take(pattern: str) -> None:
    assert rule(check={"matches": {"field": "kind", "pattern": pattern}}).check.matches


def test_it_knows_the_fields_that_it_looks_at() -> None:
    looking = rule(
        check={"differ": ["member", "attributes.code"]}, when={"has": ["order", "attributes.channel"]}
    )
    assert looking.fields == ("order", "attributes.channel", "member", "attributes.code")
    assert looking.attributes == ("channel", "code")


def test_a_name_is_there_once_and_a_program_looks_at_no_file() -> None:
    with pytest.raises(ValidationError, match="amount_small is declared twice"):
        TypeAdapter(Rules).validate_python([WHOLE, WHOLE])
    with pytest.raises(ValidationError, match="it belongs to a mapping"):
        TypeAdapter(ProgramRules).validate_python([WHOLE | {"check": {"read": "amount"}}])
    assert TypeAdapter(ProgramRules).validate_python([WHOLE]) == (rule(),)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            {"form": {"personal": "email", "form": "email"}},
            "looks at email, which is no personal column here",
        ),
        ({"required": "attributes.score"}, "looks at attributes.score, which is no attribute here"),
    ],
)
def test_a_mapping_s_rule_sees_what_the_mapping_keeps(check: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        mapping_of(rules=[WHOLE | {"check": check}])
    kept = mapping_of(rules=[WHOLE | {"check": check}], personal={"email": "mail"}, attributes={"score": "s"})
    assert kept.rules[0].check.model_dump(exclude_none=True) == check
