"""Messages: a program's text with its placeholders filled in. No logic, no attribute, no call."""

from collections.abc import Mapping

RANK_CHANGE = (
    "Congrats! You're now #{rank} on our {board} leaderboard and unlocked a {percent}% discount. "
    "Keep climbing!"
)
"""What a program without a text of its own says."""


def render(text: str, values: Mapping[str, object]) -> str:
    """Return the text with each `{name}` of `values` replaced; what is put in is never read as a placeholder."""
    pieces: list[str] = []
    rest = text
    while rest:
        before, brace, rest = rest.partition("{")
        pieces.append(before)
        if brace:
            name, _, rest = rest.partition("}")
            pieces.append(str(values[name]) if name in values else f"{{{name}}}")
    return "".join(pieces)
