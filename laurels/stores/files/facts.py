"""What can be said of a file as a whole before its rows are read."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from laurels.rules.headers import told_names
from laurels.stores.files.content import digests, lines_of, opened, refuse_foreign
from laurels.stores.files.delimited import delimited_columns
from laurels.stores.files.json_lines import json_records
from laurels.stores.files.parquet import parquet_facts
from models.values.activity import RefusedRow
from models.values.format import Delimited, JsonLines
from models.values.mapping import Mapping
from models.values.record import FileFacts, Record

_SAMPLE = 1000  # records of JSON lines that are looked at for their columns


def inspect(path: Path, mapping: Mapping) -> FileFacts:
    """Return a file's size, digest and columns against those declared. An empty file has no columns.

    JSON has no header: its columns are the keys of the first 1,000 records, and a declared path is missing
    if it is in none of them; without a record nothing is missing, for its lines are refused by their
    own reasons. Raises DataRejectedError if nothing in the file can be read.
    """
    with opened(path) as content:
        sha256, content_sha256, start = digests(content)
        size = content.size()
    found, paths, rows = _found(path, mapping, start)
    declared = {name for column in mapping.columns for name in (column, column.partition(".")[0])}
    columns = told_names(found, declared)
    required = (column for column in mapping.columns if column not in mapping.optional)
    return FileFacts(
        size=size,
        sha256=sha256,
        content_sha256=content_sha256,
        columns=columns,
        missing_columns=tuple(column for column in required if column not in paths),
        unknown_columns=tuple(column for column in dict.fromkeys(columns) if column not in declared),
        duplicate_columns=tuple(column for column, count in Counter(columns).items() if column and count > 1),
        rows=rows,
    )


def _found(path: Path, mapping: Mapping, start: bytes) -> tuple[tuple[str, ...], set[str], int | None]:
    """Return the columns, the declared paths that are there, and the number of rows if the file says it."""
    shape = mapping.format
    if not start:
        return (), set(), None
    if not isinstance(shape, Delimited | JsonLines):
        columns, rows = parquet_facts(path)
        return columns, {c for c in mapping.columns if c in columns or c.partition(".")[0] in columns}, rows
    refuse_foreign(path.name, start)
    with opened(path) as content:
        if isinstance(shape, Delimited):
            columns = delimited_columns(lines_of(content), shape, path.name)
            return columns, set(columns), None
        return *_json_columns(json_records(lines_of(content), shape, path.name), mapping), None


def _json_columns(
    records: Iterator[Record | RefusedRow], mapping: Mapping
) -> tuple[tuple[str, ...], set[str]]:
    columns: dict[str, None] = {}
    paths: set[str] = set()
    seen, sample = 0, (record for record in islice(records, _SAMPLE) if isinstance(record, Record))
    for seen, record in enumerate(sample, start=1):  # noqa: B007 (how many there were)
        columns |= dict.fromkeys(record.fields)
        paths |= {
            column for column in mapping.columns if column not in paths and _is_there(record.fields, column)
        }
    return tuple(columns), paths if seen else set(mapping.columns)


def _is_there(fields: object, path: str) -> bool:
    """Whether a path leads to a value, or to a null on its way: a guest's order has `customer: null`."""
    if not isinstance(fields, dict) or path in fields:
        return fields is None or isinstance(fields, dict)
    key, _, rest = path.partition(".")
    return bool(rest) and key in fields and _is_there(fields[key], rest)
