"""Refunds: what their orders cover of each, and which points go back with it; by hand, and against plain loops."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.oracle import Act, Awards
from tests.relations import (
    NOON,
    Engine,
    act,
    activity_rows,
    editions,
    number,
    order_rows,
    program,
    purchase_award_rows,
    settled_rows,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Settled = tuple[int, int, int | None]


def bought(count: int, minor: int, at: timedelta = timedelta(), currency: str = "USD", **more: Any) -> Act:
    return act(count, "purchase", minor=minor, at=at, currency=currency, **{"order": 1, **more})


def back(count: int, minor: int, at: timedelta = HOUR, currency: str = "USD", **more: Any) -> Act:
    return act(count, "refund", minor=minor, at=at, currency=currency, **{"order": 1, "member": 7, **more})


def settled(engine: Engine, acts: Sequence[Act]) -> list[Settled]:
    """Return (refund, what is covered of it, member), part by part."""
    return [
        (key.int, minor, member.int if member else None)
        for key, _, _, minor, member, _ in engine.settlements(order_rows(acts))
    ]


def covered(engine: Engine, acts: Sequence[Act]) -> list[tuple[int, int | None, int]]:
    """Return (refund, purchase, what the one covers of the other), part by part."""
    return [
        (key.int, purchase.int if purchase else None, minor)
        for key, _, purchase, minor, _, _ in engine.settlements(order_rows(acts))
    ]


def matched(engine: Engine, acts: Sequence[Act]) -> list[int]:
    return [minor for _, minor, _ in settled(engine, acts)]


def taken(engine: Engine, acts: Sequence[Act], earned: Awards) -> Awards:
    parts = engine.settlements(order_rows(acts))
    found = engine.clawbacks(settled_rows(acts, parts), purchase_award_rows(acts, earned))
    assert {row[0] for row in found} <= {1}
    return {(key, rule): (version, member, points) for _, key, rule, version, member, points in found}


def lost(engine: Engine, acts: Sequence[Act], points: int) -> list[tuple[int, int]]:
    """Return (refund, points) where the first purchase earned `points`."""
    first = next(one for one in acts if one.kind == "purchase")
    found = taken(engine, acts, {(first.id, "spend"): (1, number(1), points)})
    return sorted((key.int, award[2]) for (key, _), award in found.items())


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        ([420], [420]),
        ([1259], [1259]),
        ([1260], [1259]),
        ([420, 420, 419], [420, 420, 419]),
        ([420, 840, 1], [420, 839, 0]),
        ([2000, 1, 1], [1259, 0, 0]),
        ([1, 2**43], [1, 1258]),
    ],
)
def test_an_order_covers_its_refunds_until_it_is_used_up(
    engine: Engine, refunds: list[int], expected: list[int]
) -> None:
    parts = [back(n, minor, at=n * HOUR) for n, minor in enumerate(refunds, start=2)]
    assert matched(engine, [bought(1, 1259), *parts]) == expected


def test_refunds_are_covered_as_they_occurred_ties_by_activity_id(engine: Engine) -> None:
    acts = [back(4, 600, at=2 * HOUR), back(3, 600), back(2, 600), bought(1, 1000)]
    assert settled(engine, acts) == [(2, 600, 1), (3, 400, 1), (4, 0, None)]


def test_a_refund_before_its_order_is_covered_all_the_same(engine: Engine) -> None:
    """The member is the order's, whoever the refund names, and so is the time."""
    rows = engine.settlements(order_rows([back(2, 300, at=-DAY), bought(1, 1000)]))
    assert rows == [(number(2), 0, number(1), 300, number(1), NOON)]


def test_a_refund_without_its_order_is_parked(engine: Engine) -> None:
    acts = [
        bought(1, 1000),
        back(2, 5, order=2),
        back(3, 5, currency="EUR"),
        bought(4, 7, order=2, currency="JPY"),
    ]
    rows = engine.settlements(order_rows(acts))
    assert rows == [(number(n), 0, None, 0, None, None) for n in (2, 3)]


def test_an_order_in_two_currencies_is_two(engine: Engine) -> None:
    acts = [bought(1, 1000), bought(2, 300, currency="EUR"), back(3, 500), back(4, 500, currency="EUR")]
    assert matched(engine, acts) == [500, 300]


def test_lines_of_an_order_are_given_back_the_oldest_first(engine: Engine) -> None:
    """Each part has its line's time: no window loses more than was bought in it."""
    acts = [
        bought(1, 30, at=2 * DAY),
        bought(2, 50),
        back(3, 60, at=5 * DAY),
        back(4, 15, at=6 * DAY),
        back(5, 9, at=7 * DAY),
    ]
    assert covered(engine, acts) == [(3, 2, 50), (3, 1, 10), (4, 1, 15), (5, 1, 5)]
    times = {row[5] for row in engine.settlements(order_rows(acts)) if row[2] == number(1)}
    assert times == {NOON + 2 * DAY}


def test_in_an_order_of_several_members_a_refund_is_whose_it_names(engine: Engine) -> None:
    acts = [bought(1, 1000, member=1), bought(2, 9000, member=2)]
    assert settled(engine, [*acts, back(3, 9000, member=2), back(4, 900, member=1)]) == [
        (3, 9000, 2),
        (4, 900, 1),
    ]
    assert settled(engine, [*acts, back(3, 9500, member=2)]) == [(3, 9000, 2)]  # none of it from the other


def test_in_an_order_of_several_members_a_refund_that_names_none_of_them_is_parked(engine: Engine) -> None:
    acts = [bought(1, 1000, member=1), bought(2, 9000, member=2), back(3, 500, member=None), back(4, 500)]
    assert settled(engine, acts) == [(3, 0, None), (4, 0, None)]
    assert lost(engine, acts, points=100) == []


