"""Types of columns, told from a sample of their values: how a file is written, not what its mapping makes of it."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

_TEXTS = (
    ("integer", re.compile(r"-?(0|[1-9][0-9]*)")),
    ("decimal", re.compile(r"-?[0-9]+[.,][0-9]+")),
    ("time", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")),
    ("boolean", re.compile(r"true|false", re.IGNORECASE)),
)
_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),  # before int, which it is as well
    (int, "integer"),
    ((float, Decimal), "decimal"),
    (date, "time"),
    ((Mapping, list, tuple), "nested"),
)
_LONGEST = 64


def type_of(value: object) -> str | None:
    """Return integer, decimal, time, boolean, nested or text; None for nothing. Digits after a zero are a text."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST:
            return "text"
        return next((name for name, shape in _TEXTS if shape.fullmatch(text)), "text") if text else None
    if value is None:
        return None
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "text")


def type_of_all(values: Iterable[object]) -> str:
    """Return the type that all values have: `empty` if there are none, `text` where they differ."""
    found = {name for name in map(type_of, values) if name}
    if found == {"integer", "decimal"}:
        return "decimal"
    return found.pop() if len(found) == 1 else "text" if found else "empty"
