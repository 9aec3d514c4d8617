"""Earning rules."""

from decimal import Decimal
from typing import Any

import pytest

from models.values.activity import Kind
from models.values.earning import EarningRule, Period, Rounding
from models.values.money import MOST_MINOR
from tests.unit.values.programs import refusal


def rule(**fields: Any) -> EarningRule:
    return EarningRule.model_validate({"rule": "some", "on": "purchase", **fields})


def test_a_rate_and_a_fixed_award():
    assert rule(points_per_unit=10).points_per_unit == 10
    fixed = rule(on="referral", points=100, when="verified", cap={"per": "program", "points": 1000})
    assert (fixed.on, fixed.points, fixed.when) == (Kind.REFERRAL, 100, "verified")
    assert fixed.cap is not None
    assert fixed.cap.per is Period.PROGRAM
    assert rule(points_per_unit=1, rounding="carry").rounding is Rounding.CARRY


@pytest.mark.parametrize("fields", [{}, {"points": 1, "points_per_unit": 1}, {"points": None}])
def test_exactly_one_way_to_earn(fields):
    assert "give exactly one of points and points_per_unit" in refusal(
        EarningRule, rule="some", on="purchase", **fields
    )


@pytest.mark.parametrize("rate", [0, -1, 1001, 10**30, 1.5, 10.0, "10", True, Decimal(10)])
def test_rates_out_of_bounds(rate):
    assert "points_per_unit" in refusal(EarningRule, rule="some", on="purchase", points_per_unit=rate)


@pytest.mark.parametrize("points", [0, -1, 10**9 + 1, 2.0, "5", True, float("nan")])
def test_awards_out_of_bounds(points):
    assert "points" in refusal(EarningRule, rule="some", on="share", points=points)


def test_the_highest_rate_stays_exact_for_the_largest_amount():
    assert 1000 * MOST_MINOR < 2**53


def test_refunds_need_no_rule():
    assert "a refund claws back what its purchase earned" in refusal(
        EarningRule, rule="some", on="refund", points=1
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"on": "purchases"},
        {"when": "paid"},
        {"rounding": "up"},
        {"cap": {"per": "month", "points": 9}},
        {"cap": {"per": "day"}},
        {"cap": 9},
        {"hold": "14d"},
    ],
)
def test_other_words_are_refused(fields):
    name = next(iter(fields))
    assert name in refusal(EarningRule, **({"rule": "some", "on": "share", "points": 1} | fields))
