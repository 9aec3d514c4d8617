"""Types of columns, told from a sample of their values: how a file is written, not what its mapping makes of it."""

import re
from collections import Counter
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
_FEWEST = 30


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


def type_of_all(values: Iterable[object]) -> str | None:
    """Return the type that nineteen of twenty values have, `text` where they differ; None if there are none.

    A stray value makes no other type of a column: it is refused by itself, if it cannot be read. None as well for
    fewer than 30 values that are only spelled like another type: three ids may be digits by chance.
    """
    there = [(name, isinstance(value, str)) for value in values if (name := type_of(value))]
    found = Counter(name for name, _ in there)
    if found["decimal"]:
        found["decimal"] += found.pop("integer", 0)
    name, count = max(found.items(), key=lambda one: one[1], default=("", 0))
    if not there or name == "text" or count * 20 < len(there) * 19:
        return "text" if there else None
    is_spelled = any(spelled for _, spelled in there)
    return None if is_spelled and len(there) < _FEWEST else name
