"""CSV and its kin, in UTF-8. Quotes may carry a row over several lines; a broken row takes nothing else with it.

Lines that a refused row had swallowed are refused one by one, so that none goes missing uncounted; they are
never read as rows of their own, for a text between quotes must not be able to forge a row.
"""

import csv
from collections.abc import Iterator

from laurels.errors import DataRejectedError
from laurels.stores.files.content import FIELD_LIMIT, ROW_LIMIT, Dropped
from models.values.activity import RefusedRow
from models.values.format import Delimited
from models.values.problem import Refusal
from models.values.record import Record

Row = tuple[int, int, list[str], int]  # first line, last line, fields, bytes


class _TooLongError(Exception):
    """The row being read has grown past the limit."""


class _Lines:
    """Hands lines to the csv module one at a time and remembers which of them the present row has taken."""

    def __init__(self, lines: Iterator[bytes | Dropped]) -> None:
        self._lines = lines
        self.first, self.last = 1, 0
        self.flaw: Refusal | None = None
        self.length = self._quotes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.last += 1
        if isinstance(line, Dropped):
            self._quotes += line.quotes
            raise _TooLongError
        self.length += len(line)
        self._quotes += line.count(b'"')
        if self.length > ROW_LIMIT:
            raise _TooLongError
        return self._decoded(line)

    def _decoded(self, line: bytes) -> str:
        if b"\0" in line:
            self.flaw = Refusal.NUL_BYTE
        try:
            return line.decode("utf-8-sig" if self.last == 1 else "utf-8")
        except UnicodeDecodeError:
            self.flaw = Refusal.NOT_TEXT
            return line.decode("latin-1")  # keeps the row's shape; the row is refused

    def begin(self) -> None:
        """Start a row at the next line."""
        self.first, self.flaw = self.last + 1, None
        self.length = self._quotes = 0

    def pass_by(self) -> None:
        """Go to the end of a row that is too long: to where its quotes are even."""
        while self._quotes % 2:
            line = next(self._lines, None)
            if line is None:
                return
            self.last += 1
            self._quotes += line.quotes if isinstance(line, Dropped) else line.count(b'"')

    def refused(self, reason: Refusal) -> Iterator[RefusedRow]:
        """Refuse every line of the present row."""
        return refused_lines(self.first, self.last, reason)


def delimited_records(
    lines: Iterator[bytes | Dropped], shape: Delimited, name: str
) -> Iterator[Record | RefusedRow]:
    """Yield a record for each row under the header, or why it is none. Blank lines are passed over.

    Raises DataRejectedError if the header itself cannot be read (`name` is the file's).
    """
    rows = _rows(lines, shape)
    columns = _header(rows, shape, name)
    width = len(columns)
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
        elif len(row[2]) != width:
            yield from refused_lines(row[0], row[1], Refusal.RAGGED)
        else:
            yield Record(row[0], dict(zip(columns, row[2], strict=True)), size=row[3])


def delimited_columns(lines: Iterator[bytes | Dropped], shape: Delimited, name: str) -> tuple[str, ...]:
    """Return the column names, none for an empty file. Raises DataRejectedError if they cannot be read."""
    rows = _rows(lines, shape)
    if shape.header:
        return _header(rows, shape, name)
    return shape.columns if next(rows, None) else ()


def refused_lines(first: int, last: int, reason: Refusal) -> Iterator[RefusedRow]:
    """Yield a refusal for each of these lines."""
    return (RefusedRow(line, reason) for line in range(first, last + 1))


def _header(rows: Iterator[Row | RefusedRow], shape: Delimited, name: str) -> tuple[str, ...]:
    if not shape.header:
        return shape.columns
    row = next(rows, None)
    if isinstance(row, RefusedRow):
        raise DataRejectedError(f"{name}:{row.line}: the header cannot be read: {row.reason}")
    return tuple(column.strip() for column in row[2]) if row else ()


def _rows(lines: Iterator[bytes | Dropped], shape: Delimited) -> Iterator[Row | RefusedRow]:
    feed = _Lines(lines)
    # Neither `map` nor the csv module ends at an error: both go on with the next line.
    cut = map(str.split, feed) if shape.delimiter == "whitespace" else _quoted(feed, shape.delimiter or ",")
    while True:
        feed.begin()
        try:
            fields = next(cut)
        except StopIteration:
            return
        except _TooLongError:
            feed.pass_by()
            yield from feed.refused(Refusal.TOO_LONG)
        except csv.Error as error:
            too_long = "field limit" in str(error)
            if too_long:
                feed.pass_by()
            yield from feed.refused(Refusal.FIELD_TOO_LONG if too_long else Refusal.QUOTING)
        else:
            if feed.flaw:
                yield from feed.refused(feed.flaw)
            elif feed.length > FIELD_LIMIT and max(map(len, fields)) > FIELD_LIMIT:
                yield from feed.refused(Refusal.FIELD_TOO_LONG)
            elif len(fields) > 1 or "".join(fields).strip():
                yield feed.first, feed.last, fields, feed.length


def _quoted(feed: _Lines, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(FIELD_LIMIT)  # of the whole process: Python has no other place for it
    return csv.reader(feed, delimiter=delimiter, strict=True)
