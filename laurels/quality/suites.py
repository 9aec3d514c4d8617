"""The rules as expectations, one a rule, for Data Docs: the same SQL that the gate's families are made of."""

from typing import Any

from laurels.quality import rules
from laurels.quality.docs import Suites
from laurels.quality.library import great_expectations
from laurels.rules.reasons import SENTENCES
from models.values.problem import Problem

OWNER = "data team"


def suites(_ruleset: str | None) -> Suites:
    """Return what is expected of a file by a version of the rules."""
    return Suites(
        file=[_query(rule.reason, rule.sentence, rule.sql, "id") for rule in rules.INTAKE_FAMILY.rules],
        lines=[
            _query(reason, sentence, f"reason = '{reason}'")
            for reason, sentence in SENTENCES.items()
            if reason not in set(Problem)
        ],
        rows=[
            *(_query(each.reason, each.sentence, each.sql) for each in _row_rules()),
            *(_query(one, SENTENCES[one], f"'{one}' = any(problems)") for one in Problem),
        ],
    )


def _row_rules() -> list[rules.Rule]:
    return [rule for family in rules.ROW_FAMILIES for rule in family.rules]


def _query(reason: str, sentence: str, broken: str, place: str = "line") -> Any:
    _, gxe = great_expectations()
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"select {place} from {{batch}} where {broken} order by 1",
        description=sentence,
        severity="critical",
        meta={"reason": reason, "sentence": sentence, "severity": "critical", "owner": OWNER},
    )
