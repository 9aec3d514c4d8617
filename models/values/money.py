"""Currencies and exact amounts. Sums are integers of minor units; a decimal only states a price in a file."""

import re
from decimal import Decimal
from functools import cache
from typing import Final

from babel.core import get_global
from babel.numbers import get_currency_precision

AMOUNT: Final = r"^(0|[1-9][0-9]{0,8})([.][0-9]{1,4})?$"
MOST_MINOR: Final = 2**43
"""Bound of one activity's amount, in minor units (8.8 million million)."""


@cache
def currencies() -> frozenset[str]:
    """Return the ISO 4217 codes that are legal tender somewhere today; no DEM, no XTS, no XAU."""
    uses = get_global("territory_currencies").values()
    return frozenset(code for use in uses for code, _start, end, tender in use if tender and end is None)


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has, as CLDR has it: USD 2, JPY 0, KWD 3."""
    return int(get_currency_precision(currency))


def read_amount(value: object) -> Decimal:
    """Return an exact positive amount from a decimal, an integer or a text like 5.00, below 10^9 units.

    Raises ValueError for a float (it has no exact cents), an exponent, a comma, a sign, or zero.
    """
    if not isinstance(value, Decimal | int | str):
        raise ValueError("must be an amount like 5.00")  # noqa: TRY004 - Pydantic collects ValueError
    text = value if isinstance(value, str) else str(value)
    if not re.fullmatch(AMOUNT[1:-1], text):
        raise ValueError("must be an amount like 5.00: above zero, below 1000000000, at most 4 decimals")
    amount = Decimal(text)
    if not amount:
        raise ValueError("must be above zero")
    return amount


def to_minor(amount: Decimal, currency: str) -> int:
    """Return the amount in minor units: 5.00 USD is 500. Raises ValueError where that is no whole number."""
    digits = minor_digits(currency)
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency}, which has {digits}")
    return int(minor)
