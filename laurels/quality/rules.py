"""Families of rules as one query each, and the rules of a file as a whole.

A clause's `sql` is true for a row that breaks the rule, over the columns of `claimed_row` (or `intake`); null is not
true.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule as SQL: the reason that it gives, and what is true of a row that breaks it."""

    reason: str
    sql: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that are judged in one query."""

    name: str
    clauses: tuple[Clause, ...]
    lists: str | None = None
    """SQL of a text[] whose entries are reasons in themselves: what the mapping could not read."""


INTAKE_FAMILY = Family(
    "batch",
    (
        Clause("empty_file", "rows = 0 and cardinality(seen_columns) = 0", "A file is not empty."),
        Clause(
            "no_rows",
            # of a file with a column missing or twice nothing was read: that is reason enough
            "rows = 0 and cardinality(seen_columns) > 0 and "
            "cardinality(missing_columns) = 0 and cardinality(duplicate_columns) = 0",
            "A file has rows below its header.",
        ),
        Clause(
            "missing_column",
            "cardinality(missing_columns) > 0",
            "A file has the columns that its mapping names.",
        ),
        Clause("duplicate_column", "cardinality(duplicate_columns) > 0", "A header names no column twice."),
        Clause(
            "too_few_rows",
            "rows > 0 and rows < (bounds->>'min_rows')::bigint",
            "A file is not smaller than its source ever is.",
        ),
        Clause("too_many_rows", "rows > (bounds->>'max_rows')::bigint", "A file is not larger than agreed."),
        Clause(
            "too_many_duplicates",
            "not seen_before and duplicates > rows * (bounds->>'max_duplicate_rate')::numeric",
            "Most rows of a new file are new.",
        ),
        Clause(
            "too_many_refused",
            "refused > rows * (bounds->>'max_refused_rate')::numeric",
            "Most rows of a file can be read.",
        ),
    ),
)


def query(family: Family, key: str, where: str) -> str:
    """Return the family's one query: the rows that break a rule, each with all its reasons.

    `{batch}` is Great Expectations' own placeholder; a literal brace would have to be doubled.
    """
    return (
        "select place::text as place, array_to_string(reasons, ',') as reasons "
        f"from ({_judged(family, key, where)}) judged where cardinality(reasons) > 0"
    )


def batch_query(families: Sequence[Family], lenient: Family | None, where: str, rows: int) -> str:
    """Return the one query that judges a batch by all families: rows of `place`, `reasons` and `rows`.

    A refused row has a place and all its reasons. What passes and is told has no place: its reason, and of how many
    rows. A batch that does not have so many rows has one row without place and reasons. The batch is read once.
    """
    told = f", {_reasons(lenient)} as told" if lenient else ""
    reasons = " || ".join(_reasons(family) for family in families)
    judged = f"select key as place, {reasons} as reasons{told} from {{batch}} where {where} offset 0"
    refused = "select place::text as place, array_to_string(reasons, ',') as reasons, 1 as rows from judged"
    parts = [
        f"{refused} where cardinality(reasons) > 0",
        f"select null, null, count(*) from judged having count(*) <> {int(rows)}",
        *(["select null, reason, count(*) from judged, unnest(told) reason group by reason"] if told else []),
    ]
    return f"with judged as materialized ({judged}) {' union all '.join(parts)}"


def _judged(family: Family, key: str, where: str) -> str:
    # Without `offset 0` PostgreSQL may try the rules on every payload there is, not on this batch's alone.
    return f"select {key} as place, {_reasons(family)} as reasons from {{batch}} where {where} offset 0"


def _reasons(family: Family) -> str:
    cases = ", ".join(f"case when {clause.sql} then '{clause.reason}' end" for clause in family.clauses)
    reasons = f"array_remove(array[{cases}]::text[], null)"
    return f"{family.lists} || {reasons}" if family.lists else reasons
