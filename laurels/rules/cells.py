"""Cells: texts in a sheet that a spreadsheet will open, so that none of them is a formula (OWASP, CSV injection)."""

import re
from typing import Final

_STEERING: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # and their full-width twins
_QUOTE: Final = "'"
_NEGATIVE: Final = re.compile(r"-[0-9]+([.,][0-9]+)?")


def safe_cell(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would take it for a formula.

    A negative number stays one. What begins with an apostrophe gets another, so that `plain_cell` gives it back.
    """
    steers = text[:1] in _STEERING and not _NEGATIVE.fullmatch(text)
    return _QUOTE + text if text and (steers or text[0] == _QUOTE) else text


def plain_cell(cell: str) -> str:
    """Return the text that `safe_cell` made this of; what somebody typed with an apostrophe of their own stays."""
    guarded = cell[:1] == _QUOTE and cell[1:2] and cell[1] in _STEERING + _QUOTE
    return cell[1:] if guarded else cell
