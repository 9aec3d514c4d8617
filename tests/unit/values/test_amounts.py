"""Exact amounts and the currencies they are in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.money import minor_digits, read_amount, to_minor


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (Decimal("5.00"), "5.00"),
        (5, "5"),
        ("5.00", "5.00"),
        ("0.01", "0.01"),
        ("999999999.9999", "999999999.9999"),
    ],
)
def test_amounts_are_exact(value, amount):
    assert str(read_amount(value)) == amount


@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        "0.00",
        -1,
        "-5",
        "+5",
        5.0,
        0.1,
        True,
        None,
        "",
        " 5",
        "5 ",
        "5,00",
        "1e3",
        "1_000",
        "NaN",
        "Infinity",
        "05",
        ".5",
        "5.",
        "0.00001",
        10**9,
        "\u0665",
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+3"),
        Decimal(-1),
        [5],
        {"amount": 5},
    ],
)
def test_what_is_no_amount(value):
    with pytest.raises(ValueError, match="must be"):
        read_amount(value)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("5.00", "USD", 500), ("0.01", "USD", 1), ("500", "JPY", 500), ("1.5", "KWD", 1500)],
)
def test_minor_units(amount, currency, minor):
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [("5.001", "USD"), ("0.5", "JPY"), ("0.0001", "KWD")])
def test_amounts_finer_than_the_currency(amount, currency):
    with pytest.raises(
        ValueError, match=f"has more decimals than {currency}, which has {minor_digits(currency)}"
    ):
        to_minor(Decimal(amount), currency)


@given(st.integers(1, 10**11 - 1), st.sampled_from(["USD", "JPY", "KWD"]))
def test_minor_units_come_back(minor, currency):
    digits = minor_digits(currency)
    amount = Decimal(minor).scaleb(-digits)
    if amount < 10**9:
        assert to_minor(read_amount(format(amount, "f")), currency) == minor
