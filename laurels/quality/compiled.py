"""Rules as SQL: one predicate a rule, true for a row that breaks it; one query a family of rules.

Over the columns of the views `claimed_row` and `intake_row`. Null is not true, so a field that is not there breaks
`required` alone.
"""

from datetime import datetime
from itertools import groupby

from laurels.quality.rules import Clause, Family
from models.values.rules import Applied, Check, Ruleset, Severity, When

COLUMNS = {
    "kind": "kind",
    "member": "member_id",
    "occurred_at": "occurred_at",
    "amount": "amount_minor",
    "currency": "currency",
    "order": "order_id",
    "referred": "referred_id",
    "verified": "verified",
}
UNREAD = {
    "kind": "kind_unread",
    "member": "member_unread",
    "occurred_at": "time_unread",
    "amount": "amount_unread",
    "currency": "amount_unread",
    "order": "order_unread",
    "referred": "referred_unread",
}
"""Of a field that could not be read the mapping says why: `required` does not say it again."""

_NUMBER = r"^[+-]?[0-9]{{1,15}}([.][0-9]{{1,9}})?$"  # braces doubled: Great Expectations formats the query


def families(ruleset: Ruleset) -> tuple[Family, ...]:
    """Return the critical rules in families, in the order declared; the first one lists what could not be read.

    A problem is critical unless a rule says otherwise: a reader's new word is refused, not let through.
    """
    critical = [one for one in ruleset.of(Severity.CRITICAL).rules if _is_judged(one)]
    critical.sort(key=lambda one: one.rule.family)
    grouped = {
        name: tuple(Clause(one.rule.rule, predicate(one)) for one in rules)
        for name, rules in groupby(critical, key=lambda one: one.rule.family)
    }
    (name, clauses), *others = grouped.items() or {"reading": ()}.items()
    return Family(name, clauses, _listed(ruleset, lenient=False)), *(Family(*one) for one in others)


def counted(ruleset: Ruleset) -> Family | None:
    """Return the rules whose rows pass and are counted, None where there are none."""
    lenient = _lenient(ruleset)
    clauses = tuple(Clause(one.rule.rule, predicate(one)) for one in lenient if _is_judged(one))
    lists = _listed(ruleset, lenient=True) if any(not _is_judged(one) for one in lenient) else None
    return Family("counted", clauses, lists) if clauses or lists else None


def predicate(applied: Applied) -> str:
    """Return SQL that is true for a row that breaks a rule and is one that the rule is about."""
    rule = applied.rule
    return " and ".join([*_conditions(rule.when), *_span(applied), _broken(rule.check)])


def column(field: str) -> str:
    """Return a field as SQL: a column, or the text of an attribute."""
    return COLUMNS.get(field) or f"(raw->>{literal(field.partition('.')[2])})"


def literal(text: str) -> str:
    """Return a text as SQL that needs no escape of SQL's, of bind parameters (:) or of placeholders ({})."""
    plain = all(sign.isascii() and (sign.isalnum() or sign in " _-.,/") for sign in text)
    return f"'{text}'" if plain else "U&'" + "".join(_escaped(sign) for sign in text) + "'"


def _escaped(sign: str) -> str:
    plain = sign.isascii() and (sign.isalnum() or sign in " _-.,/")
    return sign if plain else f"\\+{ord(sign):06X}"


def _broken(check: Check) -> str:
    if check.required:
        unread = UNREAD.get(check.required)
        return f"{column(check.required)} is null" + (f" and not {unread}" if unread else "")
    if check.between:
        return _outside(check.between.field, check.between.min, check.between.max)
    if check.one_of:
        return f"{_text(check.one_of.field)} not in ({', '.join(map(literal, check.one_of.values))})"
    if check.matches:
        return f"{_text(check.matches.field)} !~ {literal(check.matches.pattern)}"
    if check.differ:
        return " = ".join(_text(field) for field in check.differ)
    if check.not_after_now:
        minutes = int(check.not_after_now.tolerance.total_seconds()) // 60
        return f"occurred_at > as_of + interval '{minutes} minutes'"
    raise ValueError("what the mapping reads is no predicate: it is listed")


def _outside(field: str, least: int | None, most: int | None) -> str:
    number = column(field)
    beyond = [f"{number} < {least}"] * (least is not None) + [f"{number} > {most}"] * (most is not None)
    if field in COLUMNS:
        return f"({' or '.join(beyond)})"
    cast = [text.replace(number, f"{number}::numeric") for text in beyond]
    return f"case when {number} is null then false when {number} !~ '{_NUMBER}' then true else {' or '.join(cast)} end"


def _text(field: str) -> str:
    return f"{column(field)}::text" if field in {"member", "order", "referred", "verified"} else column(field)


def _conditions(when: When) -> list[str]:
    kinds = [f"kind in ({', '.join(literal(kind) for kind in when.kind)})"] if when.kind else []
    if when.not_kind:
        kinds.append(f"(kind is null or kind not in ({', '.join(map(literal, when.not_kind))}))")
    return kinds + [f"{column(field)} is not null" for field in when.has]


def _span(applied: Applied) -> list[str]:
    bounds = ((">=", applied.since), ("<", applied.until))
    return [f"occurred_at {sign} {_instant(moment)}" for sign, moment in bounds if moment]


def _instant(moment: datetime) -> str:
    return f"{literal(moment.isoformat())}::timestamptz"


def _is_judged(applied: Applied) -> bool:
    """Whether it is judged here: what is read, or has a form, was looked at by the mapping and stands in `problems`."""
    return not (applied.rule.check.read or applied.rule.check.form)


def _lenient(ruleset: Ruleset) -> list[Applied]:
    return [one for one in ruleset.rules if one.rule.severity is not Severity.CRITICAL]


def _listed(ruleset: Ruleset, *, lenient: bool) -> str:
    """Return the problems that refuse a row, or those that do not: what any critical rule reads, nobody softens."""
    if not (mild := _lenient(ruleset)):
        return "problems"
    strict = [one for one in ruleset.of(Severity.CRITICAL).rules if not _is_judged(one)]
    condition = f"problem {'~' if lenient else '!~'} '{_pattern(mild)}'"
    if strict:
        word = "and problem !~" if lenient else "or problem ~"
        condition += f" {word} '{_pattern(strict)}'"
    return f"array(select problem from unnest(problems) problem where {condition})"


def _pattern(rules: list[Applied]) -> str:
    read = [f"{one.rule.check.read}(_.*)?" for one in rules if one.rule.check.read]
    forms = [one.rule.rule for one in rules if one.rule.check.form]
    return f"^({'|'.join([*read, *forms]) or '-'})$"
