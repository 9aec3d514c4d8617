"""The last files of a source as a picture: how many rows each had, and which share of them was refused."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _LEFT, _TOP, _FLOOR = 720, 226, 70, 34, 180
_TALL = _FLOOR - _TOP
_WIDEST = 64.0
_CROWDED = 2
"""Files whose labels would meet."""
_BLUE, _RED = "#4c7ec9", "#d9363e"


@dataclass(frozen=True, slots=True)
class FileFigures:
    """One file: its number, its rows, and how many of them were refused, as unreadable, conflicting or by the gate."""

    intake_id: int
    rows: int
    refused: int


def refused_share(rows: int, refused: int) -> str:
    """Return a share in percent with one decimal; of no rows there is none."""
    return f"{100 * refused / rows:.1f} %" if rows else "-"


def trend_chart(files: Sequence[FileFigures]) -> str:
    """Return the chart as the address of an SVG image, oldest file first; bars of rows, their refused part in red.

    A small red part is drawn two pixels high at least: one bad row in a million is to be seen.
    """
    most = max((file.rows for file in files), default=0) or 1
    step = min(_WIDEST, (_WIDTH - _LEFT - 10) / max(len(files), 1))
    first, *_, last = [f"intake {file.intake_id}" for file in files] * 2 or ["", ""]
    size = f'width="{_WIDTH}" height="{_HEIGHT}"'
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" fill="#343a40"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>',
        f'<rect {size} rx="6" fill="#ffffff"/>',
        _text(_LEFT, 20, _told(files)),
        _text(_LEFT - 8, _TOP + 8, f"{most:,}", "end"),
        _text(_LEFT - 8, _FLOOR, "0", "end"),
        *(_bar(file, _LEFT + number * step, step, most) for number, file in enumerate(files)),
        f'<line x1="{_LEFT}" y1="{_FLOOR}" x2="{_WIDTH - 10}" y2="{_FLOOR}" stroke="#adb5bd"/>',
        _text(_LEFT, _FLOOR + 16, first),
        _text(_LEFT + step * len(files), _FLOOR + 16, last, "end") if len(files) > _CROWDED else "",
        *(_legend(_LEFT, _BLUE, "rows"), _legend(_LEFT + 60, _RED, "of these refused"), "</svg>"),
    ]
    return "data:image/svg+xml;base64," + base64.b64encode("".join(parts).encode()).decode()


def _told(files: Sequence[FileFigures]) -> str:
    if not files:
        return "no files"
    last, worst = files[-1], max(files, key=lambda file: file.refused / max(file.rows, 1))
    told = f"{len(files)} files; refused of the last one: {refused_share(last.rows, last.refused)}"
    most = f", at most: {refused_share(worst.rows, worst.refused)} (intake {worst.intake_id})"
    return told + most if worst.refused else told


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _legend(x: int, colour: str, text: str) -> str:
    square = f'<rect x="{x}" y="{_FLOOR + 25}" width="10" height="10" fill="{colour}"/>'
    return square + _text(x + 16, _FLOOR + 34, text)


def _bar(file: FileFigures, x: float, step: float, most: int) -> str:
    whole = _TALL * file.rows / most
    red = min(whole, max(2.0, _TALL * file.refused / most)) if file.refused else 0.0
    size = f'x="{x + step * 0.1:.1f}" width="{step * 0.8:.1f}"'
    return (
        f'<rect {size} y="{_FLOOR - whole:.1f}" height="{whole:.1f}" fill="{_BLUE}"/>'
        f'<rect {size} y="{_FLOOR - red:.1f}" height="{red:.1f}" fill="{_RED}"/>'
    )