def test_an_order_of_nothing_covers_nothing_and_keeps_its_points(engine: Engine) -> None:
    acts = [bought(1, 0), back(2, 500)]
    assert settled(engine, acts) == [(2, 0, None)]
    assert lost(engine, acts, points=50) == []


@pytest.mark.parametrize(
    ("refunds", "points", "expected"),
    [
        ([1259], 125, [-125]),
        ([420], 125, [-41]),
        ([420, 839], 125, [-41, -84]),
        ([1, 1, 1257], 1, [0, 0, -1]),
        ([629, 630], 3, [-1, -2]),
        ([9999], 125, [-125]),
        ([1259, 5], 125, [-125]),
        ([1258], 2**50, [-(2**50 * 1258 // 1259)]),
    ],
)
def test_points_go_back_in_proportion_and_all_of_them_with_the_last_part(
    engine: Engine, refunds: list[int], points: int, expected: list[int]
) -> None:
    parts = [back(n, minor, at=n * HOUR) for n, minor in enumerate(refunds, start=2)]
    found = lost(engine, [bought(1, 1259), *parts], points)
    assert found == list(enumerate(expected, start=2))


def test_each_line_and_rule_gives_back_its_own_and_the_first_version_is_named(engine: Engine) -> None:
    acts = [bought(1, 100), bought(2, 300, at=HOUR), back(3, 200, at=DAY)]
    earned = {
        (number(1), "spend"): (1, number(1), 10),
        (number(2), "spend"): (2, number(1), 60),
        (number(2), "bonus"): (2, number(1), 7),
    }
    assert taken(engine, acts, earned) == {
        (number(3), "spend"): (1, number(1), -30),
        (number(3), "bonus"): (2, number(1), -2),
    }


def test_an_order_that_earned_nothing_loses_nothing(engine: Engine) -> None:
    assert taken(engine, [bought(1, 100), back(2, 100)], {}) == {}


# Properties

RULES = editions(
    program(
        {"rule": "spend", "on": "purchase", "points_per_unit": 7},
        {"rule": "exact", "on": "purchase", "points_per_unit": 3, "rounding": "carry"},
        {"rule": "some", "on": "purchase", "points_per_unit": 9, "cap": {"per": "day", "points": 60}},
        {"rule": "bonus", "on": "purchase", "points": 5},
    ),
    program({"rule": "spend", "on": "purchase", "points_per_unit": 11}),
)
_line = st.tuples(
    st.sampled_from(["purchase", "refund"]),
    st.integers(1, 3),
    st.sampled_from(["USD", "USD", "EUR"]),
    st.sampled_from([1, 33, 99, 100, 199, 1259, 5000]),
    st.integers(-30, 30),
    st.integers(1, 2),
)


@st.composite
def orders(draw: st.DrawFn) -> list[Act]:
    lines = draw(st.lists(_line, max_size=25))
    return [
        act(n, kind, at=at * HOUR, member=member, minor=minor, order=order, currency=currency)
        for n, (kind, order, currency, minor, at, member) in enumerate(lines, start=1)
    ]


def _earned(engine: Engine, acts: list[Act]) -> Awards:
    rows = engine.awards(RULES, activity_rows(acts, RULES))
    return {(row[1], row[2]): (row[3], row[4], row[5]) for row in rows if row[5]}


@given(orders(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_refunds_are_what_plain_loops_make_of_them_in_whatever_order_rows_lie(
    engine: Engine, acts: list[Act], dice: Random
) -> None:
    shuffled = dice.sample(acts, len(acts))
    parts: dict[UUID, list[oracle.Part]] = {}
    for key, place, *part in engine.settlements(order_rows(shuffled)):
        parts.setdefault(key, []).append(oracle.Part(*part))
        assert place == len(parts[key]) - 1
    assert parts == oracle.settlements(acts)
    earned = _earned(engine, shuffled)
    both = earned | {key: award for key, award in taken(engine, shuffled, earned).items() if award[2]}
    assert both == oracle.awards(acts, RULES)


@given(orders(), st.lists(st.integers(1, 400), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_an_order_earned_is_what_is_taken_when_all_is_given_back(
    engine: Engine, acts: list[Act], parts: list[int]
) -> None:
    """First in parts of any size, and then whatever is left of it, and more; of each member their own."""
    lines = [one for one in acts if one.kind == "purchase"]
    keys = sorted(
        {(one.order.int, one.currency or "", one.member.int) for one in lines if one.order and one.member}
    )
    refunds = [
        back(1000 * place + n, minor, at=(40 + n) * HOUR, order=order, currency=currency, member=member)
        for place, (order, currency, member) in enumerate(keys, start=1)
        for n, minor in enumerate([*parts, 10**6])
    ]
    earned = _earned(engine, lines)
    found = taken(engine, [*lines, *refunds], earned)
    left: dict[tuple[str, UUID], int] = {}
    for (_, rule), (_, member, points) in [*earned.items(), *found.items()]:
        left[rule, member] = left.get((rule, member), 0) + points
    assert all(points <= 0 for _, _, points in found.values())
    assert set(left.values()) <= {0}


@given(orders())
@settings(max_examples=30, deadline=None)
def test_no_purchase_gives_back_more_than_it_cost_and_no_refund_more_than_it_says(
    engine: Engine, acts: list[Act]
) -> None:
    minor = {one.id: one.minor for one in acts}
    back: Counter[UUID] = Counter()
    for refund, _, purchase, covers, member, at in engine.settlements(order_rows(acts)):
        if purchase:
            back[refund] += covers
            back[purchase] += covers
            assert covers > 0
            assert (member, at) in {(one.member, one.at) for one in acts if one.id == purchase}
    assert all(back[key] <= minor[key] for key in back)
