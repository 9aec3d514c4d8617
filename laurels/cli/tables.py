"""Tables in a terminal: no word is broken; where columns do not fit side by side, rows stand one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

WHOLE = 20
"""A cell of up to so many signs (a time, a count with its unit) is not folded at its spaces either."""
_BORDERS = 3
"""What a column takes beside its text: a space on each side and its border."""

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """A titled table; a cell is one or more lines. It is laid out when the width is known."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[bool, ...]
    note: str | None = None

    @property
    def natural(self) -> int:
        """The width, in columns of a terminal, at which no cell is folded."""
        return max(_across(self._widths(cell_len)), cell_len(self.title), cell_len(self.note or ""))

    def drawn(self, width: int) -> Table:
        """Return columns side by side where they fit, else each row's fields one below the other."""
        least = self._widths(_unbroken)
        spare = width - _across(least)
        if spare < 0:
            return self._records(width)
        return self._grid(_shared(least, self._widths(cell_len), spare), width)

    def _grid(self, widths: Sequence[int], width: int) -> Table:
        made = self._empty(width)
        for name, numeric, across in zip(self.columns, self.numeric, widths, strict=True):
            made.add_column(
                literal(name), justify="right" if numeric else "left", overflow="fold", width=across
            )
        for row in self.rows:
            made.add_row(*(_stacked(cell) for cell in row))
        return made

    def _records(self, width: int) -> Table:
        """Return fields below each other, a line between two rows: what psql calls expanded display."""
        made = self._empty(width)
        made.box, made.show_header = SIMPLE_HEAD, False
        made.add_column(no_wrap=True, style="bold")
        made.add_column(overflow="fold")
        for row in self.rows:
            for name, cell in zip(self.columns, row, strict=True):
                if any(cell):
                    made.add_row(literal(name), _stacked(cell))
            made.add_section()
        return made

    def _empty(self, width: int) -> Table:
        title = literal(self.title)
        across = min(max(cell_len(self.title), cell_len(self.note or "")), width)
        return Table(title=title, title_justify="left", caption=self.note, min_width=across)

    def _widths(self, measure: Callable[[str], int]) -> list[int]:
        """Return of each column the widest of its lines and its name, by a measure of one line."""
        return [
            max(measure(line) for line in (name, *(line for row in self.rows for line in row[place])))
            for place, name in enumerate(self.columns)
        ]


def literal(text: str) -> Text:
    """Return what came from files as it is: no markup of Rich's, nothing that steers a terminal."""
    return Text(printable(text))


def printable(text: str) -> str:
    """Return a text on one line, with a mark in place of each sign that breaks it or steers a terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _stacked(cell: Cell) -> Text:
    return Text("\n").join(Text(line) for line in cell)


def _unbroken(line: str) -> int:
    """Return the least width at which a line is folded between words only."""
    whole = cell_len(line)
    return whole if whole <= WHOLE else max(WHOLE, *(cell_len(word) for word in line.split(" ")))


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + _BORDERS * len(widths) + 1


def _shared(least: Sequence[int], natural: Sequence[int], spare: int) -> list[int]:
    """Return the columns' widths: those that want little get it all, the others equal shares of the rest."""
    widths = list(least)
    wanting = sorted(range(len(widths)), key=lambda place: natural[place] - least[place])
    for left, place in zip(range(len(wanting), 0, -1), wanting, strict=True):
        share = min(natural[place] - least[place], spare // left)
        widths[place] += share
        spare -= share
    return widths
