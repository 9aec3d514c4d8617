"""What can be said of a file as a whole before its rows are read, and how it turned out to be written."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from laurels.rules.column_types import type_of_all
from laurels.rules.headers import told_names
from laurels.stores.files.content import lines_of, opened
from laurels.stores.files.delimited import delimited_columns, delimited_records
from laurels.stores.files.excel import excel_facts, excel_records
from laurels.stores.files.format import FoundFormat, found_format
from laurels.stores.files.json_lines import json_records
from laurels.stores.files.parquet import parquet_facts
from models.values.activity import RefusedRow
from models.values.format import Delimited, Excel, JsonLines
from models.values.mapping import Mapping
from models.values.record import FileFacts, Record

_SAMPLE = 1000  # records that are looked at: JSON's for their columns, all for their types


class _Inside(NamedTuple):
    """Columns, the declared paths that are there, types of declared columns; rows and sheet if the file has them."""

    columns: tuple[str, ...] = ()
    paths: Collection[str] = ()
    types: dict[str, str] = {}  # noqa: RUF012 (never written to)
    rows: int | None = None
    sheet: str | None = None


def inspect(path: Path, mapping: Mapping) -> FileFacts:
    """Return a file's size, digest, format and columns against those declared. An empty file has no columns.

    JSON has no header: its columns are the keys of the first 1,000 records, and a declared path is missing
    if it is in none of them; without a record nothing is missing, for its lines are refused by their
    own reasons. Raises DataRejectedError if nothing in the file can be read, or its format cannot be told.
    """
    form = found_format(path, mapping)
    inside = _inside(path, mapping, form) if form.survey.bytes else _Inside()
    declared = {name for column in mapping.columns for name in (column, column.partition(".")[0])}
    columns = told_names(inside.columns, declared)
    required = (column for column in mapping.columns if column not in mapping.optional)
    return FileFacts(
        size=form.stamp[0],
        sha256=form.survey.sha256,
        content_sha256=form.survey.content_sha256,
        columns=columns,
        missing_columns=tuple(column for column in required if column not in inside.paths),
        unknown_columns=tuple(column for column in dict.fromkeys(columns) if column not in declared),
        duplicate_columns=tuple(column for column, count in Counter(columns).items() if column and count > 1),
        rows=inside.rows,
        format=form.format,
        found=form.told() | {name: told for name in ("sheet", "types") if (told := getattr(inside, name))},
        stamp=form.stamp,
    )


def _inside(path: Path, mapping: Mapping, form: FoundFormat) -> _Inside:
    shape = form.format
    if isinstance(shape, Excel):
        columns, sheet = excel_facts(path, shape)
        types = _types(_sample(excel_records(path, shape, form.stamp)), mapping)
        return _Inside(columns, columns, types, sheet=sheet)
    if not isinstance(shape, Delimited | JsonLines):
        columns, rows, types = parquet_facts(path, mapping.bounds.max_bytes)
        there = {column for column in mapping.columns if {column, column.partition(".")[0]} & set(columns)}
        return _Inside(columns, there, {name: types[name] for name in mapping.columns if name in types}, rows)
    with opened(path, shape.encoding, form.stamp) as content:
        if isinstance(shape, JsonLines):
            return _inside_json(json_records(lines_of(content), shape, path.name), mapping)
        columns = delimited_columns(lines_of(content), shape, path.name)
    with opened(path, shape.encoding, form.stamp) as content:
        records = _sample(delimited_records(lines_of(content), shape, path.name))
        return _Inside(columns, columns, _types(records, mapping))


def _inside_json(records: Iterator[Record | RefusedRow], mapping: Mapping) -> _Inside:
    columns: dict[str, None] = {}
    paths: set[str] = set()
    seen = list(_sample(records))
    for record in seen:
        columns |= dict.fromkeys(record.fields)
        paths |= {
            column for column in mapping.columns if column not in paths and _is_there(record.fields, column)
        }
    return _Inside(tuple(columns), paths if seen else mapping.columns, _types(seen, mapping))


def _sample(records: Iterable[Record | RefusedRow]) -> Iterator[Record]:
    return (record for record in islice(records, _SAMPLE) if isinstance(record, Record))


def _types(records: Iterable[Record], mapping: Mapping) -> dict[str, str]:
    seen = list(records)
    found = {column: type_of_all(_value(one.fields, column) for one in seen) for column in mapping.columns}
    return {column: kind for column, kind in found.items() if kind}


def _value(fields: object, path: str) -> object:
    """Return the value at a path, None where it leads to none."""
    if not isinstance(fields, dict) or path in fields:
        return fields.get(path) if isinstance(fields, dict) else None
    key, _, rest = path.partition(".")
    return _value(fields.get(key), rest) if rest else None


def _is_there(fields: object, path: str) -> bool:
    """Whether a path leads to a value, or to a null on its way: a guest's order has `customer: null`."""
    if not isinstance(fields, dict) or path in fields:
        return fields is None or isinstance(fields, dict)
    key, _, rest = path.partition(".")
    return bool(rest) and key in fields and _is_there(fields[key], rest)
