"""Measures in words: units that people read, bounds in the same, a past in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.holds import Judged, sparkline

SAID: list[tuple[str, str, float | None, float | None, float | None, str, str]] = [
    ("volume", "", 200, 276.5, 540.8, "it has 200 rows", "expected 276 to 541, why"),
    ("volume", "", 0, 0, 10, "it has 0 rows", "expected 0 to 10, why"),
    ("freshness", "", 30.0, -1 / 12, 18.03, "its newest row is 30.0 h old", "expected at most 18.0 h, why"),
    (
        "freshness",
        "",
        -72.0,
        -1 / 12,
        18.0,
        "its newest row lies 3.0 days ahead",
        "expected -5 min to 18.0 h, why",
    ),
    ("freshness", "", 0.5, None, None, "its newest row is 30 min old", "why"),
    ("duplicate_rate", "", 0.25, None, 0.05, "25% of its rows came before", "expected at most 5.0%, why"),
    ("duplicate_rate", "", 0.0, 0.3, 1.0, "0% of its rows came before", "expected 30% to 100%, why"),
    (
        "null_rate",
        "email",
        0.666,
        None,
        0.344,
        "email is empty in 67% of its rows",
        "expected at most 34%, why",
    ),
    (
        "null_rate",
        "amount",
        1.0,
        None,
        0.344,
        "amount is empty or cannot be read in 100% of its rows",
        "expected at most 34%, why",
    ),
    (
        "problem_rate",
        "amount_unreadable",
        0.5,
        None,
        0.05,
        "50% of its rows: the amount is not a plain number",
        "expected at most 5.0%, why",
    ),
    (
        "category_drift",
        "channel",
        1.234,
        None,
        0.25,
        "the mix of channel has moved: index 1.23",
        "expected at most 0.25, why",
    ),
    (
        "amount_median",
        "USD",
        11.0,
        9.0,
        12.0,
        "half of its amounts in USD are below 20.48",
        "expected 5.12 to 40.96, why",
    ),
    (
        "amount_median",
        "JPY",
        11.0,
        9.0,
        12.0,
        "half of its amounts in JPY are below 2,048",
        "expected 512 to 4,096, why",
    ),
    ("column_renamed", "channel", 1.0, None, 0.0, "column channel is gone", "why"),
    ("column_added", "x", 1.0, None, 0.0, "there is a new column x", "why"),
    (
        "problem_rate",
        "form_of_ours",
        0.5,
        None,
        0.05,
        "50% of its rows: form_of_ours",
        "expected at most 5.0%, why",
    ),
    ("made_up", "x", None, None, None, "made_up of x is unknown", "why"),
]


def judged(name: str, field: str, value: float | None, low: float | None, high: float | None) -> Judged:
    return Judged(name, field, value, low, high, "critical", "why")


@pytest.mark.parametrize(("name", "field", "value", "low", "high", "sentence", "usual"), SAID)
def test_a_measure_in_words(
    name: str,
    field: str,
    value: float | None,
    low: float | None,
    high: float | None,
    sentence: str,
    usual: str,
) -> None:
    found = judged(name, field, value, low, high)
    assert (found.sentence, found.usual) == (sentence, usual)


BROKEN: list[tuple[float | None, float | None, float | None, bool]] = [
    (1, 0, 2, False),
    (0, 0, 2, False),
    (2, 0, 2, False),
    (-1, 0, None, True),
    (3, None, 2, True),
    (3, None, None, False),
    (None, None, None, False),
    (None, 0, None, True),
    (float("nan"), None, 2, True),
    (float("nan"), 0, None, True),
]


@pytest.mark.parametrize(("value", "low", "high", "broken"), BROKEN)
def test_what_is_out_of_bounds(
    value: float | None, low: float | None, high: float | None, broken: bool
) -> None:
    assert judged("x", "", value, low, high).is_broken is broken


def test_the_past_in_one_line() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert sparkline([5, 5, 5], 5) == "▄▄▄ ▄"
    assert sparkline([0, 100], 50) == "▁█ ▅"
    assert sparkline([], 5) == "▄"
    assert sparkline([]) == ""


@given(st.lists(st.floats(-1e9, 1e9), max_size=20), st.none() | st.floats(-1e9, 1e9))
def test_a_bar_for_each(past: list[float], value: float | None) -> None:
    bars = sparkline(past, value).replace(" ", "")
    assert len(bars) == len(past) + (value is not None)
    assert set(bars) <= set("▁▂▃▄▅▆▇█")
