"""A process of its own that reads one sheet of a workbook from its standard input and writes its rows as JSON lines.

A workbook is loaded whole, and a small one can ask for any amount of memory (one cell in the last corner, a row
repeated a million times, a flaw in the reader). Here the system sets the bound, and what ends badly ends alone.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import python_calamine as calamine

GOOD, ENCRYPTED, DAMAGED = 0, 3, 4
ROW_LIMIT = 4 << 20
_EXACT = 10**15  # a spreadsheet keeps fifteen digits: what is longer has lost some


def main(sheet: str, megabytes: int) -> int:
    """Write the sheet's name and those of all, then its rows with their numbers; return the exit status.

    `sheet` is a name or a number from 0, as JSON. A row that is longer than a row may be has null for its cells.
    """
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    try:
        with calamine.load_workbook(sys.stdin.buffer) as book:
            name = _name(book.sheet_names, json.loads(sheet))
            _write({"sheet": name, "sheets": book.sheet_names})
            for number, row in enumerate(_rows(book, name), start=1):
                cells = [_plain(value) for value in row]
                if any(value is not None for value in cells):
                    _write([number, cells])
    except calamine.PasswordError:
        return ENCRYPTED
    except calamine.CalamineError:
        return DAMAGED
    return GOOD


def _write(value: Any) -> None:
    line = json.dumps(value)
    sys.stdout.write((line if len(line) <= ROW_LIMIT else json.dumps([value[0], None])) + "\n")


def _name(names: list[str], sheet: str | int) -> str | None:
    if isinstance(sheet, int):
        return names[sheet] if sheet < len(names) else None
    return sheet if sheet in names else None


def _rows(book: calamine.CalamineWorkbook, name: str | None) -> Iterator[list[Any]]:
    """Return the rows from the sheet's first one on, whatever is above those that hold something."""
    found = None if name is None else book.get_sheet_by_name(name)
    return iter(()) if found is None or found.start is None else found.iter_rows()


def _plain(value: Any) -> Any:
    """Return a cell for JSON: whole numbers without a point, times marked as such, nothing as null."""
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, date):  # and datetime
        return {"datetime" if isinstance(value, datetime) else "date": value.isoformat()}
    return value if isinstance(value, str | int | float | bool) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
