"""How far distributions lie apart, against published figures and chance itself, and what became of columns."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.drift import (
    Columns,
    column_changes,
    index_by_chance,
    median_power,
    stability_index,
)

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10_000), max_size=6)


def test_the_index_of_known_shares() -> None:
    """Sum of (a - b) ln(a / b) over shares 0.5/0.5 and 0.2/0.8: 0.3 ln 2.5 + -0.3 ln 0.625 = 0.41589."""
    found = stability_index({"a": 500_000, "b": 500_000}, {"a": 200_000, "b": 800_000})
    assert found == pytest.approx(0.41589, abs=1e-4)


@given(counts, counts)
def test_it_is_symmetric_and_not_below_zero(now: dict[str, int], before: dict[str, int]) -> None:
    one, other = stability_index(now, before), stability_index(before, now)
    if not sum(now.values()) or not sum(before.values()):
        assert one is None
        assert other is None
    else:
        assert one is not None
        assert one == pytest.approx(other)
        assert one >= 0


@given(counts.filter(lambda one: sum(one.values()) > 0), st.integers(1, 50))
def test_of_equal_shares_it_is_next_to_nothing(now: dict[str, int], times: int) -> None:
    found = stability_index(now, {name: count * times for name, count in now.items()})
    assert found is not None
    assert found < 0.2
    assert stability_index(now, now) == 0


def test_a_value_that_never_was_is_finite_and_large() -> None:
    found = stability_index({"kiosk": 400}, {"web": 4000})
    assert found is not None
    assert 10 < found < 20


@pytest.mark.parametrize(
    ("bins", "now", "before"), [(2, 50, 500), (5, 200, 2000), (10, 1000, 10_000), (12, 100, 5000)]
)
def test_chance_alone_stays_below_its_bound(bins: int, now: int, before: int) -> None:
    chance, bound = random.Random(bins), index_by_chance(bins, now, before)
    weights = [2.0 ** -(n % 4) for n in range(bins)]
    found = []
    for _ in range(400):
        samples = [Counter(map(str, chance.choices(range(bins), weights, k=size))) for size in (now, before)]
        found.append(stability_index(*samples) or 0.0)
    assert max(found) < bound * 1.5  # small bins are wider than chi-square says
    assert sum(one > bound for one in found) <= 4
    assert max(found) > bound / 5  # the bound is no wall


def test_the_bound_of_chance_is_chi_square_s() -> None:
    """The 0.9999 quantile of chi-square with 9 degrees of freedom is 33.72."""
    assert index_by_chance(10, 1000, 1000) * 500 == pytest.approx(33.72, rel=0.02)
    assert index_by_chance(1, 10, 10) == index_by_chance(5, 0, 10) == index_by_chance(5, 10, 0) == 0


def test_the_median_is_interpolated_and_of_positive_amounts() -> None:
    assert median_power({"10": 4}) == (10.5, pytest.approx((1 / 12) ** 0.5))
    found = median_power({"10": 2, "11": 2, "-4": 90, "zero": 90})
    assert found is not None
    assert found[0] == 11.0
    assert median_power({"zero": 3, "-2": 1}) is None
    assert median_power({}) is None


@given(st.dictionaries(st.integers(0, 43).map(str), st.integers(1, 1000), min_size=1))
def test_it_lies_among_its_bins(powers: dict[str, int]) -> None:
    found = median_power(powers)
    assert found is not None
    assert min(map(int, powers)) <= found[0] <= max(map(int, powers)) + 1


@given(st.dictionaries(st.integers(0, 30).map(str), st.integers(1, 1000), min_size=1))
def test_a_hundred_times_as_much_is_seven_bins(powers: dict[str, int]) -> None:
    moved = {str(int(power) + 7): count for power, count in powers.items()}
    before, after = median_power(powers), median_power(moved)
    assert before is not None
    assert after is not None
    assert after[0] - before[0] == pytest.approx(7)


def columns(*names: str, **types: str) -> Columns:
    return Columns(names, types)


OLD = columns("id", "at", "channel", "paid")
CHANGES: list[tuple[str, Columns, list[Columns], list[tuple[str, str]]]] = [
    ("none", OLD, [OLD] * 10, []),
    ("no history", columns("a"), [], []),
    ("added", columns("id", "at", "channel", "paid", "coupon"), [OLD] * 10, [("added", "coupon")]),
    ("added once before", columns("id", "at", "channel", "paid", "coupon"), [OLD, columns("coupon")], []),
    ("added twice", columns("id", "at", "channel", "paid", "x", "x"), [OLD], [("added", "x")]),
    ("there twice, once before", columns("id", "at", "channel", "paid", "paid"), [OLD], []),
    ("missing", columns("id", "at", "paid"), [OLD] * 10, [("missing", "channel")]),
    ("missing before too", columns("id", "at", "paid"), [OLD, columns("id", "at", "paid")], []),
    ("renamed", columns("id", "at", "Channels", "paid"), [OLD] * 10, [("renamed", "channel")]),
    ("not alike", columns("id", "at", "zzz", "paid"), [OLD] * 10, [("missing", "channel"), ("added", "zzz")]),
    ("reordered", columns("at", "id", "channel", "paid"), [OLD] * 10, [("reordered", "")]),
    ("added in between", columns("id", "new", "at", "channel", "paid"), [OLD] * 10, [("added", "new")]),
    ("retyped", columns("id", id="text"), [columns("id", id="int")], [("retyped", "id")]),
    ("a wider number", columns("id", id="decimal(12, 2)"), [columns("id", id="int64")], []),
    ("a type not known before", columns("id", id="text"), [columns("id")], []),
    ("what was text", columns("id", id="integer"), [columns("id", id="text")], []),
    (
        "a type that it was once",
        columns("id", id="text"),
        [columns("id", id="int"), columns("id", id="text")],
        [],
    ),
]


@pytest.mark.parametrize(
    ("now", "past", "changes"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES]
)
def test_what_became_of_columns(now: Columns, past: list[Columns], changes: list[tuple[str, str]]) -> None:
    found = column_changes(now, past, (), ordered=True)
    assert [(one.what, one.column) for one in found] == changes


def test_what_has_no_order_is_not_reordered() -> None:
    assert column_changes(columns("paid", "id", "at", "channel"), [OLD], (), ordered=False) == []


def test_of_several_each_finds_its_own_name() -> None:
    now = columns("order_no", "order_date", "who")
    found = column_changes(now, [columns("order_number", "orderdate", "who")], (), ordered=True)
    assert [(one.what, one.column, one.told) for one in found] == [
        ("renamed", "orderdate", "order_date stands there and looks like it"),
        ("renamed", "order_number", "order_no stands there and looks like it"),
    ]
