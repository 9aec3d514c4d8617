"""Integer arithmetic that PostgreSQL and DuckDB do alike. `//` and `/` go through a double on one or both."""

from typing import Any, cast

import ibis.expr.types as ir

EXACT = 2**51
"""A quotient below this is exact: its double is an integer away from no other by less than a half."""


def wide(value: ir.IntegerValue) -> ir.DecimalValue:
    """Return the value as a 38-digit whole number: a product of two bigints fits."""
    return cast("ir.DecimalValue", value.cast("decimal(38, 0)"))


def quotient(dividend: ir.NumericValue, divisor: ir.NumericValue | int) -> ir.IntegerValue:
    """Return dividend / divisor cut towards zero, exactly, while the quotient stays below 2^51.

    The dividend less its remainder is a whole multiple, so that whatever division the engine uses lands within
    2^-1 of a whole number, and rounding gives that number.
    """
    whole = (dividend - dividend % divisor) / divisor
    return cast("ir.IntegerValue", whole.round().cast("int64"))


def total(values: ir.NumericColumn, over: Any = None) -> ir.IntegerValue:
    """Return the sum, or the running sum over a window, as a bigint.

    PostgreSQL sums bigints to numeric, DuckDB to hugeint; Ibis takes both for int64 and would drop a plain cast.
    """
    summed = values.sum() if over is None else values.sum().over(over)
    return cast("ir.IntegerValue", wide(summed).cast("int64"))
