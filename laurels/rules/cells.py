"""Cells: texts in a sheet that a spreadsheet will open, so that none of them is a formula (OWASP, CSV injection)."""

import re
import unicodedata
from typing import Final

_STEERING: Final = "=+-@\uff1d\uff0b\uff0d\uff20"  # and their full-width twins
_QUOTE: Final = "'"
_NEGATIVE: Final = re.compile(r"-[0-9]+([.,][0-9]+)?")
_UNSEEN: Final = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"}
)  # Unicode's categories


def safe_cell(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would take it for a formula.

    White space and unseen signs before the first that is seen are passed over, as some spreadsheets do. A negative
    number stays one. What begins with an apostrophe gets another, so that `plain_cell` gives it back.
    """
    return _QUOTE + text if text[:1] == _QUOTE or _steers(text) else text


def plain_cell(cell: str) -> str:
    """Return the text that `safe_cell` made this of; what somebody typed with an apostrophe of their own stays."""
    behind = cell[1:]
    return behind if cell[:1] == _QUOTE and behind and safe_cell(behind) == cell else cell


def _steers(text: str) -> bool:
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    seen = next((sign for sign in text if unicodedata.category(sign) not in _UNSEEN), "")
    return bool(seen) and seen in _STEERING and not _NEGATIVE.fullmatch(text)
