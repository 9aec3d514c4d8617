"""Spreadsheets (.xlsx, .xls, .ods): one sheet, its cells as Python values, read by a process of its own (`sheets`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from laurels.errors import DataRejectedError
from laurels.rules.texts import field_text
from laurels.stores.files import sheets
from laurels.stores.files.content import Stamp, opened, seekable
from laurels.stores.files.texts import RefusedError, check_texts
from models.values.activity import RefusedRow
from models.values.format import Excel
from models.values.problem import Refusal
from models.values.record import Record

INFLATED_LIMIT = 1 << 30
MEMORY_MEGABYTES = 1536
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENDINGS = {
    sheets.ENCRYPTED: "it is encrypted: save it without a password",
    sheets.DAMAGED: "no spreadsheet, or a damaged one",
}

Row = tuple[int, list[Any] | None]


def excel_records(path: Path, shape: Excel, stamp: Stamp | None = None) -> Iterator[Record | RefusedRow]:
    """Yield a record for each row under the header; the line is the sheet's. Empty rows are passed over.

    Whole numbers are ints, others floats, times naive. Raises DataRejectedError if the sheet cannot be read.
    """
    with _sheet(path, shape, stamp) as (_, rows):
        columns = _header(rows, path.name)
        for number, cells in rows:
            yield RefusedRow(number, Refusal.TOO_LONG) if cells is None else _record(number, columns, cells)


def excel_facts(path: Path, shape: Excel) -> tuple[tuple[str, ...], str]:
    """Return the names of the columns and of the sheet. Raises DataRejectedError as reading does."""
    with _sheet(path, shape, None) as (name, rows):
        return _header(rows, path.name), name


def _header(rows: Iterator[Row], name: str) -> tuple[str, ...]:
    number, cells = next(rows, (0, []))
    if cells is None:
        raise DataRejectedError(f"{name}:{number}: the header cannot be read: {Refusal.TOO_LONG}")
    return tuple((field_text(_value(cell)) or "").strip() for cell in cells)


def _record(number: int, columns: tuple[str, ...], cells: list[Any]) -> Record | RefusedRow:
    fields = {name: _value(cell) for name, cell in zip(columns, cells, strict=True) if name}
    try:
        check_texts(fields)
    except RefusedError as refused:
        return RefusedRow(number, refused.reason)
    return Record(number, fields, size=sum(len(value) for value in fields.values() if isinstance(value, str)))


def _value(cell: Any) -> object:
    if not isinstance(cell, dict):
        return cell
    return (
        datetime.fromisoformat(cell["datetime"]) if "datetime" in cell else date.fromisoformat(cell["date"])
    )


@contextmanager
def _sheet(path: Path, shape: Excel, stamp: Stamp | None) -> Iterator[tuple[str, Iterator[Row]]]:
    """Start the reader and give the sheet's name and rows; they may be left before their end."""
    with opened(path, stamp=stamp) as content, seekable(content, INFLATED_LIMIT) as source:
        _check_directory(source, path.name)
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        command = [
            sys.executable,
            "-I",
            "-m",
            sheets.__name__,
            json.dumps(shape.sheet),
            str(MEMORY_MEGABYTES),
        ]
        reader = subprocess.Popen(  # noqa: S603
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )
        with reader:
            try:
                lines = _lines(reader, path.name)
                yield _name(next(lines), shape, path.name), lines
            finally:
                reader.kill()


def _lines(reader: subprocess.Popen[bytes], name: str) -> Iterator[Any]:
    """Yield what the reader writes. Raises DataRejectedError unless it ends well."""
    assert reader.stdout is not None
    yield from map(json.loads, reader.stdout)
    if status := reader.wait():
        large = f"it cannot be loaded in {MEMORY_MEGABYTES:,} MB of memory: save the sheet as CSV"
        raise DataRejectedError(f"{name}: {_ENDINGS.get(status, large)}")


def _name(found: dict[str, Any], shape: Excel, file: str) -> str:
    if found["sheet"] is None:
        known = ", ".join(found["sheets"])
        raise DataRejectedError(f"{file}: no sheet {shape.sheet!r} (there are: {known})")
    return str(found["sheet"])


def _check_directory(source: IO[bytes], name: str) -> None:
    """Raise DataRejectedError for what is no spreadsheet, or says itself that it is too large."""
    start = source.read(4)
    if start not in {_ZIP, _OLE}:
        raise DataRejectedError(f"{name}: no spreadsheet (.xlsx, .xls or .ods)")
    if start == _ZIP:
        try:
            with ZipFile(source) as archive:
                size = sum(part.file_size for part in archive.infolist())
        except (BadZipFile, NotImplementedError) as error:
            raise DataRejectedError(f"{name}: {_ENDINGS[sheets.DAMAGED]}") from error
        if size > INFLATED_LIMIT:
            raise DataRejectedError(f"{name}: more than {INFLATED_LIMIT >> 20} MB when inflated")
