"""The last files of a source as a picture: how many rows each had, and which share of them was refused."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _LEFT, _TOP, _FLOOR = 720, 220, 70, 34, 180
_TALL = _FLOOR - _TOP


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
    step = (_WIDTH - _LEFT - 10) / max(len(files), 1)
    bars = "".join(_bar(file, _LEFT + number * step, step, most) for number, file in enumerate(files))
    worst = max(files, key=lambda file: file.refused / max(file.rows, 1), default=None)
    told = f"{len(files)} files"
    if worst is not None and worst.refused:
        told += f"; most refused: {refused_share(worst.rows, worst.refused)} of intake {worst.intake_id}"
    first, last = (files[0].intake_id, files[-1].intake_id) if files else ("", "")
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" fill="#343a40">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="20">{told}</text>'
        f'<text x="{_LEFT - 8}" y="{_TOP + 8}" text-anchor="end">{most:,}</text>'
        f'<text x="{_LEFT - 8}" y="{_FLOOR}" text-anchor="end">0</text>'
        f"{bars}"
        f'<line x1="{_LEFT}" y1="{_FLOOR}" x2="{_WIDTH - 10}" y2="{_FLOOR}" stroke="#adb5bd"/>'
        f'<text x="{_LEFT}" y="{_FLOOR + 16}">{first}</text>'
        f'<text x="{_WIDTH - 10}" y="{_FLOOR + 16}" text-anchor="end">{last}</text>'
        f'<rect x="{_LEFT}" y="{_FLOOR + 25}" width="10" height="10" fill="#4c7ec9"/>'
        f'<text x="{_LEFT + 16}" y="{_FLOOR + 34}">rows</text>'
        f'<rect x="{_LEFT + 60}" y="{_FLOOR + 25}" width="10" height="10" fill="#d9363e"/>'
        f'<text x="{_LEFT + 76}" y="{_FLOOR + 34}">of these refused</text></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


def _bar(file: FileFigures, x: float, step: float, most: int) -> str:
    whole = _TALL * file.rows / most
    red = min(whole, max(2.0, _TALL * file.refused / most)) if file.refused else 0.0
    size = f'x="{x + step * 0.1:.1f}" width="{step * 0.8:.1f}"'
    return (
        f'<rect {size} y="{_FLOOR - whole:.1f}" height="{whole:.1f}" fill="#4c7ec9"/>'
        f'<rect {size} y="{_FLOOR - red:.1f}" height="{red:.1f}" fill="#d9363e"/>'
    )
