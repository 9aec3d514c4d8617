"""Rule sets as stored: each version once, for ever."""

from collections.abc import Iterable
from typing import Any

from psycopg import DataError
from psycopg.types.json import Jsonb
from sqlmodel import Session

from laurels.errors import RuleRefusedError
from laurels.stores.database import driver
from models.rules import Ruleset as StoredRuleset
from models.values.rules import Rule, Ruleset

_KEEP = "insert into ruleset (version, body) values (%s, %s) on conflict do nothing"
_SENTENCES = """
select distinct on (rule->>'rule') rule->>'rule', rule->>'sentence'
  from ruleset, jsonb_array_elements(body->'rules') applied, jsonb_extract_path(applied, 'rule') rule
 order by rule->>'rule', recorded_at desc
"""


def keep(session: Session, ruleset: Ruleset) -> str:
    """Store a rule set unless it is there; return its version. Raises RuleRefusedError as `try_patterns` does."""
    if driver(session).execute(_KEEP, (ruleset.version, Jsonb(ruleset.model_dump(mode="json")))).rowcount:
        try_patterns(session, [one.rule for one in ruleset.rules])
    return ruleset.version


def try_patterns(session: Session, rules: Iterable[Rule]) -> None:
    """Raise RuleRefusedError for a pattern that PostgreSQL does not take: else it would stop every batch."""
    for rule in rules:
        if rule.check.matches:
            try:
                driver(session).execute("select '' ~ %s", (rule.check.matches.pattern,))
            except DataError:
                raise RuleRefusedError(f"rule {rule.rule}: PostgreSQL does not take its pattern") from None


def kept(session: Session, version: str) -> dict[str, Any] | None:
    """Return the body of a version, None where there is none."""
    found = session.get(StoredRuleset, version)
    return found.body if found else None


def sentences(session: Session) -> dict[str, str]:
    """Return what each reason of any rule set ever kept says to a person, by the newest that has it."""
    return {str(reason): str(sentence) for reason, sentence in driver(session).execute(_SENTENCES)}
