"""What is expected of one file, one expectation a rule: of the whole, its measures, its lines and its rows."""

from collections.abc import Sequence
from typing import Any

from laurels.quality import rules
from laurels.quality.docs import Suites
from laurels.quality.expectations import expectations
from laurels.quality.vendor import great_expectations
from laurels.rules.reasons import SENTENCES
from models.measures import Measure
from models.values.problem import Problem
from models.values.rules import Ruleset

OWNER = "data"


def suites(ruleset: Ruleset, measures: Sequence[Measure]) -> Suites:
    """Return what is expected of a file by its rules and the bounds of its measures."""
    return Suites(
        file=[_query(one.reason, one.sentence, one.sql, "id") for one in rules.INTAKE_FAMILY.clauses],
        measures=[_bounded(one) for one in measures if one.low is not None or one.high is not None],
        lines=[
            _query(reason, f"Of no line it holds: {sentence}", f"reason = '{reason}'", "line")
            for reason, sentence in SENTENCES.items()
            if reason not in set(Problem)
        ],
        rows=expectations(ruleset, "line"),
    )


def _query(reason: str, sentence: str, broken: str, place: str) -> Any:
    _, gxe = great_expectations()
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"select {place} from {{batch}} where {broken}",
        severity="critical",
        meta={"reason": reason, "sentence": sentence, "owner": OWNER},
    )


def _bounded(measure: Measure) -> Any:
    """Return that a measure is within its bounds; of its one row the greatest value is the value, and is shown."""
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415  # takes seconds

    _, gxe = great_expectations()
    ends = ((" not below {:g}", measure.low), (" not above {:g}", measure.high))
    bounds = " and".join(text.format(end) for text, end in ends if end is not None)
    name = f"{measure.name} of {measure.field}" if measure.field else measure.name
    return gxe.ExpectColumnMaxToBeBetween(
        column="value",
        min_value=measure.low,
        max_value=measure.high,
        row_condition=(Column("name") == measure.name) & (Column("field") == measure.field),
        severity=measure.severity,
        meta={
            "reason": measure.name,
            "sentence": f"{name} is{bounds}, {measure.basis}.".replace(", .", "."),
            "owner": OWNER,
        },
    )
