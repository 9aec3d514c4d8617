"""Headers: the names of a file's columns as they may be told, kept and printed."""

import re
from collections.abc import Collection, Sequence

_DELIMITERS = re.compile(r"[;,\t|]")
_FEWEST_KNOWN = 2


def told_names(columns: Sequence[str], declared: Collection[str]) -> tuple[str, ...]:
    """Return the names where they are names, `column 1` and so on where the first line may be somebody's data.

    A file without a header gives its first row for one. Names are told if any is declared, whatever its case, or if
    two are under another delimiter than the mapping's.
    """
    known = {name.casefold() for name in declared}
    parts = {part.strip().casefold() for column in columns for part in _DELIMITERS.split(column)}
    if known & {column.casefold() for column in columns} or len(parts & known) >= _FEWEST_KNOWN:
        return tuple(columns)
    return tuple(f"column {number}" for number in range(1, len(columns) + 1))
