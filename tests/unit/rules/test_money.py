"""Amounts in minor units: exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.money import minor_units
from models.values.money import MOST_MINOR

TAKEN = [
    ("11.77", 2, 1177),
    (" 11.77 ", 2, 1177),
    ("11.770", 2, 1177),
    ("11.7", 2, 1170),
    ("11", 2, 1100),
    ("11.", 2, 1100),
    (".5", 2, 50),
    ("0011.77", 2, 1177),
    ("+3", 2, 300),
    ("-3.05", 2, -305),
    ("-0.00", 2, 0),
    ("0", 2, 0),
    ("1000", 0, 1000),
    ("1000.00", 0, 1000),
    ("1.234", 3, 1234),
    ("87960930222.08", 2, MOST_MINOR),
    (12, 2, 1200),
    (-12, 0, -12),
    (Decimal("598.94"), 2, 59894),
    (Decimal("1E+3"), 2, 100000),
    (Decimal("0E-900"), 2, 0),
    (Decimal("1.10000"), 2, 110),
    (0.1, 2, 10),
    (1.1, 2, 110),
    (0.29, 2, 29),
    (1177.0, 0, 1177),
    (87960930222.07, 2, MOST_MINOR - 1),
    (-2.5, 2, -250),
]
REFUSED = [
    ("12,50", "amount_decimal_comma"),
    ("1.234,56", "amount_decimal_comma"),
    ("-7,5", "amount_decimal_comma"),
    ("1,234.56", "amount_unreadable"),
    ("$12.50", "amount_unreadable"),
    ("12.50 USD", "amount_unreadable"),
    ("1e3", "amount_unreadable"),
    ("=1+1", "amount_unreadable"),
    ("--1", "amount_unreadable"),
    (".", "amount_unreadable"),
    ("-", "amount_unreadable"),
    ("1_000", "amount_unreadable"),
    ("\u0661\u0662", "amount_unreadable"),  # Arabic digits, which int() would take
    ("12\n50", "amount_unreadable"),
    ("NaN", "amount_not_a_number"),
    ("-Infinity", "amount_not_a_number"),
    ("inf", "amount_not_a_number"),
    ("11.775", "amount_too_precise"),
    ("0.000000001", "amount_too_precise"),
    ("87960930222.09", "amount_out_of_range"),
    ("9" * 5000, "amount_out_of_range"),
    (True, "amount_unreadable"),
    ([1], "amount_unreadable"),
    ({"amount": 1}, "amount_unreadable"),
    (Decimal("NaN"), "amount_not_a_number"),
    (Decimal("1E+400"), "amount_out_of_range"),
    (Decimal("1E+999999"), "amount_out_of_range"),
    (Decimal("1E-999999"), "amount_too_precise"),
    (Decimal("1.005"), "amount_too_precise"),
    (10**400, "amount_out_of_range"),
    (float("nan"), "amount_not_a_number"),
    (float("inf"), "amount_not_a_number"),
    (1e300, "amount_out_of_range"),
    (87960930222.09, "amount_out_of_range"),
    (0.125, "amount_too_precise"),
    (0.1 + 0.2, "amount_too_precise"),
    (4.440892e-16, "amount_too_precise"),
]


@pytest.mark.parametrize(("value", "digits", "minor"), TAKEN)
def test_an_exact_amount_is_taken(value: object, digits: int, minor: int) -> None:
    assert minor_units(value, digits) == (minor, None)


@pytest.mark.parametrize(("value", "problem"), REFUSED)
def test_any_other_amount_has_its_problem(value: object, problem: str) -> None:
    assert minor_units(value, 2) == (None, problem)


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_no_amount_is_no_problem_here(empty: object) -> None:
    assert minor_units(empty, 2) == (None, None)


def test_noise_of_binary_sums_is_rounded_only_where_that_is_declared_and_only_noise() -> None:
    assert minor_units(0.1 + 0.2, 2, round_noise=True) == (30, None)
    assert minor_units(4.440892e-16, 2, round_noise=True) == (0, None)
    assert minor_units(0.1249, 2, round_noise=True) == (None, "amount_too_precise")
    assert minor_units("0.30000000000000004", 2, round_noise=True) == (None, "amount_too_precise")


@given(st.integers(-MOST_MINOR, MOST_MINOR), st.sampled_from([0, 2, 3]), st.integers(0, 4))
def test_every_amount_comes_back_from_its_text_number_and_float(minor: int, digits: int, zeros: int) -> None:
    amount = Decimal(minor).scaleb(-digits)
    text = format(amount, "f")
    padded = text + ("." if zeros and "." not in text else "") + "0" * zeros
    assert minor_units(padded, digits) == (minor, None)
    assert minor_units(amount, digits) == (minor, None)
    assert minor_units(float(text), digits) == (minor, None)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    minor, problem = minor_units(text, 2)
    assert (minor is None) == (problem is not None) or not text.strip()
    if minor is not None:
        assert Decimal(text.strip()) * 100 == minor
