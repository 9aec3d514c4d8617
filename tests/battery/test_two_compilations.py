"""Rules are compiled twice from one declaration: families for the stream, one expectation a rule for reports.

Both are asked about the same rows, by chance: they must name the same rows for the same reasons.
"""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from laurels.quality.compiled import families
from laurels.quality.expectations import expectations
from laurels.quality.rules import query
from laurels.quality.vendor import great_expectations
from laurels.services.rulesets import house_rules
from laurels.services.runtime import Runtime
from models.values.activity import InboxRow
from models.values.problem import Problem
from models.values.rules import Applied, Rule, Ruleset, Severity
from tests.battery.gate_rows import BORDERLINE, GOOD, NOW, PLANTED, ask, take_in

ROWS = 400
# What a reader and a rule say in the same word could not be told apart here: such problems are not planted.
READ = sorted({*Problem} - {Problem.KIND_MISSING, Problem.TIME_MISSING})


def rule(name: str, check: dict[str, Any], when: dict[str, Any] | None = None, **given: Any) -> Rule:
    words = {
        "rule": name,
        "sentence": f"The rule {name} holds.",
        "family": "extra",
        "owner": "test",
        "when": when or {},
    }
    return TypeAdapter(Rule).validate_python(words | {"check": check} | given)


MORE = (
    rule("score_range", {"between": {"field": "attributes.score", "min": 0, "max": 10}}),
    rule("score_missing", {"required": "attributes.score"}, {"kind": ["share"]}),
    rule("currency_of_shop", {"one_of": {"field": "currency", "values": ["USD", "CAD"]}}),
    rule("currency_shape", {"matches": {"field": "currency", "pattern": "^[A-Z]{3}$"}}),
    rule("channel_agreed", {"one_of": {"field": "attributes.channel", "values": ["web", "a'pp", "ü:{x}%s"]}}),
    rule("campaign_named", {"matches": {"field": "attributes.campaign", "pattern": "^[A-Z]+[0-9]{2}_[A-Z]{2,9}$"}}),
    rule("with_order_paid", {"required": "amount"}, {"has": ["order", "currency"]}),
    rule("small_amount", {"between": {"field": "amount", "max": 5_000}}, {"kind": ["purchase"], "has": ["order"]}),
    rule("nobody_but_refunds", {"required": "verified"}, {"not_kind": ["refund", "purchase"]}),
    rule("mail_shape", {"form": {"personal": "email", "form": "email"}}, severity="warning"),
)  # fmt: skip
SPAN = rule("spring_amount", {"between": {"field": "amount", "min": 1_000}})


def ruleset() -> Ruleset:
    """Every check there is, all critical so that all name rows; one holds for a time only."""
    rules = [one.model_copy(update={"severity": Severity.CRITICAL}) for one in (*house_rules(), *MORE)]
    for_a_time = Applied(rule=SPAN, since=NOW - timedelta(days=2), until=NOW - timedelta(days=1))
    return Ruleset(rules=(*(Applied(rule=one) for one in rules), for_a_time))


def any_row(chance: random.Random) -> InboxRow:
    row = chance.choice([*PLANTED.values(), *BORDERLINE, GOOD])
    raw = {
        "score": chance.choice(["0", "10", "11", "-1", "9.5", "ten", "", "1e3"]),
        "channel": chance.choice(["web", "a'pp", "ü:{x}%s", "fax"]),
        "campaign": chance.choice(["SUMMER26_FREE", "summer", "X26_" + "Y" * 10]),
    }
    problems = tuple(chance.sample([*READ, "email_malformed", "mail_shape"], chance.choice([0, 0, 0, 1, 2])))
    return replace(
        row,
        raw={name: text for name, text in raw.items() if chance.random() < 0.6},
        problems=problems,
        currency=chance.choice([row.currency, "EUR", "usd", None]),
        amount_minor=chance.choice([row.amount_minor, None, 999, 5_001]),
        occurred_at=row.occurred_at and row.occurred_at - timedelta(hours=chance.choice([0, 0, 1, 30])),
        verified=chance.choice([None, True]),
        member_id=chance.choice([row.member_id, UUID(int=2)]),
    )


@pytest.mark.parametrize("seed", [1])
def test_both_name_the_same_rows_for_the_same_reasons(runtime: Runtime, seed: int) -> None:
    chance, rules = random.Random(seed), ruleset()
    intake = take_in(runtime, [any_row(chance) for _ in range(ROWS)])
    of_families: dict[str, set[str]] = defaultdict(set)
    for family in families(rules):
        text = query(family, "key", f"intake_id = {intake}").format(batch="intake_row")
        for place, reasons in ask(runtime, text):
            for reason in str(reasons).split(","):
                of_families[reason].add(str(place))
    of_expectations = one_by_one(runtime, intake, rules)
    for one in rules.rules:
        assert of_expectations[one.rule.rule] == set().union(
            *(of_families[r] for r in reasons_of(one.rule))
        ), one.rule
    silent = {name for name, rows in of_expectations.items() if not rows}
    assert silent == {"phone_malformed", "birthday_impossible"}  # not planted


def reasons_of(judged: Rule) -> set[str]:
    """The reasons that rows bear by a rule: its own, or those of the reader that it watches."""
    read = judged.check.read
    return (
        {problem for problem in READ if problem == read or problem.startswith(f"{read}_")}
        if read
        else {judged.rule}
    )


def one_by_one(runtime: Runtime, intake: int, rules: Ruleset) -> dict[str, set[str]]:
    """What Great Expectations says with one expectation a rule: the rows that it names for each."""
    gx, _ = great_expectations()
    url = runtime.database.engine.url.set(drivername="postgresql+psycopg").render_as_string(
        hide_password=False
    )
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_postgres("store", connection_string=url).add_query_asset(
        "rows", query=f"select key::text as place, r.* from intake_row r where intake_id = {intake}"
    )
    batch = asset.add_batch_definition_whole_table("rows")
    suite = context.suites.add(gx.ExpectationSuite(name="rules", expectations=expectations(rules, "place")))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name="rules", data=batch, suite=suite)
    )
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["place"],
        "return_unexpected_index_query": False,
        "partial_unexpected_count": ROWS,  # on SQL the library lists no more places than this, COMPLETE or not
    }
    try:
        results = definition.run(result_format=wanted).results
        return {one.expectation_config.meta["reason"]: rows_of(definition, suite, one) for one in results}
    finally:
        context.data_sources.get("store").get_engine().dispose()


def rows_of(definition: Any, suite: Any, result: Any) -> set[str]:
    """The rows that one expectation names; a form of the library's lists them, a query is asked for them."""
    assert result.result, result.exception_info
    reason = result.expectation_config.meta["reason"]
    (expectation,) = [one for one in suite.expectations if one.meta["reason"] == reason]
    if isinstance(expectation, great_expectations()[1].UnexpectedRowsExpectation):
        rows = {str(row["place"]) for row in definition.get_unexpected_rows(expectation)}
    else:
        rows = {row["place"] for row in result.result.get("unexpected_index_list") or []}
    assert result.success == (not rows)
    return rows
