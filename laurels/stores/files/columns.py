"""Columns of Arrow as Python's values, and the rows that have none, or none that PostgreSQL could keep."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from laurels.stores.files.content import FIELD_LIMIT
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.problem import Refusal

# What Arrow raises for bytes that are no text, times that Python does not have, zones nobody knows.
_UNREADABLE = (ValueError, ArithmeticError, LookupError)


def column_values(column: Any, flaws: dict[int, Refusal]) -> list[object]:
    """Return the values of a `decoded` column; the rows whose value is unreadable or unfit go to `flaws`, by index."""
    try:
        values: list[object] = column.to_pylist()
    except _UNREADABLE:  # one at a time, for the sake of the others: ten times slower
        values = [_value(scalar) for scalar in column]
        flaws.update({index: value for index, value in enumerate(values) if isinstance(value, Refusal)})
    flaws.update(_text_flaws(column) if _is_text(column.type) else _deep_flaws(column.type, values))
    return values


def column_type(kind: Any) -> str:
    """Return a column's type by the words of `rules.column_types`."""
    if pa.types.is_dictionary(kind):
        return column_type(kind.value_type)
    tests = {
        "integer": pa.types.is_integer,
        "decimal": lambda one: pa.types.is_floating(one) or pa.types.is_decimal(one),
        "time": lambda one: pa.types.is_timestamp(one) or pa.types.is_date(one),
        "boolean": pa.types.is_boolean,
        "nested": pa.types.is_nested,
    }
    return next((name for name, test in tests.items() if test(kind)), "text")


def _value(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return Refusal.NOT_TEXT
    except _UNREADABLE:
        return Refusal.VALUE_UNREADABLE


def decoded(column: Any) -> Any:
    """Return texts as texts, and times with their digits beyond Python's microseconds cut."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":  # a coarser one would overflow unseen
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text_flaws(column: Any) -> dict[int, Refusal]:
    """Return the rows whose text is too long or has a NUL, which PostgreSQL cannot keep."""
    found: dict[int, Refusal] = {}
    for reason, mask in (
        (Refusal.NUL_BYTE, pc.match_substring(column, "\0")),
        (Refusal.FIELD_TOO_LONG, pc.greater(pc.binary_length(column), FIELD_LIMIT)),
    ):
        found |= dict.fromkeys(pc.indices_nonzero(pc.fill_null(mask, fill_value=False)).to_pylist(), reason)
    return found


def _deep_flaws(kind: Any, values: list[object]) -> dict[int, Refusal]:
    """Return the same of texts inside lists and structs, or of a type that Arrow cannot search."""
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind):
        return {}
    found: dict[int, Refusal] = {}
    for index, value in enumerate(values):
        try:
            check_texts(value)
        except RefusedError as refused:
            found[index] = refused.reason
    return found
