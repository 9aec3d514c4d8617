"""Standings by the expression: scores, when they were reached, and who leaves a board."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurels.rules.standings import standings
from models.values.boards import Board
from tests.relations import NOON, Engine, Row, number

ENDS = NOON + timedelta(days=1)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SPEND = {"sum": "amount", "of": "purchase", "net": "refunds"}
Place = tuple[int, int, int, datetime]


def board(name: str, **metric: str) -> Board:
    return Board.model_validate({"board": name, "metric": metric, "windows": ["day"]})


def row(member: int, net: int | None = None, at: timedelta = timedelta(), **more: Any) -> Row:
    """Return a purchase of so much, or a refund of less than nothing, so long after the window's begin."""
    kind = "refund" if net is not None and net < 0 else "purchase"
    window = {"window_id": 1, "board": "spend", "starts_at": NOON, "ends_at": ENDS}
    stated = {"member_id": number(member), "kind": kind, "net_minor": net, "occurred_at": NOON + at}
    return window | stated | more


def places(engine: Engine, rows: list[Row], *boards: Board) -> list[Place]:
    """Return (window, member, score, reached at)."""
    found = engine.standings(boards or (board("spend", **SPEND),), rows)
    return sorted((window, member.int, score, reached) for window, member, score, reached in found)


def test_a_score_is_what_was_bought_less_what_was_given_back(engine: Engine) -> None:
    rows = [
        row(1, 1000, HOUR),
        row(1, 250, 3 * HOUR),
        row(1, -300, 2 * HOUR),
        row(2, 2**43, HOUR),
        row(2, 2**43),
    ]
    assert places(engine, rows) == [
        (1, 1, 950, NOON + 3 * HOUR),
        (1, 2, 2**44, NOON + HOUR),
    ]


@pytest.mark.parametrize("back", [1000, 1001, 2**43])
def test_who_gave_all_back_leaves_the_board(engine: Engine, back: int) -> None:
    assert places(engine, [row(1, 1000), row(1, -back), row(2, 1)]) == [(1, 2, 1, NOON)]


@pytest.mark.parametrize(
    ("at", "reached"),
    [
        (-HOUR, NOON),  # a refund that came before its order
        (timedelta(), NOON),
        (timedelta(microseconds=999_999), NOON),
        (HOUR + timedelta(microseconds=1), NOON + HOUR),
        (timedelta(days=1) - timedelta(microseconds=1), ENDS - SECOND),
        (timedelta(days=1), ENDS),
        (timedelta(days=30), ENDS),  # a refund that came after the window
    ],
)
def test_a_score_is_reached_in_a_whole_second_of_its_window(
    engine: Engine, at: timedelta, reached: datetime
) -> None:
    assert places(engine, [row(1, 1000), row(1, -1, at)]) == [(1, 1, 999, reached)]


@pytest.mark.parametrize("net", [0, None])
def test_what_changes_no_score_does_not_change_when_it_was_reached(engine: Engine, net: int | None) -> None:
    assert places(engine, [row(1, 1000), row(1, net, HOUR), row(2, net)]) == [(1, 1, 1000, NOON)]


def test_who_ties_has_the_same_score_and_second(engine: Engine) -> None:
    rows = [row(1, 500, HOUR), row(2, 500, HOUR + timedelta(milliseconds=1)), row(3, 500, HOUR + SECOND)]
    assert [(place[2], place[3]) for place in places(engine, rows)] == [
        (500, NOON + HOUR),
        (500, NOON + HOUR),
        (500, NOON + HOUR + SECOND),
    ]


def test_counts_of_a_kind_and_of_the_verified_ones(engine: Engine) -> None:
    plain, strict = board("plain", count="referral"), board("strict", count="referral", when="verified")
    rows = [
        row(1, at=n * HOUR, board=name, window_id=window, kind=kind, verified=verified)
        for window, name in enumerate(("plain", "strict"), start=1)
        for n, (kind, verified) in enumerate(
            [("referral", True), ("referral", None), ("referral", False), ("share", True)]
        )
    ]
    assert places(engine, rows, plain, strict) == [(1, 1, 3, NOON + 2 * HOUR), (2, 1, 1, NOON)]


def test_each_window_has_its_own_score(engine: Engine) -> None:
    later = {"window_id": 2, "starts_at": ENDS, "ends_at": ENDS + timedelta(days=1)}
    rows = [row(1, 100), row(1, 7, timedelta(hours=30), **later)]
    assert places(engine, rows) == [(1, 1, 100, NOON), (2, 1, 7, NOON + timedelta(hours=30))]


def test_rows_of_a_board_that_is_not_stated_count_nowhere(engine: Engine) -> None:
    assert places(engine, [row(1, 100, board="gone")]) == []
    assert standings(()) is None


_rows = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-500, 500), st.integers(-100_000, 200_000_000)), max_size=30
)


@given(_rows, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_standings_are_plain_sums_in_whatever_order_rows_lie(
    engine: Engine, drawn: list[tuple[int, int, int]], dice: Random
) -> None:
    rows = [row(member, net, timedelta(milliseconds=ms)) for member, net, ms in drawn]
    expected = []
    for member in range(1, 4):
        own = [(net, ms // 1000) for one, net, ms in drawn if one == member and net]
        if (score := sum(net for net, _ in own)) > 0:
            second = min(max(0, *(seconds for _, seconds in own)), 86_400)
            expected.append((1, member, score, NOON + second * SECOND))
    assert places(engine, dice.sample(rows, len(rows))) == expected
