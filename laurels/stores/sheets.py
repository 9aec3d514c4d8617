"""Sheets: refused rows as CSV that a person edits in a spreadsheet, and reads back; each cell safe from formulas."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from laurels.errors import DataRejectedError, RuleRefusedError
from laurels.rules.cells import plain_cell, safe_cell

ID: Final = "quarantine_id"
REVISION: Final = "quarantine_revision"
PLACE: Final = "quarantine_place"
REASONS: Final = "quarantine_reasons"
OURS: Final = (ID, REVISION, PLACE, REASONS)
LARGEST: Final = 100_000
"""Rows in one sheet: a repair is one transaction."""
_LONGEST_CELL: Final = 2_000_000
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet as it came back: its line in it, the row's number and revision, its texts by column."""

    line: int
    id: int
    revision: int
    texts: dict[str, str]


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a sheet of our columns and `columns`; return its rows. It is there whole or not at all.

    UTF-8 with the mark by which spreadsheets know it, readable by its owner only. Raises RuleRefusedError where the
    file is there already, which somebody may be editing, or cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists():
            raise RuleRefusedError(f"{path} is there already: an export overwrites nothing")
        private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(private, "w", encoding="utf-8-sig", newline="") as file:
            sheet = csv.writer(file, quoting=csv.QUOTE_ALL)  # one cell each, whatever parts them elsewhere
            sheet.writerow([safe_cell(name) for name in (*OURS, *columns)])
            written = 0
            for row in rows:
                sheet.writerow([safe_cell(text) for text in row])
                written += 1
        part.rename(path)
    except OSError as error:
        raise RuleRefusedError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return written


def read_sheet(path: Path) -> tuple[list[str], list[SheetRow]]:
    """Return the columns beside ours, and all rows. Raises DataRejectedError naming file and line, all at once.

    Comma, semicolon or tab, whichever a spreadsheet saved it with.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            return _read(path, csv.reader(file, delimiter=_delimiter(first), strict=True))
    except UnicodeDecodeError:
        raise DataRejectedError(f"{path}:1: is not UTF-8: save it as CSV UTF-8") from None
    except OSError as error:
        raise DataRejectedError(f"{path}: cannot be read: {error.strerror}") from None


def refuse(path: Path, problems: Sequence[tuple[int, str]], most: int = 20) -> None:
    """Raise DataRejectedError with the first problems, each `FILE:LINE: what`, if there are any."""
    if problems:
        told = [f"{path}:{line}: {what}" for line, what in sorted(problems)[:most]]
        more = [f"and {len(problems) - most} more"] if len(problems) > most else []
        raise DataRejectedError("\n".join([*told, *more]))


def _delimiter(header: str) -> str:
    behind = header.lstrip('\ufeff"').removeprefix(ID).lstrip('"')[:1]
    return behind if behind and behind in _DELIMITERS else ","


def _read(path: Path, sheet: Any) -> tuple[list[str], list[SheetRow]]:
    before = csv.field_size_limit(_LONGEST_CELL)
    problems: list[tuple[int, str]] = []
    try:
        header = [plain_cell(name) for name in next(sheet, [])]
        _check_header(path, header)
        rows = list(_rows(sheet, header, problems))
    except csv.Error as error:
        raise DataRejectedError(f"{path}:{sheet.line_num}: {error}") from None
    finally:
        csv.field_size_limit(before)
    refuse(path, problems)
    return [name for name in header if name not in OURS], rows


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [name for name in (ID, REVISION) if name not in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    told = [f"column {name} is missing: `laurels quarantine export` writes it" for name in missing]
    told += [f"column {name or 'without a name'} is there twice" for name in twice]
    refuse(path, [(1, what) for what in told])


def _rows(sheet: Any, header: Sequence[str], problems: list[tuple[int, str]]) -> Iterator[SheetRow]:
    lines: dict[int, int] = {}
    line = 1
    for cells in sheet:
        begins, line = line + 1, sheet.line_num
        if not any(cells):
            continue  # what spreadsheets leave at the end
        if len(cells) != len(header):
            problems.append((begins, f"has {len(cells)} cells, the header {len(header)}"))
            continue
        if len(lines) >= LARGEST:
            problems.append((begins, f"is beyond the {LARGEST:,} rows of one sheet: part it"))
            return
        if any("\0" in cell for cell in cells):
            problems.append((begins, "holds a NUL byte"))
            continue
        texts = {name: plain_cell(cell) for name, cell in zip(header, cells, strict=True)}
        number, revision = texts[ID].strip(), texts[REVISION].strip()
        if not (number.isascii() and number.isdecimal() and revision.isascii() and revision.isdecimal()):
            problems.append((begins, f"{ID} and {REVISION} are numbers: leave them as they were"))
            continue
        if int(number) in lines:
            problems.append((begins, f"row {number} stands on line {lines[int(number)]} already"))
            continue
        lines[int(number)] = begins
        yield SheetRow(begins, int(number), int(revision), {n: t for n, t in texts.items() if n not in OURS})
