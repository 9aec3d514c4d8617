"""Headers: the names of a file's columns as they may be told, kept and printed."""

import re
from collections.abc import Collection, Sequence

_DELIMITERS = re.compile(r"[;,\t|]")
_FEWEST_KNOWN = 2
_LONGEST = 64
_MOST_DIGITS = 4  # those of a year: more are a number's, a date's or an id's
_SIGNS = re.compile(
    r"[\w .:/()#%&$?*'-]+"
)  # neither of an address, nor of a document, nor of a control sequence
_PLACE = re.compile(r"://|:.*:")  # of a page, or an address of IPv6
_PERSON = 2  # words with a capital: Jane Doe, Main Street


def told_names(columns: Sequence[str], declared: Collection[str]) -> tuple[str, ...]:
    """Return the names that are names; in place of what may be somebody's data stands `column 1` and so on.

    A file without a header gives its first row for one, and values may be called like columns: `email` is a channel
    too. A declared name is told, whatever its case. Any other is told if it looks like a name, and only where half of
    all are declared, or two are and all others look like names. What is cut by another delimiter than the
    mapping's is told as one name if two of its parts are declared.
    """
    known = {name.casefold() for name in declared}
    parts = [part for column in columns for part in _parts(column, known) if part]
    found = sum(part.casefold() in known for part in parts)
    others = all(part.casefold() in known or _looks_like_a_name(part) for part in parts)
    is_header = 2 * found >= len(parts) or (found >= _FEWEST_KNOWN and others)
    return tuple(
        column if _is_told(column, known, is_header=is_header) else f"column {number}"
        for number, column in enumerate(columns, start=1)
    )


def _parts(column: str, known: Collection[str]) -> list[str]:
    """Return what another delimiter may have cut; a declared name is whole."""
    whole = column.casefold() in known
    return [column] if whole else [part.strip() for part in _DELIMITERS.split(column)]


def _is_told(column: str, known: Collection[str], *, is_header: bool) -> bool:
    if column.casefold() in known:
        return bool(column)
    parts = _parts(column, known)
    others = [part for part in parts if part.casefold() not in known]
    is_cut = len(parts) > 1
    if not is_header or (is_cut and len(parts) - len(others) < _FEWEST_KNOWN):
        return False
    return all(_looks_like_a_name(part) or (is_cut and not part) for part in others)


def _looks_like_a_name(text: str) -> bool:
    letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
    capitals = sum(word[0].isupper() for word in text.split())
    return (
        len(text) <= _LONGEST
        and digits < letters
        and digits <= _MOST_DIGITS
        and capitals < _PERSON
        and bool(_SIGNS.fullmatch(text))
        and not _PLACE.search(text)
    )
