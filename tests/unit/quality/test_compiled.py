"""Declared rules as SQL: what each kind of check becomes, and that no text of a file can leave its quotes."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.quality.compiled import counted, families, literal, predicate
from models.values.rules import Applied, Rule, Ruleset


def applied(check: dict[str, Any], when: dict[str, Any] | None = None, **parts: Any) -> Applied:
    words = {"rule": "some_rule", "sentence": "Something holds.", "family": "some", "owner": "test"}
    return Applied(rule=Rule.model_validate(words | parts | {"check": check, "when": when or {}}))


@pytest.mark.parametrize(
    ("check", "when", "sql"),
    [
        ({"required": "amount"}, {"kind": ["purchase"]}, "kind in ('purchase') and amount_minor is null and not amount_unread"),
        ({"required": "verified"}, {}, "verified is null"),
        ({"required": "attributes.score"}, {}, "(raw->>'score') is null"),
        ({"between": {"field": "amount", "min": 0, "max": 9}}, {}, "(amount_minor < 0 or amount_minor > 9)"),
        ({"one_of": {"field": "currency", "values": ["USD"]}}, {"has": ["order"]}, "order_id is not null and currency not in ('USD')"),
        ({"matches": {"field": "kind", "pattern": "^p"}}, {}, "kind !~ U&'\\+00005Ep'"),
        ({"differ": ["member", "referred"]}, {}, "member_id::text = referred_id::text"),
        ({"not_after_now": {"field": "occurred_at", "tolerance": "1h"}}, {}, "occurred_at > as_of + interval '60 minutes'"),
        ({"required": "member"}, {"not_kind": ["refund"]}, "(kind is null or kind not in ('refund')) and member_id is null and not member_unread"),
    ],
)  # fmt: skip
def test_a_check_becomes_one_predicate(check: dict[str, Any], when: dict[str, Any], sql: str) -> None:
    assert predicate(applied(check, when)) == sql


def test_a_rule_for_a_time_says_when() -> None:
    one = applied({"required": "order"}).model_copy(update={"since": datetime(2026, 5, 1, tzinfo=UTC)})
    assert predicate(one).startswith("occurred_at >= U&'2026-05-01T00\\+00003A00")
    until = one.model_copy(update={"since": None, "until": datetime(2026, 5, 1, tzinfo=UTC)})
    assert predicate(until).startswith("occurred_at < U&'")


@pytest.mark.parametrize(
    ("text", "breaks"),
    [("0", False), ("10", False), ("9.5", False), ("11", True), ("-1", True), ("ten", True), ("", True), ("1e1", True), ("9" * 40, True), (None, False)],
)  # fmt: skip
def test_an_attribute_that_is_no_number_lies_between_nothing(text: str | None, breaks: bool) -> None:
    sql = predicate(applied({"between": {"field": "attributes.score", "min": 0, "max": 10}}))
    asked = (
        sql.format()
        .replace("(raw->>'score')", "score")
        .replace("!~", "not similar to")
        .replace("::numeric", "::double")
    )
    asked = asked.replace("'^[+-]?[0-9]{1,15}([.][0-9]{1,9})?$'", "'[+-]?[0-9]{1,15}([.][0-9]{1,9})?'")
    with duckdb.connect() as connection:
        found = connection.execute(f"select {asked} from (select ?::varchar as score)", [text]).fetchone()
    assert found == (breaks,)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_stays_within_its_quotes_and_comes_back_whole(text: str) -> None:
    sql = literal(text)
    inner = sql.removeprefix("U&")[1:-1]
    assert not set("'{}:%;") & set(inner)
    assert sql.isascii()
    back, rest = "", inner
    while rest:
        escape = sql.startswith("U&") and rest.startswith("\\+")
        back += chr(int(rest[2:8], 16)) if escape else rest[0]
        rest = rest[8:] if escape else rest[1:]
    assert back == text


def test_a_severity_that_refuses_nothing_is_counted_apart() -> None:
    lenient = applied({"required": "order"}, severity="warning", rule="order_wanted")
    form = applied({"form": {"personal": "email", "form": "email"}}, severity="info", rule="mail_shape")
    strict = applied({"required": "kind"}, rule="kind_wanted")
    (family,) = families(Ruleset(rules=(lenient, form, strict)))
    assert [clause.reason for clause in family.clauses] == ["kind_wanted"]
    assert (
        family.lists
        == "array(select problem from unnest(problems) problem where problem !~ '^(mail_shape)$')"
    )
    told = counted(Ruleset(rules=(lenient, form, strict)))
    assert told
    assert [clause.reason for clause in told.clauses] == ["order_wanted"]
    assert (
        told.lists == "array(select problem from unnest(problems) problem where problem ~ '^(mail_shape)$')"
    )
    assert counted(Ruleset(rules=(strict,))) is None


def test_without_any_rule_what_could_not_be_read_is_refused() -> None:
    (family,) = families(Ruleset(rules=()))
    assert (family.clauses, family.lists) == ((), "problems")


def test_what_a_critical_rule_reads_no_other_rule_softens() -> None:
    strict = applied({"read": "amount"}, rule="amount_readable")
    mild = applied(
        {"form": {"personal": "email", "form": "email"}}, severity="warning", rule="amount_decimal_comma"
    )
    family, *_ = families(Ruleset(rules=(strict, mild)))
    refused = "problem !~ '^(amount_decimal_comma)$' or problem ~ '^(amount(_.*)?)$'"
    assert family.lists == f"array(select problem from unnest(problems) problem where {refused})"
    told = counted(Ruleset(rules=(strict, mild)))
    assert told
    assert told.lists == (
        "array(select problem from unnest(problems) problem where "
        "problem ~ '^(amount_decimal_comma)$' and problem !~ '^(amount(_.*)?)$')"
    )
