"""What members are told. A marketer's text is untrusted: placeholders only, no logic, no attribute."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from models.values.part import Part

RANK_CHANGE: Final = frozenset({"rank", "board", "percent"})
LONGEST_TEXT: Final = 480
# Control characters could write mail headers or a second line; direction marks make a text read falsely.
UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
PIECE: Final = re.compile(r"\{([^{}]*)\}|[{}]")


def placeholders(text: str) -> frozenset[str]:
    """Return the names between braces. Raises ValueError for a brace without its other half."""
    names = set()
    for piece in PIECE.finditer(text):
        if piece[1] is None:
            raise ValueError(f"brace {piece[0]} at character {piece.start() + 1} has no other half")
        names.add(piece[1])
    return frozenset(names)


def _rank_change_text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if unsafe := UNSAFE.search(text):
        raise ValueError(
            f"character {unsafe.start() + 1} (U+{ord(unsafe[0]):04X}) is not allowed: a text is one line"
        )
    unknown = sorted(placeholders(text) - RANK_CHANGE)
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in sorted(RANK_CHANGE))
        raise ValueError(f"unknown placeholder {ascii('{' + unknown[0] + '}')[:60]}: {known} can be used")
    return text


RankChangeText = Annotated[
    str,
    Field(max_length=LONGEST_TEXT),
    AfterValidator(_rank_change_text),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": LONGEST_TEXT,
            "pattern": r"^([^{}]|[{](rank|board|percent)[}])+$",
            "description": "One line; {rank}, {board} and {percent} are filled in.",
        }
    ),
]


class Messages(Part):
    """The texts of a program, each for one occasion."""

    rank_change: RankChangeText | None = None
