"""The rules of the gate, each a business sentence, compiled to SQL families for Great Expectations.

A rule's `sql` is true for a row that breaks it, over the columns of `claimed_row` (or `intake`); null is not
true.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the reason it gives, what it says to a person, and the SQL of a row that breaks it."""

    reason: str
    sentence: str
    sql: str


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that are judged in one query."""

    name: str
    rules: tuple[Rule, ...]
    lists: str | None = None
    """A text[] column whose entries are reasons in themselves: what the mapping could not read."""


def _unread(*fields: str) -> str:
    """Return SQL that is true where the mapping said what is wrong with a field: one reason is enough."""
    return f"exists (select from unnest(problems) problem where problem ~ '^({'|'.join(fields)})_')"


LARGEST_AMOUNT = 2**43 - 1
"""Minor units; keeps every product of the earning rules below 2^53 (design: rule arithmetic)."""

ROW_FAMILIES = (
    Family(
        "identity",
        (
            Rule("kind_missing", "Every row says what was done.", f"kind is null and not {_unread('kind')}"),
            Rule(
                "member_missing",
                "Every row names a member; only a refund may leave that to its order.",
                f"member_id is null and kind is distinct from 'refund' and not {_unread('member_id')}",
            ),
        ),
        lists="problems",
    ),
    Family(
        "time",
        (
            Rule("time_missing", "Every row says when.", f"occurred_at is null and not {_unread('time')}"),
            Rule(
                "time_in_future",
                "Nothing has happened later than five minutes from now.",
                "occurred_at > as_of + interval '5 minutes'",
            ),
        ),
    ),
    Family(
        "money",
        (
            Rule(
                "amount_missing",
                "A purchase and a refund have an amount.",
                "kind in ('purchase', 'refund') and amount_minor is null "
                f"and not {_unread('amount', 'currency')}",
            ),
            Rule(
                "purchase_negative", "A purchase is not below zero.", "kind = 'purchase' and amount_minor < 0"
            ),
            Rule(
                "refund_not_positive", "A refund gives money back.", "kind = 'refund' and amount_minor <= 0"
            ),
            Rule(
                "amount_too_large",
                "An amount stays within 2^43 minor units.",
                f"amount_minor > {LARGEST_AMOUNT}",
            ),
        ),
    ),
    Family(
        "referral",
        (
            Rule(
                "referred_missing",
                "A referral names whom.",
                f"kind = 'referral' and referred_id is null and not {_unread('referred_id')}",
            ),
            Rule(
                "self_referral", "Nobody refers themselves.", "kind = 'referral' and referred_id = member_id"
            ),
        ),
    ),
    Family(
        "order",
        (
            Rule(
                "refund_without_order",
                "A refund names its order.",
                f"kind = 'refund' and order_id is null and not {_unread('order_id')}",
            ),
        ),
    ),
)

INTAKE_FAMILY = Family(
    "batch",
    (
        Rule("empty_file", "A file is not empty.", "rows = 0 and cardinality(seen_columns) = 0"),
        Rule(
            "no_rows",
            "A file has rows below its header.",
            # of a file with a column missing or twice nothing was read: that is reason enough
            "rows = 0 and cardinality(seen_columns) > 0 "
            "and cardinality(missing_columns) = 0 and cardinality(duplicate_columns) = 0",
        ),
        Rule(
            "missing_column",
            "A file has the columns that its mapping names.",
            "cardinality(missing_columns) > 0",
        ),
        Rule("duplicate_column", "A header names no column twice.", "cardinality(duplicate_columns) > 0"),
        Rule(
            "too_few_rows",
            "A file is not smaller than its source ever is.",
            "rows > 0 and rows < (bounds->>'min_rows')::bigint",
        ),
        Rule("too_many_rows", "A file is not larger than agreed.", "rows > (bounds->>'max_rows')::bigint"),
        Rule(
            "too_many_duplicates",
            "Most rows of a new file are new.",
            "not seen_before and duplicates > rows * (bounds->>'max_duplicate_rate')::numeric",
        ),
        Rule(
            "too_many_refused",
            "Most rows of a file can be read.",
            "refused > rows * (bounds->>'max_refused_rate')::numeric",
        ),
    ),
)


def query(family: Family, key: str, where: str) -> str:
    """Return the family's one query: the rows that break a rule, each with all its reasons.

    `{batch}` is Great Expectations' own placeholder; a literal brace would have to be doubled.
    """
    cases = ", ".join(f"case when {rule.sql} then '{rule.reason}' end" for rule in family.rules)
    reasons = f"array_remove(array[{cases}]::text[], null)"
    if family.lists:
        reasons = f"{family.lists} || {reasons}"
    # Without `offset 0` PostgreSQL may try the rules on every payload there is, not on this batch's alone.
    judged = f"select {key} as place, {reasons} as reasons from {{batch}} where {where} offset 0"
    return (
        "select place::text as place, array_to_string(reasons, ',') as reasons "
        f"from ({judged}) judged where cardinality(reasons) > 0"
    )


def ruleset() -> str:
    """Return the version of the rules: a digest of their text, kept on each quarantined row."""
    text = "\n".join(
        f"{f.name}:{f.lists}:{r.reason}:{r.sql}" for f in (*ROW_FAMILIES, INTAKE_FAMILY) for r in f.rules
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]
