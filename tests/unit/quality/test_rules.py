"""The rules of a file as a whole, and the one query that a family becomes."""

import re

import pytest

from laurels.quality.rules import INTAKE_FAMILY, Clause, Family, batch_query, query
from models.intake import Intake

each_clause = pytest.mark.parametrize("clause", INTAKE_FAMILY.clauses, ids=lambda clause: clause.reason)
WORDS = {"is", "not", "and", "or", "null", "cardinality", "bigint", "numeric"}
TWO = Family("two", (Clause("first_one", "a is null"), Clause("second_one", "b > 1")))


def names(sql: str) -> set[str]:
    """The words of a rule's SQL outside its texts."""
    return set(re.findall(r"[a-z_]+", re.sub(r"'[^']*'", "", sql)))


def test_every_reason_and_every_sentence_is_there_once() -> None:
    assert len({clause.reason for clause in INTAKE_FAMILY.clauses}) == len(INTAKE_FAMILY.clauses)
    assert len({clause.sentence for clause in INTAKE_FAMILY.clauses}) == len(INTAKE_FAMILY.clauses)


@each_clause
def test_a_reason_is_a_word_and_its_sentence_a_sentence(clause: Clause) -> None:
    assert re.fullmatch(
        r"[a-z]+(_[a-z]+)+", clause.reason
    )  # stands in a list with commas, and between quotes
    assert re.fullmatch(r"[A-Z][^.]*[a-z0-9]\.", clause.sentence)


@each_clause
def test_a_rule_s_sql_can_be_put_into_a_query(clause: Clause) -> None:
    assert clause.sql.count("(") == clause.sql.count(")")
    assert not {"{", "}", ";"} & set(clause.sql)
    assert names(clause.sql) - WORDS <= set(Intake.model_fields)


def test_one_query_a_family_asks_for_the_rows_that_break_a_rule() -> None:
    text = query(TWO, "key", "batch_id = 7")
    assert text.format(batch="claimed_row") == (
        "select place::text as place, array_to_string(reasons, ',') as reasons from (select key as place, "
        "array_remove(array[case when a is null then 'first_one' end, case when b > 1 then 'second_one' end]::text[], "
        "null) as reasons from claimed_row where batch_id = 7 offset 0) judged where cardinality(reasons) > 0"
    )


def test_what_could_not_be_read_stands_before_what_breaks_a_rule() -> None:
    listing = Family("two", TWO.clauses, "problems")
    assert "problems || array_remove(" in query(listing, "key", "true")


def test_a_batch_is_read_once_by_all_families_together() -> None:
    text = batch_query((TWO, Family("three", TWO.clauses, "problems")), None, "batch_id = 7", 40)
    assert text.count("{batch}") == 1
    assert text.count("'first_one'") == 2 and ", null) || problems || array_remove(" in text
    assert text.endswith("select null, null, count(*) from judged having count(*) <> 40")


def test_those_that_pass_are_counted_by_reason() -> None:
    text = batch_query((TWO,), Family("counted", TWO.clauses), "batch_id = 7", 40)
    assert "::text[], null) as told from {batch} where batch_id = 7" in text
    assert text.endswith("select null, reason, count(*) from judged, unnest(told) reason group by reason")
