"""Texts of marketers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.values.messages import Messages, placeholders
from tests.unit.values.programs import CONGRATS, refusal


def test_the_missions_text():
    assert Messages(rank_change=CONGRATS).rank_change == CONGRATS
    assert placeholders(CONGRATS) == {"rank", "percent"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hi {name}", "unknown placeholder '{name}'"),
        ("Hi {rank", "brace { at character 4 has no other half"),
        ("Hi rank}", "brace } at character 8 has no other half"),
        ("Hi {{rank}}", "brace { at character 4"),
        ("{}", "unknown placeholder '{}'"),
        ("{0}", "unknown placeholder"),
        ("{ rank }", "unknown placeholder"),
        ("{rank!r}", "unknown placeholder"),
        ("{rank:>999999999}", "unknown placeholder"),
        ("{rank.__class__}", "unknown placeholder"),
        ("{rank[0]}", "unknown placeholder"),
        ("{{7*7}}", "brace {"),
        ("{% for i in range(10**9) %}x{% endfor %}", "unknown placeholder"),
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        ("Hi\r\nBcc: all", "character 3 (U+000D) is not allowed"),
        ("Hi\x00", "(U+0000) is not allowed"),
        ("Hi \u202e{rank}", "(U+202E) is not allowed"),
        ("x" * 481, "at most 480 characters"),
        (5, "valid string"),
    ],
)
def test_what_a_text_may_not_hold(text, reason):
    assert reason in refusal(Messages, rank_change=text)


@given(st.text(alphabet="{}rank bord%pect!", max_size=40))
def test_an_accepted_text_is_filled_by_the_three_words_alone(text):
    try:
        accepted = Messages(rank_change=text).rank_change
    except ValidationError:
        return
    assert accepted == text
    filled = text.format(rank=3, board="referrals", percent=20)
    assert "{" not in filled
    assert "}" not in filled
