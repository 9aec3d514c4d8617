"""Rewards, boards and tiers."""

from datetime import timedelta
from decimal import Decimal

import pytest

from models.values.activity import Kind
from models.values.boards import Board, CountMetric, SumMetric, Window
from models.values.rewards import AmountOff, PercentOff, Reward
from models.values.tiers import Tiers
from tests.unit.values.programs import refusal


@pytest.mark.parametrize(
    ("benefit", "read"),
    [
        ({"percent": 10}, PercentOff(percent=10)),
        ({"amount": "5.00"}, AmountOff(amount=Decimal("5.00"))),
        ("free_shipping", "free_shipping"),
    ],
)
def test_benefits(benefit, read):
    assert Reward.model_validate({"reward": "some", "points": 500, "benefit": benefit}).benefit == read
    assert Reward(reward="some", points=500, benefit=read).benefit == read


@pytest.mark.parametrize(
    "benefit",
    [
        {},
        [],
        None,
        10,
        "free",
        {"percent": 0},
        {"percent": 101},
        {"percent": 150},
        {"percent": "10"},
        {"amount": 0},
        {"amount": 5.0},
        {"percent": 10, "amount": 5},
    ],
)
def test_what_is_no_benefit(benefit):
    assert "benefit" in refusal(Reward, reward="some", points=500, benefit=benefit)


@pytest.mark.parametrize(
    ("metric", "read"),
    [
        ({"count": "referral", "when": "verified"}, CountMetric(count=Kind.REFERRAL, when="verified")),
        ({"count": "share"}, CountMetric(count=Kind.SHARE)),
        (
            {"sum": "amount", "of": "purchase", "net": "refunds"},
            SumMetric(sum="amount", of=Kind.PURCHASE, net="refunds"),
        ),
    ],
)
def test_metrics(metric, read):
    board = Board.model_validate({"board": "some", "metric": metric, "windows": ["day", "season"]})
    assert board.metric == read
    assert Board(board="some", metric=read, windows=(Window.DAY, Window.SEASON)) == board


@pytest.mark.parametrize(
    "metric",
    [
        {},
        "count",
        None,
        {"count": "clicks"},
        {"sum": "amount"},
        {"sum": "amount", "of": "purchase"},
        {"sum": "points", "of": "purchase", "net": "refunds"},
        {"sum": "amount", "of": "refund", "net": "refunds"},
        {"count": "share", "sum": "amount"},
    ],
)
def test_what_is_no_metric(metric):
    assert "metric" in refusal(Board, board="some", metric=metric, windows=["day"])


@pytest.mark.parametrize("windows", [[], ["year"], ["day", "day"], "day", None, ["all_time"]])
def test_what_are_no_windows(windows):
    assert "windows" in refusal(Board, board="some", metric={"count": "share"}, windows=windows)


def test_other_ties_are_refused():
    assert "ties" in refusal(Board, board="some", metric={"count": "share"}, windows=["day"], ties="dense")


def test_tiers():
    tiers = Tiers.model_validate(
        {"board": "referrals/season", "ranks": [{"to": 1, "percent": 30}, {"to": 5, "percent": 20}]}
    )
    assert (tiers.board_name, tiers.window, tiers.upgrade) == ("referrals", Window.SEASON, "immediately")
    assert tiers.downgrade.after == timedelta(hours=24)


@pytest.mark.parametrize(
    "ranks",
    [
        [(1, 30), (1, 20)],
        [(5, 30), (1, 20)],
        [(0, 30)],
        [(-1, 30)],
        [(1, 0)],
        [(1, 101)],
        [(1, 150)],
        [],
        [(10_001, 1)],
    ],
)
def test_what_are_no_ranks(ranks):
    entries = [{"to": to, "percent": percent} for to, percent in ranks]
    assert "ranks" in refusal(Tiers, board="referrals/season", ranks=entries)


@pytest.mark.parametrize(
    "board",
    [
        "referrals",
        "referrals/",
        "/season",
        "referrals/year",
        "referrals/season/day",
        "Referrals/season",
        "referrals/season\n",
    ],
)
def test_tiers_name_board_and_window(board):
    assert "board" in refusal(Tiers, board=board, ranks=[{"to": 1, "percent": 30}])
