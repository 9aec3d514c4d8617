"""Rules as Great Expectations' own expectations, one a rule: for reports and Data Docs, where each is read by itself.

What the core library has a form for takes that form; the rest is one query a rule. Both name the rows that
`compiled.families` names.
"""

from typing import Any

from laurels.quality import compiled
from laurels.quality.vendor import great_expectations
from models.values.rules import Applied, Ruleset, When

NATIVE = ("amount", "currency", "kind", "member", "occurred_at", "order", "referred", "verified")


def expectations(ruleset: Ruleset, place: str) -> list[Any]:
    """Return an expectation for each rule, in their order; `place` is the column by which rows are named."""
    return [_expectation(one, place) for one in ruleset.rules]


def _expectation(applied: Applied, place: str) -> Any:
    rule = applied.rule
    told = {
        "severity": rule.severity.value,
        "description": rule.sentence,
        "meta": {
            "reason": rule.rule,
            "family": rule.family,
            "owner": rule.owner,
            "sentence": rule.sentence,
            "read": rule.check.read or "",
        },
    }
    native = None if _is_special(applied) else _native(applied, told)
    if native is not None:
        return native
    query = f"select {place} from {{batch}} where {_predicate(applied)}"
    return great_expectations()[1].UnexpectedRowsExpectation(unexpected_rows_query=query, **told)


def _is_special(applied: Applied) -> bool:
    """Whether it says more than a row condition can: a span of time, `or`, an attribute."""
    rule = applied.rule
    fields = (*rule.fields, *rule.when.has)
    return bool(applied.since or applied.until or rule.when.not_kind or set(fields) - set(NATIVE))


def _native(applied: Applied, told: dict[str, Any]) -> Any:
    gxe, check, when = great_expectations()[1], applied.rule.check, applied.rule.when
    if check.required:
        unread = compiled.UNREAD.get(check.required)
        condition = _condition(when, unread)
        return gxe.ExpectColumnValuesToNotBeNull(
            column=compiled.COLUMNS[check.required], row_condition=condition, **told
        )
    condition = _condition(when)
    if check.between:
        bounds = {"min_value": check.between.min, "max_value": check.between.max}
        return gxe.ExpectColumnValuesToBeBetween(
            column=compiled.COLUMNS[check.between.field], row_condition=condition, **bounds, **told
        )
    if check.one_of and check.one_of.field in {"kind", "currency"}:
        return gxe.ExpectColumnValuesToBeInSet(
            column=check.one_of.field, value_set=list(check.one_of.values), row_condition=condition, **told
        )
    if check.matches and check.matches.field in {"kind", "currency"}:
        return gxe.ExpectColumnValuesToMatchRegex(
            column=check.matches.field, regex=check.matches.pattern, row_condition=condition, **told
        )
    return None


def _condition(when: When, unread: str | None = None) -> Any:
    """Return the rows that a rule is about as a row condition, None for all of them."""
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415  # takes seconds, see vendor

    parts: list[Any] = [Column("kind").is_in([kind.value for kind in when.kind])] if when.kind else []
    parts += [Column(compiled.COLUMNS[field]).is_not_null() for field in when.has]
    parts += [Column(unread) == False] if unread else []  # noqa: E712  # it builds a condition
    condition: Any = None
    for part in parts:
        condition = part if condition is None else condition & part
    return condition


def _predicate(applied: Applied) -> str:
    check = applied.rule.check
    if check.read:
        return f"exists (select from unnest(problems) problem where problem ~ '^{check.read}(_.*)?$')"
    if check.form:
        return f"'{applied.rule.rule}' = any(problems)"
    return compiled.predicate(applied)
